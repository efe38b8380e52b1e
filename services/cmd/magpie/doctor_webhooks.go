package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/config"
)

const (
	// recentNotices is how many of the newest notices, of all pairs, are looked at.
	recentNotices = 2000
	// missedShare of a pair's records, and missedLeast of them, that only the
	// sweep found are a sign of webhooks that don't arrive.
	missedShare = 0.1
	missedLeast = 3
)

// arrivals is how a pair's newest notices came in.
type arrivals struct {
	keys, sweptOnly int
	lastWebhook     time.Time
	since           time.Time // of the oldest that was looked at
}

// countArrivals counts records, not notices: a store sends several for one
// order, and the sweep one.
func countArrivals(notices []bus.Stored) arrivals {
	var a arrivals
	told := map[string]bool{} // by a webhook, by subject
	for _, m := range notices {
		var n events.Notice
		if json.Unmarshal(m.Data, &n) != nil {
			continue
		}
		if a.since.IsZero() {
			a.since = m.Time
		}
		told[m.Subject] = told[m.Subject] || n.Via != events.WaySweep
		if n.Via == "webhook" {
			a.lastWebhook = m.Time
		}
	}
	a.keys = len(told)
	for _, webhook := range told {
		if !webhook {
			a.sweptOnly++
		}
	}
	return a
}

func checkWebhooks(ctx context.Context, n *notes, b *bus.Bus, pair config.Pair) {
	what := "webhooks of pair " + pair.Name
	if len(pair.Magento.Webhooks) == 0 {
		n.skip(what, fmt.Sprintf("none are configured: orders are found by the sweep, every %s", pair.Magento.Sweep.Every))
		return
	}
	var notices []bus.Stored
	for m, err := range b.Tail(ctx, bus.Notices, fmt.Sprintf("magpie.notice.%s.%s.*.*", pair.Name, events.Magento), recentNotices) {
		if err != nil {
			n.err(what, err)
			return
		}
		notices = append(notices, m)
	}
	const fix = "look at the store's log of webhooks, at magpie_webhooks_total (401: secret or header; no calls: address or firewall), and at docs/webhooks.md"
	now, a := time.Now(), countArrivals(notices)
	if a.keys == 0 {
		n.skip(what, "no order has changed yet")
		return
	}
	swept := fmt.Sprintf("%d of %d records of the last %s were found by the sweep only (%d %%)",
		a.sweptOnly, a.keys, ago(now, a.since), 100*a.sweptOnly/a.keys)
	switch {
	case a.lastWebhook.IsZero():
		n.warn(what, "none has arrived in the last "+ago(now, a.since)+"; "+swept, fix)
	case a.sweptOnly >= missedLeast && float64(a.sweptOnly) > missedShare*float64(a.keys):
		n.warn(what, fmt.Sprintf("the last arrived %s ago, but %s", ago(now, a.lastWebhook), swept), fix)
	default:
		n.ok(what, fmt.Sprintf("the last arrived %s ago; %s", ago(now, a.lastWebhook), swept))
	}
}
