package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/dlq"
)

type statusCmd struct{}

// stalledAfter is how long messages may wait while a consumer does nothing.
const stalledAfter = 2 * time.Minute

// status is how Magpie stands, in one screen.
type status struct {
	At       time.Time          `json:"at"`
	Roles    []events.Heartbeat `json:"roles"`
	Lanes    []bus.Lane         `json:"consumers"`
	Breakers []events.Breaker   `json:"breakers"`
	Dead     []deadGroup        `json:"dead"`
}

// deadGroup is the dead letters of one cause.
type deadGroup struct {
	Code   string    `json:"code"`
	Count  int       `json:"count"`
	Oldest time.Time `json:"oldest"`
}

// Run shows what runs, what waits, and what needs somebody.
func (statusCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withBus(ctx, t, func(ctx context.Context, b *bus.Bus) error {
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		s, err := statusOf(ctx, b, time.Now().UTC())
		if err != nil {
			return err
		}
		if t.json {
			return t.print(s)
		}
		return s.print(t)
	})
}

func statusOf(ctx context.Context, b *bus.Bus, now time.Time) (s status, err error) {
	s.At = now
	if s.Roles, err = b.Hearts(ctx); err != nil {
		return s, err
	}
	if s.Lanes, err = b.Survey(ctx); err != nil {
		return s, err
	}
	if s.Breakers, err = breakersOf(ctx, b); err != nil {
		return s, err
	}
	letters, err := dlq.NewLetters(b).List(ctx, dlq.Filter{})
	if err != nil {
		return s, err
	}
	s.Dead = byCode(letters)
	return s, nil
}

// breakersOf gives the last move of every breaker.
func breakersOf(ctx context.Context, b *bus.Bus) ([]events.Breaker, error) {
	moves, err := b.Newest(ctx, bus.Breakers, events.Root+"."+string(events.WordBreaker)+".>")
	if err != nil {
		return nil, err
	}
	all := make([]events.Breaker, 0, len(moves))
	for _, m := range moves {
		var move events.Breaker
		if err := json.Unmarshal(m.Data, &move); err != nil {
			return nil, fmt.Errorf("read %s: %w", m.Subject, err)
		}
		all = append(all, move)
	}
	return all, nil
}

// byCode groups letters by their cause, the most frequent first.
func byCode(letters []dlq.Letter) []deadGroup {
	groups := map[string]deadGroup{}
	for _, l := range letters {
		g := groups[l.Code]
		if g.Count == 0 || l.Last.Before(g.Oldest) {
			g.Oldest = l.Last
		}
		groups[l.Code] = deadGroup{l.Code, g.Count + 1, g.Oldest}
	}
	return slices.SortedFunc(maps.Values(groups), func(x, y deadGroup) int {
		return cmp.Or(y.Count-x.Count, cmp.Compare(x.Code, y.Code))
	})
}

func (s status) print(t *terminal) error {
	fmt.Fprintf(t.out, "ROLES\n")
	if len(s.Roles) == 0 {
		fmt.Fprintln(t.out, "no role runs: no heartbeat within the last hour")
	}
	for _, h := range s.Roles {
		fmt.Fprintf(t.out, "  %s\n", s.heart(h))
		for _, r := range h.Readings {
			fmt.Fprintf(t.out, "    %s\n", s.reading(r))
		}
	}
	fmt.Fprintln(t.out, "\nCONSUMERS")
	rows := make([][]string, 0, len(s.Lanes))
	for _, l := range s.Lanes {
		rows = append(rows, s.lane(l))
	}
	if err := t.table("  NAME\tSTREAM\tWAITING\tUNDER WAY\tOLDEST\tLAST MOVED\t", rows); err != nil {
		return err
	}
	fmt.Fprintln(t.out, "\nBREAKERS")
	quiet := true
	for _, m := range s.Breakers {
		if m.To != "closed" {
			quiet = false
			fmt.Fprintf(t.out, "  %s is %s since %s: %s\n", m.Scope, m.To, m.At.Local().Format(time.DateTime), cmp.Or(m.Reason, "no reason told"))
		}
	}
	if quiet {
		fmt.Fprintln(t.out, "  all closed")
	}
	fmt.Fprintln(t.out, "\nDEAD LETTERS")
	if len(s.Dead) == 0 {
		fmt.Fprintln(t.out, "  none")
	}
	for _, g := range s.Dead {
		fmt.Fprintf(t.out, "  %5d  %s, the oldest %s ago\n", g.Count, g.Code, ago(s.At, g.Oldest))
	}
	return nil
}

// heart says in a line how a role is.
func (s status) heart(h events.Heartbeat) string {
	state := "alive"
	if s.At.Sub(h.At) > bus.BeatLate {
		state = "SILENT"
	}
	return fmt.Sprintf("%-16s %-6s  beat %s ago, version %s on %s, up %s", h.Role, state, ago(s.At, h.At), h.Version, h.Host, ago(s.At, h.Started))
}

// reading says what a capture last read: "main: sweep of magento.order read 0
// rows 12s ago". An older process does not tell the entity.
func (s status) reading(r events.Reading) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s of %s", r.Pair, r.Way, r.System)
	if r.Entity != "" {
		b.WriteString("." + string(r.Entity))
	}
	b.WriteString(" ")
	if r.At.IsZero() {
		b.WriteString("has read nothing yet")
	} else {
		fmt.Fprintf(&b, "read %d rows %s ago", r.Rows, ago(s.At, r.At))
	}
	if !r.Newest.IsZero() {
		fmt.Fprintf(&b, ", the newest of %s", r.Newest.Local().Format(time.DateTime))
	}
	switch {
	case r.Due.IsZero():
	case r.Due.After(s.At):
		fmt.Fprintf(&b, ", next in %s", ago(r.Due, s.At))
	default:
		fmt.Fprintf(&b, ", the next one is late by %s", ago(s.At, r.Due))
	}
	if r.Problem != "" {
		fmt.Fprintf(&b, "; since then it failed: %s", r.Problem)
	}
	return b.String()
}

func (s status) lane(l bus.Lane) []string {
	oldest, moved := "-", "never"
	if !l.Oldest.IsZero() {
		oldest = ago(s.At, l.Oldest)
	}
	if !l.Moved.IsZero() {
		moved = ago(s.At, l.Moved) + " ago"
	}
	note := ""
	if l.Stalled(s.At, stalledAfter) {
		note = "STALLED"
	}
	return []string{"  " + l.Name, l.Stream, fmt.Sprint(l.Pending), fmt.Sprint(l.AckPending), oldest, moved, note}
}

// ago is the time between two moments as people say it: whole seconds below an
// hour, whole minutes above; never less than nothing.
func ago(now, then time.Time) string {
	d := max(now.Sub(then), 0)
	if d < time.Hour {
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
