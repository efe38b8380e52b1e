package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/broker"
	"github.com/magpie-integration/magpie/libs/bus"
)

func TestDeadLettersAreWorkedByCommand(t *testing.T) {
	s, err := broker.Start(broker.Config{Store: t.TempDir(), Name: "test", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	t.Setenv("MAGPIE_NATS_URL", s.ClientURL())
	b, err := bus.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if _, err := b.Apply(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	body := `{"readAt":"2026-11-25T01:02:03Z","hash":"h","record":{"increment_id":"7","method":"klarna"}}`
	for _, id := range []string{"a", "b", "c"} {
		_, err := b.Publish(t.Context(), bus.Message{
			Subject: events.DeadSubject("main", events.RoleTransform, events.Order, "7"), Type: events.DeadType, ID: id,
			Data: events.DeadLetter{
				Kind: "rejected", Code: "order.payment.unmapped", Reason: "the payment method klarna has no row", Fix: "add a row klarna",
				Message: events.Message{Subject: "magpie.change.main.magento.order.7", Sequence: 5, Body: []byte(body), Headers: map[string]string{
					"ce-specversion": "1.0", "ce-id": "c", "ce-source": "/main/magento", "ce-type": events.TypeName(events.Magento, events.Order, "changed"),
				}},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	editor := filepath.Join(t.TempDir(), "editor.sh")
	if err := os.WriteFile(editor, []byte("#!/bin/sh\nsed -i s/klarna/checkmo/ \"$1\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("EDITOR", editor)
	for _, tc := range []struct {
		args string
		code int
		says string
	}{
		{"dlq groups", 0, "3 × rejected (order.payment.unmapped)"},
		{"dlq replay", 1, "say which letters"},
		{"dlq replay 1 --all", 1, "not both"},
		{"dlq replay 1 --anew --as-captured", 2, "can't be used together"},
		{"dlq edit 1 --set record.method", 1, "PATH=VALUE"},
		{"dlq edit 1 --set record.increment_id=8", 1, "record.increment_id"},
		{"dlq edit 1 --set record.method=checkmo --by ana", 0, "edited and replayed 1"},
		{"dlq edit 2 --by ana", 0, "edited and replayed 2"},
		{"dlq replay --code order.payment.unmapped --wait 0 --by ana", 0, "1 still under way"},
		{"dlq replay --all", 1, "no dead letter is selected"},
		{"dlq ls", 0, "no dead letter waits"},
	} {
		code, out, errs := command(strings.Fields(tc.args)...)
		if code != tc.code || !strings.Contains(out+errs, tc.says) {
			t.Errorf("%s ends with %d: %s%s", tc.args, code, out, errs)
		}
	}
	last, _, err := b.Last(t.Context(), bus.Changes, "magpie.change.main.magento.order.7")
	if err != nil || !strings.Contains(string(last.Data), "klarna") {
		t.Errorf("the last change is %s, %v", last.Data, err)
	}
	if edited, _, err := b.Get(t.Context(), bus.Changes, 2); err != nil || !strings.Contains(string(edited.Data), "checkmo") || edited.Header.Get("ce-rewrite") == "" {
		t.Errorf("the edited change is %s, %v", edited.Data, err)
	}
}
