package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	down    = failure.Down("gp.unreachable", "connection refused", nil)
	locked  = failure.Transient("gp.locked", "the record is open in a window", nil)
	refused = failure.Rejected("gp.item.unknown", "ITEMNMBR", "no such item", "create it")
)

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestWhatOpensABreaker(t *testing.T) {
	type call struct {
		key string
		err error
	}
	repeat := func(n int, c func(i int) call) (out []call) {
		for i := range n {
			out = append(out, c(i))
		}
		return out
	}
	for name, tc := range map[string]struct {
		calls []call
		state string
	}{
		"the connection fails for one key":      {repeat(5, func(int) call { return call{"1", down} }), "open"},
		"several keys fail":                     {repeat(5, func(i int) call { return call{fmt.Sprint(i), locked} }), "open"},
		"one bad record, however often":         {repeat(100, func(int) call { return call{"1", locked} }), "closed"},
		"refusals show that the system works":   {repeat(100, func(i int) call { return call{fmt.Sprint(i), refused} }), "closed"},
		"a success in between":                  {append(repeat(4, func(i int) call { return call{fmt.Sprint(i), down} }), call{"x", nil}, call{"y", down}), "closed"},
		"our own cancellation says nothing":     {repeat(9, func(i int) call { return call{fmt.Sprint(i), context.Canceled} }), "closed"},
		"an error of no kind counts by its key": {repeat(5, func(i int) call { return call{fmt.Sprint(i), errors.New("?")} }), "open"},
	} {
		t.Run(name, func(t *testing.T) {
			b := breaker.New("main.gp.order", breaker.Config{Probe: time.Hour})
			for _, c := range tc.calls {
				_ = b.Do(t.Context(), c.key, fails(c.err))
			}
			if got := b.State(); got != tc.state {
				t.Errorf("state is %s, want %s", got, tc.state)
			}
		})
	}
}

func TestAnOpenBreakerPausesAndTriesOne(t *testing.T) {
	var moves []string
	b := breaker.New("main.gp.order", breaker.Config{
		Failures: 1, Probe: 30 * time.Millisecond,
		Moved: func(_ context.Context, m breaker.Move) { moves = append(moves, m.From+">"+m.To) },
	})
	if err := b.Do(t.Context(), "1", fails(down)); !errors.Is(err, down) {
		t.Fatalf("the failure itself is given to the caller, got %v", err)
	}
	called := false
	err := b.Do(t.Context(), "1", func(context.Context) error { called = true; return nil })
	if !errors.Is(err, bus.ErrPaused) || called {
		t.Fatalf("an open breaker calls nothing: got %v, called %v", err, called)
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = b.Do(t.Context(), "1", func(ctx context.Context) error {
		if err := b.Do(ctx, "2", fails(nil)); !errors.Is(err, bus.ErrPaused) {
			t.Errorf("a second call while one probes: got %v", err)
		}
		return nil
	})
	if err != nil || b.State() != "closed" {
		t.Fatalf("one success closes: got %v, %s", err, b.State())
	}
	if got := fmt.Sprint(moves); got != "[closed>open open>half-open half-open>closed]" {
		t.Errorf("moves: %s", got)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	b := breaker.New("main.gp.order", breaker.Config{Failures: 1, Probe: time.Hour})
	_ = b.Do(t.Context(), "1", fails(down))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
