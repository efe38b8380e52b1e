package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

type doctorCmd struct{}

// finding is one thing that the doctor looked at.
type finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
	Fix  string `json:"fix,omitempty"`
}

// Run checks what a pair needs to work and says how to mend it. It changes
// nothing; it fails when anything is wrong.
func (doctorCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	var all []finding
	note := func(what string, text string, err error) {
		f := finding{What: what, OK: err == nil, Text: text}
		if err != nil {
			f.Text = err.Error()
			var known *failure.Error
			if errors.As(err, &known) {
				f.Text, f.Fix = known.Reason, known.Fix
			}
		}
		all = append(all, f)
	}

	cfg, err := root.loadConfig(t)
	if err != nil {
		return err
	}
	note("configuration", fmt.Sprintf("%d pair(s)", len(cfg.Pairs)), nil)
	_, err = pairFlows(cfg)
	note("flows", strings.Join(liveFlows, ", "), err)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	examineNATS(ctx, cfg, note)
	for _, pair := range cfg.Pairs {
		examineMagento(ctx, pair, note)
		examineGP(ctx, pair, note)
	}
	return report(t, all)
}

type noter func(what, text string, err error)

// examineNATS tells whether NATS is there, has the streams, and how durable it is.
func examineNATS(ctx context.Context, cfg *config.Config, note noter) {
	b, err := dial(cfg, nil, nats.RetryOnFailedConnect(false))
	if err != nil {
		note("nats", "", failure.Rejected("nats.away", "nats.url", err.Error(), "start `magpie up` or the NATS server, or correct nats.url"))
		return
	}
	defer b.Close()
	note("nats", "connected to "+b.Conn().ConnectedUrlRedacted()+", server "+b.Conn().ConnectedServerVersion(), nil)
	note("streams", "all are there", b.Ready(ctx))
	d, err := b.Durability(ctx)
	if err != nil {
		note("durability", "", err)
		return
	}
	sync, text := bus.SyncUnknown, "; whether it syncs each write is its own setting: look that it has jetstream { sync_interval: always }"
	switch {
	case cfg.NATS.Embedded() && cfg.NATS.Sync.Always:
		sync, text = bus.SyncAlways, ", and syncs it before it answers"
	case cfg.NATS.Embedded():
		sync = bus.SyncLater
	case d.Clustered:
		text = ""
	}
	note("durability", d.String()+text, d.Weaker(sync))
}

func examineMagento(ctx context.Context, pair config.Pair, note noter) {
	what := "magento of pair " + pair.Name
	store, err := newMagento(pair)
	if err != nil {
		note(what, "", err)
		return
	}
	defer store.Close()
	checks, err := store.Ping(ctx)
	if err != nil {
		note(what, "", err)
		return
	}
	for _, c := range checks {
		note(what+": "+c.Endpoint, "allowed", c.Err)
	}
}

func examineGP(ctx context.Context, pair config.Pair, note noter) {
	what := "gp of pair " + pair.Name
	company, err := newGP(pair)
	if err != nil {
		note(what, "", err)
		return
	}
	defer company.Close()
	found, err := company.FindCompany(ctx, string(pair.GP.Company))
	note(what+": company", fmt.Sprintf("%s (%d)", found.Name, found.ID), err)
	if err != nil {
		return
	}
	policy, err := company.Policy(ctx, "CreateSalesOrder")
	note(what+": policy CreateSalesOrder", "can be read", err)
	if err == nil {
		for _, name := range []string{"Create Batch", "Allocate Quantities", "Calculate Unit Price"} {
			if b, ok := policy.Behavior(name); ok {
				note(what+": behaviour "+name, b.Selected.Name, nil)
			}
		}
	}
	_, err = company.Warehouse(ctx, pair.GP.Order.Site)
	if errors.Is(err, gp.ErrNotFound) {
		err = failure.Rejected("gp.site", "gp.order.site", "GP has no site "+pair.GP.Order.Site, "create the site, or name another in gp.order.site")
	}
	note(what+": site "+pair.GP.Order.Site, "is there", err)
}

func report(t *terminal, all []finding) error {
	wrong := 0
	for _, f := range all {
		if !f.OK {
			wrong++
		}
	}
	if t.json {
		if err := t.print(all); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			mark := "ok   "
			if !f.OK {
				mark = "WRONG"
			}
			fmt.Fprintf(t.out, "%s  %s: %s\n", mark, f.What, f.Text)
			if f.Fix != "" {
				fmt.Fprintf(t.out, "       fix: %s\n", f.Fix)
			}
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d checks failed", wrong, len(all))
	}
	return nil
}
