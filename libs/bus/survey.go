package bus

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Lane is how far one durable consumer has come, as the server says: for
// people who look, not for work.
type Lane struct {
	Name   string `json:"name"`
	Stream string `json:"stream"`
	// Pending messages wait to be fetched, AckPending were fetched and are under way.
	Pending    uint64 `json:"pending"`
	AckPending int    `json:"ackPending"`
	// Oldest is when the oldest of both was stored; zero when there is none.
	Oldest time.Time `json:"oldest,omitzero"`
	// Moved is when the consumer last fetched or acknowledged a message; zero for never.
	Moved time.Time `json:"moved,omitzero"`
}

// Stalled tells whether messages wait, and none was fetched or acknowledged for
// that long.
func (l Lane) Stalled(now time.Time, d time.Duration) bool {
	return !l.Oldest.IsZero() && now.Sub(l.Oldest) > d && now.Sub(l.Moved) > d
}

// Survey gives every durable consumer of the streams of work, by name.
func (b *Bus) Survey(ctx context.Context) ([]Lane, error) {
	var all []Lane
	for _, name := range []string{Notices, Changes, Commands, Outcomes} {
		s, err := b.js.Stream(ctx, name)
		if err != nil {
			return nil, failure.Down("nats.stream", "stream "+name+" can't be reached", err)
		}
		consumers := s.ListConsumers(ctx)
		for info := range consumers.Info() {
			if info.Config.Durable == "" { // somebody who only reads along
				continue
			}
			lane, err := survey(ctx, s, info)
			if err != nil {
				return nil, err
			}
			all = append(all, lane)
		}
		if err := consumers.Err(); err != nil {
			return nil, fmt.Errorf("list the consumers of %s: %w", name, err)
		}
	}
	slices.SortFunc(all, func(x, y Lane) int { return cmp.Compare(x.Name, y.Name) })
	return all, nil
}

func survey(ctx context.Context, s jetstream.Stream, info *jetstream.ConsumerInfo) (Lane, error) {
	l := Lane{Name: info.Name, Stream: info.Stream, Pending: info.NumPending, AckPending: info.NumAckPending}
	for _, t := range []*time.Time{info.Delivered.Last, info.AckFloor.Last} {
		if t != nil && t.After(l.Moved) {
			l.Moved = t.UTC()
		}
	}
	if l.Pending == 0 && l.AckPending == 0 {
		return l, nil
	}
	var err error
	l.Oldest, err = oldest(ctx, s, info)
	return l, err
}

// Newest gives the newest message of each subject that a filter matches, by
// subject: for streams of few subjects.
func (b *Bus) Newest(ctx context.Context, streamName, filter string) ([]Stored, error) {
	s, err := b.stream(ctx, streamName)
	if err != nil {
		return nil, err
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(filter))
	if err != nil {
		return nil, failure.Down("nats.read", "stream "+streamName+" can't be read", err)
	}
	var all []Stored
	for subject := range info.State.Subjects {
		m, ok, err := b.Last(ctx, streamName, subject)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(x, y Stored) int { return strings.Compare(x.Subject, y.Subject) })
	return all, nil
}

// ServerTime asks a server for its clock, and gives the times on this
// machine's before and after.
func (b *Bus) ServerTime(ctx context.Context) (before, server, after time.Time, err error) {
	before = time.Now()
	s, err := b.js.Stream(ctx, Changes)
	if err != nil {
		return before, server, after, failure.Down("nats.stream", "stream "+Changes+" can't be reached", err)
	}
	return before, s.CachedInfo().TimeStamp, time.Now(), nil
}
