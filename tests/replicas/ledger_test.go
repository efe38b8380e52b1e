//go:build unix

package replicas

import (
	"fmt"
	"strings"
	"sync"

	"github.com/magpie-integration/magpie/events"
)

// ledger is the target's books: what it has, what runs, and what went wrong.
type ledger struct {
	mu       sync.Mutex
	books    map[string]*book
	writes   map[string]int // calls that came, by owner
	refusals map[string]int // connections refused, by owner
	unsaid   int            // answers that were lost
	wrong    violations
}

// book is of one key.
type book struct {
	exists   bool
	content  string
	revision events.Revision
	came     map[events.Revision]bool
	done     map[events.Revision]bool
	running  []call
}

// call is one write that a replica sent.
type call struct {
	key, owner string
	revision   events.Revision
	content    string
	create     bool
}

func (c call) String() string { return fmt.Sprintf("%s of %s by %s", c.revision, c.key, c.owner) }

// violations are what the protocol rules out.
type violations struct {
	Overlaps  []string // a call began while another of its key ran
	MovedBack []string // an older revision replaced a newer one
	Twice     []string // the same revision was written again
}

func (v violations) String() string {
	return fmt.Sprintf("%d overlaps, %d moved back, %d written twice\n%s", len(v.Overlaps), len(v.MovedBack), len(v.Twice),
		strings.Join(append(append(v.Overlaps, v.MovedBack...), v.Twice...), "\n"))
}

func (v violations) none() bool { return len(v.Overlaps)+len(v.MovedBack)+len(v.Twice) == 0 }

func newLedger() *ledger {
	return &ledger{books: map[string]*book{}, writes: map[string]int{}, refusals: map[string]int{}}
}

func (l *ledger) book(key string) *book {
	b := l.books[key]
	if b == nil {
		b = &book{came: map[events.Revision]bool{}, done: map[events.Revision]bool{}}
		l.books[key] = b
	}
	return b
}

func (l *ledger) begin(c call) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.book(c.key)
	for _, other := range b.running {
		l.wrong.Overlaps = append(l.wrong.Overlaps, fmt.Sprintf("overlap: %s began beside %s", c, other))
	}
	b.running, b.came[c.revision] = append(b.running, c), true
	l.writes[c.owner]++
}

// end is when the work takes effect; it is false for a create of a key that exists.
func (l *ledger) end(c call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.book(c.key)
	for i, other := range b.running {
		if other == c {
			b.running = append(b.running[:i], b.running[i+1:]...)
			break
		}
	}
	if c.create && b.exists {
		return false
	}
	if b.done[c.revision] {
		l.wrong.Twice = append(l.wrong.Twice, fmt.Sprintf("twice: %s", c))
	}
	if c.revision.Compare(b.revision) < 0 {
		l.wrong.MovedBack = append(l.wrong.MovedBack, fmt.Sprintf("moved back: %s over %s", c, b.revision))
	}
	b.exists, b.content, b.revision = true, c.content, c.revision
	b.done[c.revision] = true
	return true
}

func (l *ledger) read(key string) (content string, exists bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.book(key)
	return b.content, b.exists
}

func (l *ledger) lost() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.unsaid++
}

// refused notes how many connections an owner says were refused.
func (l *ledger) refused(owner string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusals[owner] = max(l.refusals[owner], n)
}

func (l *ledger) writesOf(owner string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes[owner]
}

// running is how many calls of an owner the target is at work on.
func (l *ledger) running(owner string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, b := range l.books {
		for _, c := range b.running {
			if c.owner == owner {
				n++
			}
		}
	}
	return n
}

// came tells whether a call of a revision ever reached the target.
func (l *ledger) came(key string, r events.Revision) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.book(key).came[r]
}

type sums struct {
	Writes, Lost, Refused int
	Wrong                 violations
}

func (l *ledger) sums() (s sums) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.writes {
		s.Writes += n
	}
	for _, n := range l.refusals {
		s.Refused += n
	}
	s.Lost, s.Wrong = l.unsaid, l.wrong
	return s
}
