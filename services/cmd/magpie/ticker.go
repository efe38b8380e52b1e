package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/events"
)

// ticker prints what became of records, a line each; levels of stock, which come
// by the hundred, a line for all of a second.
type ticker struct {
	t      *terminal
	header sync.Once
	levels int // written since the last line of them
}

func newTicker(t *terminal) *ticker { return &ticker{t: t} }

func (k *ticker) follow(ctx context.Context, nc *nats.Conn) error {
	sub, err := nc.SubscribeSync(events.Root + "." + string(events.WordOutcome) + ".>")
	if err != nil {
		return err
	}
	defer func() { _ = sub.Unsubscribe() }()
	second := time.Now()
	for {
		if now := time.Now(); now.Sub(second) >= time.Second {
			second = now
			k.stock()
		}
		wait, cancel := context.WithTimeout(ctx, time.Second)
		msg, err := sub.NextMsgWithContext(wait)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, context.DeadlineExceeded):
			continue
		case err != nil:
			return err
		}
		var o events.Outcome
		if json.Unmarshal(msg.Data, &o) == nil {
			k.line(o)
		}
	}
}

// stock prints how many levels were written since it did last.
func (k *ticker) stock() {
	if k.levels > 0 {
		k.row(string(events.Stock), "", "store", fmt.Sprintf("%d levels", k.levels), "", "", "as GP has it free")
		k.levels = 0
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
	if o.Entity == events.Stock && o.Result == events.Applied {
		k.levels++
		return
	}
	ms := ""
	if o.Result == events.Applied && !o.Source.At.IsZero() {
		ms = fmt.Sprint(time.Since(o.Source.At).Milliseconds())
	}
	k.row(string(cmp.Or(o.Entity, o.Source.Entity)), string(o.Source.Key), systemNames[o.System], o.Target, o.Details["total"], ms, what)
}

func (k *ticker) row(entity, key, to, target, total, ms, what string) {
	const form = "%-9s %-16s %-5s %-18s %10s %8s  %s\n"
	k.header.Do(func() { fmt.Fprintf(k.t.out, form, "ENTITY", "KEY", "TO", "TARGET", "TOTAL", "MS", "") })
	fmt.Fprintf(k.t.out, form, entity, key, to, target, total, ms, what)
}
