package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/services/dlq"
)

var noon = time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC)

func TestStatusIsOneScreenOfWhatRunsWaitsAndNeedsSomebody(t *testing.T) {
	s := status{
		At: noon,
		Roles: []events.Heartbeat{
			{Role: events.RoleMagentoCapture, Version: "1.2", Host: "box", At: noon.Add(-3 * time.Second), Started: noon.Add(-90 * time.Minute), Readings: []events.Reading{
				{Pair: "main", System: events.Magento, Way: events.WaySweep, At: noon.Add(-12 * time.Second), Due: noon.Add(288 * time.Second)},
				{Pair: "eu", System: events.Magento, Entity: events.Order, Way: events.WaySweep, At: noon.Add(-10 * time.Minute), Rows: 7, Due: noon.Add(-5 * time.Minute), Problem: "the store is down"},
				{Pair: "us", System: events.Magento, Way: events.WayNotices},
			}},
			{Role: events.RoleGPWriter, Host: "box", At: noon.Add(-10 * time.Minute), Started: noon.Add(-time.Hour)},
		},
		Lanes: []bus.Lane{
			{Name: "gp-writer_main_order", Stream: "COMMANDS", Pending: 4, Oldest: noon.Add(-10 * time.Minute), Moved: noon.Add(-9 * time.Minute)},
			{Name: "transform_changes", Stream: "CHANGES"},
		},
		Breakers: []events.Breaker{
			{Scope: "main.gp.order.gp-writer", To: "open", Reason: "gp.unreachable", At: noon},
			{Scope: "main.magento.order.magento-writer", To: "closed", At: noon},
		},
		Dead: byCode([]dlq.Letter{
			{Code: "gp.item.unknown", Last: noon.Add(-time.Minute)}, {Code: "order.total.mismatch", Last: noon.Add(-time.Hour)},
			{Code: "gp.item.unknown", Last: noon.Add(-time.Hour)},
		}),
	}
	var out bytes.Buffer
	if err := s.print(&terminal{out: &out}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"magento-capture  alive   beat 3s ago, version 1.2 on box, up 1h30m",
		"main: sweep of magento read 0 rows 12s ago, next in 4m48s\n",
		"eu: sweep of magento.order read 7 rows 10m0s ago, the next one is late by 5m0s; since then it failed: the store is down",
		"us: notices of magento has read nothing yet",
		"gp-writer        SILENT  beat 10m0s ago",
		"  gp-writer_main_order  COMMANDS  4        0          10m0s   9m0s ago    STALLED",
		"  transform_changes     CHANGES   0        0          -       never",
		"main.gp.order.gp-writer is open since",
		"      2  gp.item.unknown, the oldest 1h0m ago\n      1  order.total.mismatch",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("lacks %q:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "main.magento.order.magento-writer") {
		t.Error("a closed breaker is no news")
	}
}

func TestAHeartBeatsWhileItsRoleRuns(t *testing.T) {
	b := bustest.Start(t)
	h := newHeart(events.RoleMagentoCapture, b, slog.New(slog.DiscardHandler))
	h.looked(events.Reading{Pair: "main", Way: events.WaySweep, At: noon, Rows: 3, Newest: noon, Due: noon})
	h.looked(events.Reading{Pair: "main", Way: events.WayNotices, At: noon, Rows: 1})
	h.looked(events.Reading{Pair: "main", Entity: events.Product, Way: events.WaySweep, At: noon, Rows: 8})
	h.looked(events.Reading{Pair: "main", Way: events.WaySweep, Due: noon.Add(time.Minute), Problem: "down"})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()

	var s status
	bustest.Until(t, "a heartbeat", func() bool {
		var err error
		if s, err = statusOf(t.Context(), b, time.Now().UTC()); err != nil {
			t.Fatal(err)
		}
		return len(s.Roles) == 1 && len(s.Roles[0].Readings) == 3
	})
	got := s.Roles[0]
	if got.Role != events.RoleMagentoCapture || got.Version != version || got.Host == "" || !got.Started.Equal(h.started) || got.At.IsZero() || len(got.Readings) != 3 {
		t.Fatalf("got %+v", got)
	}
	if r := got.Readings[0]; r.Problem != "down" || r.Rows != 3 || !r.At.Equal(noon) || !r.Due.Equal(noon.Add(time.Minute)) {
		t.Errorf("a look that failed keeps what the last good one read: %+v", r)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if s, err := statusOf(t.Context(), b, time.Now()); err != nil || len(s.Roles) != 0 {
		t.Errorf("a role that ended well is told of as silent: %v, %v", s.Roles, err)
	}
}
