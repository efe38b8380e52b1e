package dlq

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
)

// Report tells how far a batch has come, and what became of its replays.
type Report struct {
	Batch
	// Done letters were replayed or discarded by the batch; the rest is Left:
	// not yet done, not possible, or done by somebody else.
	Done int `json:"done"`
	Left int `json:"left"`
	// Results counts what became of the replayed ones: applied, unchanged,
	// superseded, skipped, withdrawn, refused.
	Results map[events.Result]int `json:"results"`
	// Refused counts those that were refused again, by code.
	Refused map[string]int `json:"refused"`
	// UnderWay is how many of them have not come to an end.
	UnderWay int `json:"underWay"`
}

// Ended tells whether nothing is to be waited for any more.
func (r Report) Ended() bool { return r.UnderWay == 0 && r.Left == 0 }

// Report tells what became of a batch until now.
func (l *Letters) Report(ctx context.Context, b Batch) (Report, error) {
	f := newFollower(l.stream, b)
	if err := f.read(ctx); err != nil {
		return Report{}, err
	}
	return f.report(), nil
}

// look is how often Follow looks what has happened meanwhile.
const look = 200 * time.Millisecond

// Follow reports on a batch until all its letters have come to an end, or until
// ctx ends, which is no error: the report then says what is still under way.
// The letters that Work has left are not waited for.
func (l *Letters) Follow(ctx context.Context, b Batch, left int) (Report, error) {
	f := newFollower(l.stream, b)
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		err := f.read(context.WithoutCancel(ctx))
		r := f.report()
		if err != nil || r.UnderWay == 0 && r.Left <= left {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, nil
		case <-tick.C:
		}
	}
}

// follower knows what followed from what since a batch began: an event's cause
// is the event before it (causationid).
type follower struct {
	stream Stream
	batch  Batch
	next   map[string]uint64 // by stream: the sequence to go on from
	done   map[string]string // the letters' events that the batch has done, and their audit subjects
	looked map[string]bool   // those of them for which earlier messages were read
	after  map[string][]*happening
	known  map[string]*happening   // by word and id
	reads  map[string][]*happening // changes by record
}

// happening is an event that was stored since.
type happening struct {
	id      string
	word    events.Word
	record  string // the pair, source system, entity and key
	at      time.Time
	outcome events.Outcome
	code    string // of a dead letter
}

func newFollower(s Stream, b Batch) *follower {
	return &follower{
		stream: s, batch: b, next: map[string]uint64{}, done: map[string]string{}, looked: map[string]bool{},
		after: map[string][]*happening{}, known: map[string]*happening{}, reads: map[string][]*happening{},
	}
}

// followed are the streams that say what became of a replay, and whether the
// bodies are needed for it.
var followed = []struct {
	stream, filter string
	whole          bool
}{
	{bus.Audit, "magpie.audit.>", false}, // the first: what it has was sent before
	{bus.Notices, "magpie.notice.>", false},
	{bus.Changes, "magpie.change.>", false},
	{bus.Commands, "magpie.command.>", false},
	{bus.Outcomes, "magpie.outcome.>", true},
	{bus.Dead, "magpie.dead.>", true},
}

// read goes on from where the last read ended.
func (f *follower) read(ctx context.Context) error {
	for _, from := range followed {
		start := bus.Start{Sequence: f.next[from.stream], Time: f.batch.At, HeadersOnly: !from.whole}
		for m, err := range f.stream.Since(ctx, from.stream, from.filter, start) {
			if err != nil {
				return err
			}
			f.next[from.stream] = m.Sequence + 1
			f.note(from.stream, m)
		}
	}
	return f.readEarlier(ctx)
}

// readEarlier reads what became of letters that were sent again before the batch
// began, by one that was cut short before they were gone. (What the batch itself
// sends is stored before its audit entry, so it has been read.)
func (f *follower) readEarlier(ctx context.Context) error {
	for letter, subject := range f.done {
		if f.batch.Action == actionDiscard || f.looked[letter] || f.sent(replayID(letter)) {
			continue
		}
		f.looked[letter] = true
		s, err := events.ParseSubject(subject)
		if err != nil {
			continue
		}
		for _, from := range followed[1:] {
			for m, err := range f.stream.Scan(ctx, from.stream, fmt.Sprintf("magpie.*.%s.*.*.%s", s.Pair, s.Key.Token())) {
				if err != nil {
					return err
				}
				f.note(from.stream, m)
			}
		}
	}
	return nil
}

// sent tells whether an event of this id was seen.
func (f *follower) sent(id string) bool {
	for _, word := range []events.Word{events.WordNotice, events.WordChange, events.WordCommand, events.WordOutcome} {
		if f.known[string(word)+" "+id] != nil {
			return true
		}
	}
	return false
}

func (f *follower) note(stream string, m bus.Stored) {
	id := m.Header.Get("ce-id")
	if stream == bus.Audit {
		if letter, ok := f.batch.letterOf(id); ok {
			f.done[letter] = m.Subject
		}
		return
	}
	subject, err := events.ParseSubject(m.Subject)
	if err != nil {
		return
	}
	name := string(subject.Word) + " " + id
	if f.known[name] != nil {
		return // a retry, stored again when its time had come
	}
	h := &happening{id: id, word: subject.Word, at: m.Time}
	f.known[name] = h
	subject.Word = ""
	h.record = subject.String()
	switch h.word {
	case events.WordOutcome:
		_ = json.Unmarshal(m.Data, &h.outcome) // what can't be read says nothing
	case events.WordDead:
		var dead events.DeadLetter
		_ = json.Unmarshal(m.Data, &dead)
		h.code = dead.Code
	case events.WordChange:
		f.reads[h.record] = append(f.reads[h.record], h)
	}
	cause := m.Header.Get("ce-" + events.ExtCausationID)
	f.after[cause] = append(f.after[cause], h)
}

func (f *follower) report() Report {
	r := Report{
		Batch: f.batch, Done: len(f.done), Left: max(f.batch.Letters-len(f.done), 0),
		Results: map[events.Result]int{}, Refused: map[string]int{},
	}
	if f.batch.Action == actionDiscard {
		return r
	}
	for letter := range f.done {
		e := f.end(replayID(letter))
		switch {
		case e.refused != "":
			r.Results[events.Refused]++
			r.Refused[e.refused]++
		case e.open || e.result == "":
			r.UnderWay++
		default:
			r.Results[e.result]++
		}
	}
	return r
}

// end is what became of an event.
type end struct {
	refused string // the code of a dead letter, or of its outcome
	open    bool   // something of it is under way
	result  events.Result
}

// weight orders results: a change may end in several, and the one that did most
// is told.
var weight = map[events.Result]int{
	events.Skipped: 1, events.Superseded: 2, events.Withdrawn: 3, events.Unchanged: 4, events.Applied: 5,
}

// end follows an event to its outcomes. Flows that start from these (the
// write-back) are chains of their own, with letters of their own.
func (f *follower) end(id string) (e end) {
	for _, h := range f.following(id) {
		switch h.word {
		case events.WordDead:
			e.refused = h.code
		case events.WordOutcome:
			if h.outcome.Result == events.Refused {
				e.refused = cmp.Or(e.refused, h.outcome.Code)
			}
			e.result = heavier(e.result, h.outcome.Result)
		case events.WordChange, events.WordCommand:
			inner := f.end(h.id)
			e.refused = cmp.Or(inner.refused, e.refused)
			e.open = e.open || inner.open || inner.result == "" && inner.refused == ""
			e.result = heavier(e.result, inner.result)
		}
	}
	return e
}

// following gives what an event led to. Of several notices of a record one
// stands for all in one read: what was read since is the others' too.
func (f *follower) following(id string) []*happening {
	next := f.after[id]
	notice := f.known[string(events.WordNotice)+" "+id]
	if notice == nil || len(next) > 0 {
		return next
	}
	for _, read := range f.reads[notice.record] {
		if !read.at.Before(notice.at) {
			next = append(next, read)
		}
	}
	return next
}

func heavier(a, b events.Result) events.Result {
	if weight[b] > weight[a] {
		return b
	}
	return a
}
