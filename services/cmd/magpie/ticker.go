package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
)

// ticker prints what became of records, a line each.
type ticker struct {
	t      *terminal
	header sync.Once
}

func newTicker(t *terminal) *ticker { return &ticker{t: t} }

func (k *ticker) follow(ctx context.Context, nc *nats.Conn) error {
	sub, err := nc.SubscribeSync(events.Root + "." + string(events.WordOutcome) + ".>")
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	for {
		msg, err := sub.NextMsgWithContext(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		var o events.Outcome
		if json.Unmarshal(msg.Data, &o) == nil {
			k.line(o)
		}
	}
}

// systemNames are for people.
var systemNames = map[events.System]string{events.Magento: "store", events.GP: "GP"}

// line prints an outcome that a person would want to see: a record that came to
// be in the other system, one that was taken back, one that needs somebody.
func (k *ticker) line(o events.Outcome) {
	var what string
	switch {
	case o.Result == events.Applied && o.System != o.Source.System:
		what = cmp.Or(o.Reason, "in "+systemNames[o.System])
		if allocated := o.Details["allocated"]; allocated != "" && allocated != "all" {
			what += ", allocated: " + allocated
		}
	case o.Result == events.Withdrawn:
		what = "withdrawn: " + o.Reason
	case o.Result == events.Refused:
		what = "needs a person: " + o.Reason
	case o.Result == events.Skipped && o.System == events.GP && o.Entity == events.Order:
		what = "not sent: " + o.Reason
	default:
		return
	}
	if k.t.json {
		_ = k.t.print(o)
		return
	}
	k.header.Do(func() {
		fmt.Fprintf(k.t.out, "%-9s %-16s %-5s %-18s %10s %8s\n", "ENTITY", "KEY", "TO", "TARGET", "TOTAL", "MS")
	})
	ms := ""
	if o.Result == events.Applied && !o.Source.At.IsZero() {
		ms = fmt.Sprint(time.Since(o.Source.At).Milliseconds())
	}
	fmt.Fprintf(k.t.out, "%-9s %-16s %-5s %-18s %10s %8s  %s\n",
		cmp.Or(o.Entity, o.Source.Entity), o.Source.Key, systemNames[o.System], o.Target, o.Details["total"], ms, what)
}
