package effect

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/libs/claim"
)

// Member is one of many targets that are written together.
type Member struct {
	// Key is that of its claim, which no other member has.
	Key  string
	Want claim.Wanted
}

// Bulk is a system that takes many records in one call. Members are named by
// their index in what was given to [ApplyAll], and answers are in their order.
type Bulk interface {
	// Ask is Target.Ask of some members. An error is of all of them.
	Ask(ctx context.Context, members []int) ([]Has, error)
	// Write is Target.Write of some members.
	Write(ctx context.Context, members []int) []Written
}

// Written is what became of one member of a Bulk's write.
type Written struct {
	Applied claim.Applied
	Err     error
}

// Result is what [Apply] gives, of one member.
type Result struct {
	Done Done
	Err  error
}

// claimsAtOnce are the claims that are written beside each other.
const claimsAtOnce = 64

// ApplyAll is [Apply] for many targets whose system is asked once and written
// once for all: each has its own claim, and goes through the same protocol. The
// results are in the members' order.
func ApplyAll(ctx context.Context, claims *claim.Store, members []Member, b Bulk) []Result {
	results := make([]Result, len(members))
	attempts := make([]*attempt, len(members))
	all := make([]int, len(members))
	for i := range members {
		all[i] = i
	}
	beside(all, func(i int) {
		attempts[i], results[i].Done, results[i].Err = begin(ctx, claims, members[i].Key, members[i].Want)
	})
	var writes, asks []int
	for i, a := range attempts {
		switch {
		case a == nil:
		case a.asks:
			asks = append(asks, i)
		default:
			writes = append(writes, i)
		}
	}
	writes = append(writes, askAll(ctx, attempts, asks, results, b)...)
	writeAll(ctx, attempts, writes, results, b)
	return results
}

// askAll asks for the members whose earlier call may have landed, and gives those
// that are to be written.
func askAll(ctx context.Context, attempts []*attempt, asks []int, results []Result, b Bulk) (writes []int) {
	if len(asks) == 0 {
		return nil
	}
	early := make([]bool, len(asks))
	at := map[int]int{}
	for n, i := range asks {
		early[n], at[i] = attempts[i].claim.Patience() > 0, n
	}
	has, err := b.Ask(ctx, asks)
	if err != nil {
		for _, i := range asks {
			results[i].Err = err
		}
		return nil
	}
	settled := make([]bool, len(asks))
	beside(asks, func(i int) {
		n := at[i]
		results[i].Done, settled[n], results[i].Err = attempts[i].asked(ctx, early[n], has[n])
	})
	for n, i := range asks {
		if !settled[n] {
			writes = append(writes, i)
		}
	}
	return writes
}

// writeAll writes the members that have the time for it, and writes down what
// became of each. The call ends with the first claim's time.
func writeAll(ctx context.Context, attempts []*attempt, members []int, results []Result, b Bulk) {
	written := map[int]Written{}
	var sent []int
	for _, i := range members {
		if err := attempts[i].claim.Sendable(); err != nil {
			written[i] = Written{Err: err}
			continue
		}
		sent = append(sent, i)
	}
	if len(sent) > 0 {
		first := slices.MinFunc(sent, func(i, j int) int { return attempts[i].claim.Deadline().Compare(attempts[j].claim.Deadline()) })
		calls, cancel := attempts[first].claim.Context(ctx)
		defer cancel()
		for n, w := range b.Write(calls, sent) {
			written[sent[n]] = w
		}
	}
	beside(members, func(i int) {
		results[i].Done, results[i].Err = attempts[i].end(ctx, written[i].Applied, written[i].Err)
	})
}

// beside does the same for some members beside each other.
func beside(members []int, do func(i int)) {
	var g errgroup.Group
	g.SetLimit(claimsAtOnce)
	for _, i := range members {
		g.Go(func() error { do(i); return nil })
	}
	_ = g.Wait() // each member has its own result
}
