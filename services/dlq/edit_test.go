package dlq_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/services/dlq"
)

func TestAnEditedChangeIsMappedAgainUnderARaisedRevision(t *testing.T) {
	w := newWorld(t)
	w.set("transform fee", mismatch())
	w.place(t, 1, 1, "fee")
	first := list(t, w.Bus, dlq.Filter{})[0]
	before := whole(t, w, first.ID)
	w.set("transform other", mismatch())

	// Twice, since the first edit is refused too; the second rewrite is above it.
	for i, items := range [][2]string{{"fee", "other"}, {"other", "A-1"}} {
		l := list(t, w.Bus, dlq.Filter{})[0]
		payload := strings.Replace(string(whole(t, w, l.ID).Body), items[0], items[1], 1)
		if _, err := w.letters.Edit(t.Context(), l.ID, "ana", []byte(payload)); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			until(t, "the second letter", func() bool {
				all := list(t, w.Bus, dlq.Filter{})
				return len(all) == 1 && all[0].ID != first.ID
			})
		}
	}
	until(t, "the order is written", func() bool { return w.has("WEB000000001") == 1 })

	var cmd events.Command
	commands := scan(t, w.Bus, bus.Commands)
	if err := json.Unmarshal(commands[len(commands)-1].Data, &cmd); err != nil {
		t.Fatal(err)
	}
	if len(commands) != 1 || cmd.Revision.Change != before.Sequence || cmd.Revision.Epoch != before.Epoch || cmd.Revision.Rewrite != 2 {
		t.Errorf("%d commands, revision %s; the change was %d", len(commands), cmd.Revision, before.Sequence)
	}
	trail := audits(t, w.Bus)
	if len(trail) != 2 || trail[0].Action != "edited" || trail[0].By != "ana" ||
		!strings.Contains(string(trail[0].Letter.Message.Body), `"fee"`) || !strings.Contains(string(trail[0].After.Body), `"other"`) {
		t.Errorf("the audit trail: %+v", trail)
	}
}

// statusCommand is a command whose document its schema accepts.
func statusCommand(id string, rewrite uint64) bus.Message {
	document, _ := json.Marshal(events.OrderStatus{EntityID: 1, IncrementID: "123", From: "new", State: "processing", Status: "processing", Comment: "in GP", Mark: "m"})
	return bus.Message{
		Subject: events.CommandSubject("main", events.Magento, events.Order, "123"),
		Type:    events.TypeName(events.Magento, events.Order, "write"), ID: id,
		Data: events.Command{
			Verb: events.Apply, Target: "123", Revision: events.Revision{Epoch: 1, Change: 5, Rewrite: rewrite}, Document: document,
			Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: "123"},
		},
	}
}

func TestAnEditedCommandIsOneEventAboveAllOfItsRevision(t *testing.T) {
	b := bustest.Start(t)
	publish(t, b, statusCommand("w1", 0))
	refuse(t, b, bus.WriterSpec(events.RoleMagentoWriter, "main", events.Magento, events.Order, 1), 1, mismatch())
	publish(t, b, statusCommand("w2", 3)) // a claim was lost meanwhile
	l, err := dlq.NewLetters(b).Show(t.Context(), "1")
	if err != nil {
		t.Fatal(err)
	}
	payload := func(comment string) []byte {
		return []byte(strings.Replace(string(l.Whole.Message.Body), "in GP", comment, 1))
	}
	// Cut short after it was sent; the same edit goes on, another one does not.
	if _, err := dlq.NewLetters(failing{Bus: b, publish: errAway}).Edit(t.Context(), "1", "ana", payload("in GP as 7")); err == nil {
		t.Fatal("the edit was not cut short")
	}
	for name, cut := range map[string]func() error{
		"another edit": func() error {
			_, err := dlq.NewLetters(b).Edit(t.Context(), "1", "bob", payload("in GP as 8"))
			return err
		},
		"a plain replay": func() error { _, err := dlq.NewLetters(b).Replay(t.Context(), "1", "bob", ""); return err },
	} {
		if err := cut(); err == nil || failure.Of(err).Code != "dlq.faster" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := dlq.NewLetters(b).Edit(t.Context(), "1", "ana", payload("in GP as 7")); err != nil {
		t.Fatal(err)
	}
	commands := scan(t, b, bus.Commands)
	var cmd events.Command
	if err := json.Unmarshal(commands[len(commands)-1].Data, &cmd); err != nil {
		t.Fatal(err)
	}
	if len(commands) != 3 || cmd.Revision != (events.Revision{Epoch: 1, Change: 5, Rewrite: 4}) || !strings.Contains(string(cmd.Document), "in GP as 7") {
		t.Errorf("%d commands, the last %+v", len(commands), cmd)
	}
	if len(list(t, b, dlq.Filter{})) != 0 || len(audits(t, b)) != 1 {
		t.Error("the letter is still there, or the audit trail has it twice")
	}
}

func TestWhatHasNoRecordCantBeEdited(t *testing.T) {
	b := bustest.Start(t)
	notice := bus.Message{
		Subject: events.NoticeSubject("main", events.Magento, events.Order, "123"),
		Type:    events.TypeName(events.Magento, events.Order, "noticed"), ID: "n", Data: events.Notice{Via: "sweep"},
	}
	publish(t, b, notice)
	refuse(t, b, bus.CaptureSpec(events.RoleMagentoCapture, "main", events.Magento, 1), 1, mismatch())
	letters := dlq.NewLetters(b)
	if _, err := letters.Edit(t.Context(), "1", "ana", []byte(`{"via":"cli","at":"2026-11-25T01:02:03Z"}`)); err == nil || failure.Of(err).Code != "dlq.edit.word" {
		t.Errorf("got %v", err)
	}
	if len(list(t, b, dlq.Filter{})) != 1 || len(scan(t, b, bus.Notices)) != 1 || len(audits(t, b)) != 0 {
		t.Error("a refused edit changed something")
	}
}
