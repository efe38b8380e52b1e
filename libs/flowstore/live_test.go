package flowstore_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

// follow runs a Live of one pair until the test ends.
func follow(t *testing.T, s *flowstore.Store, b flowstore.Base) *flowstore.Live {
	t.Helper()
	live := flowstore.NewLive(s, []flowstore.Base{b})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- live.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return live
}

func version(t *testing.T, live *flowstore.Live, b flowstore.Base) int {
	t.Helper()
	set, err := live.Of(b.Pair)
	if err != nil {
		t.Fatal(err)
	}
	return set.Flow("order-to-gp").Document().Version
}

func TestAVersionIsLiveWithoutARestart(t *testing.T) {
	s, b := open(t)
	unread := flowstore.NewLive(s, []flowstore.Base{b})
	if _, err := unread.Of(b.Pair); err == nil || unread.Ready(t.Context()) == nil {
		t.Error("a set is given, or all is ready, before anything was read")
	}
	live := follow(t, s, b)
	if err := live.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := live.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if set, err := live.Of("elsewhere"); set != nil || err != nil {
		t.Errorf("a pair that is not configured: %v, %v", set, err)
	}
	if v := version(t, live, b); v != b.Flows[0].Version {
		t.Errorf("version %d", v)
	}
	p := publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0)
	bustest.Until(t, "the published version is live", func() bool { return version(t, live, b) == p.Version })
	if _, err := s.EditRows(t.Context(), b, "items", func(rows map[string]any) error { rows["A"] = "B"; return nil }, anna); err != nil {
		t.Fatal(err)
	}
	bustest.Until(t, "the row is live", func() bool {
		set, err := live.Of(b.Pair)
		return err == nil && set.Flow("order-to-gp").Tables()["items"] == 1
	})
	if _, err := s.Rollback(t.Context(), b, flowstore.Flow, "order-to-gp", 0, anna); err != nil {
		t.Fatal(err)
	}
	bustest.Until(t, "what ships is live again", func() bool { return version(t, live, b) == b.Flows[0].Version })
}

// An older binary meets a version that it can't compile, or somebody wrote into
// the bucket by hand.
func TestAVersionThatCanNotBeUsedLeavesTheLastGoodOne(t *testing.T) {
	s, b := open(t)
	p := publish(t, s, b, text(t, "order-to-gp", upCity, shout), 0)
	live := follow(t, s, b)
	if err := live.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	kv, err := testBus.KV(t.Context(), bus.Flows)
	if err != nil {
		t.Fatal(err)
	}
	pointTo := func(version int, document string) {
		t.Helper()
		if document != "" {
			if _, err := kv.Create(t.Context(), b.Pair+".flow.order-to-gp.99", []byte(document)); err != nil {
				t.Fatal(err)
			}
		}
		pointer, err := json.Marshal(flowstore.Pointer{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.Put(t.Context(), b.Pair+".flow.order-to-gp.live", pointer); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		version        int
		document, says string
	}{
		{98, "", "no such version"},
		{99, "flow: order-to-gp\nversion: 99\nfrom: the future\n", "unknown key"},
	} {
		pointTo(c.version, c.document)
		bustest.Until(t, "the role is not ready", func() bool {
			err := live.Ready(t.Context())
			return err != nil && strings.Contains(err.Error(), c.says)
		})
		if v := version(t, live, b); v != p.Version {
			t.Errorf("version %d is live", v)
		}
	}
	// A process that starts now has no good version: it says so, and runs nothing.
	fresh := follow(t, s, b)
	if err := fresh.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Of(b.Pair); err == nil || fresh.Ready(t.Context()) == nil {
		t.Error("flows that can't be used are run")
	}
	pointTo(p.Version, "")
	bustest.Until(t, "it is ready again", func() bool { return live.Ready(t.Context()) == nil && fresh.Ready(t.Context()) == nil })
	if v := version(t, fresh, b); v != p.Version {
		t.Errorf("version %d is live", v)
	}
}

func BenchmarkOf(b *testing.B) {
	s, base := open(b)
	live := flowstore.NewLive(s, []flowstore.Base{base})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- live.Run(ctx) }()
	defer func() { cancel(); <-done }()
	if err := live.Wait(ctx); err != nil {
		b.Fatal(err)
	}
	var set *flow.Set
	for b.Loop() {
		set, _ = live.Of(base.Pair)
	}
	if set == nil {
		b.Fatal("no set")
	}
}
