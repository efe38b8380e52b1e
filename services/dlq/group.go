package dlq

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

// Standing says, in one word, what a group of letters waits for a person with.
type Standing string

// The standings of a group.
const (
	Rejected Standing = "rejected" // the data was refused: mend it, or what refuses it
	Held     Standing = "held"     // a check of a flow holds it for a person
	Conflict Standing = "conflict" // the target is otherwise than it should be
	Stuck    Standing = "stuck"    // tried for long, while other records went through
	Needs    Standing = "needs"    // it waited too long for another record
	Defect   Standing = "defect"   // a bug, or a message that can't be read
)

// Group is the letters of one cause, which one fix mends.
type Group struct {
	// ID follows from the cause: the same cause has the same id at any time.
	ID       string   `json:"id"`
	Standing Standing `json:"standing"`
	Pair     string   `json:"pair"`
	Role     string   `json:"role"`
	Entity   string   `json:"entity"`
	Kind     string   `json:"kind"`
	Code     string   `json:"code"`
	Field    string   `json:"field,omitempty"`
	// Cause is the reason, without what is each record's own.
	Cause string `json:"cause"`
	Fix   string `json:"fix,omitempty"`
	Count int    `json:"count"`
	// Oldest and Newest are when its letters were given up, in UTC.
	Oldest time.Time `json:"oldest"`
	Newest time.Time `json:"newest"`
	// Example is its oldest letter.
	Example Letter `json:"example"`
}

// Groups gives the letters that wait, by cause: the largest group first.
func (l *Letters) Groups(ctx context.Context, f Filter) ([]Group, error) {
	byID := map[string]*Group{}
	for letter, err := range l.scan(ctx, f) {
		if err != nil {
			return nil, err
		}
		if byID[letter.Group] == nil {
			byID[letter.Group] = newGroup(letter)
		}
		byID[letter.Group].add(letter)
	}
	groups := make([]Group, 0, len(byID))
	for _, g := range byID {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), a.Oldest.Compare(b.Oldest), strings.Compare(a.ID, b.ID))
	})
	return groups, nil
}

// ErrNoGroup is given for an id that no waiting letter's group has.
var ErrNoGroup = failure.Rejected("dlq.no_group", "group", "no dead letter of this group waits",
	"list the groups; its letters may have been replayed or discarded already (stream AUDIT says by whom)")

// Group gives one group, with its letters, oldest first.
func (l *Letters) Group(ctx context.Context, id string) (Group, []Letter, error) {
	letters, err := l.List(ctx, Filter{Group: id})
	if err != nil {
		return Group{}, nil, err
	}
	if len(letters) == 0 {
		return Group{}, nil, ErrNoGroup
	}
	g := newGroup(letters[0])
	for _, letter := range letters {
		g.add(letter)
	}
	return *g, letters, nil
}

func newGroup(l Letter) *Group {
	return &Group{
		ID: l.Group, Standing: standing(l), Pair: l.Pair, Role: l.Role, Entity: l.Entity, Kind: l.Kind, Code: l.Code,
		Field: index.ReplaceAllString(l.Field, "[]"), Cause: cause(l.Key, l.Reason, l.Fix), Fix: commonFix(l.Key, l.Fix),
		Oldest: l.Last, Newest: l.Last, Example: l,
	}
}

// add counts a letter in.
func (g *Group) add(l Letter) {
	g.Count++
	if l.Last.Before(g.Oldest) {
		g.Oldest = l.Last
	}
	if l.Last.After(g.Newest) {
		g.Newest = l.Last
	}
}

// CodeNeeds is the code, or the first part of it, of a command that waited too
// long for the record that it needs.
const CodeNeeds = "needs"

func standing(l Letter) Standing {
	switch {
	case l.Code == "stuck":
		return Stuck
	case l.Code == CodeNeeds || strings.HasPrefix(l.Code, CodeNeeds+"."):
		return Needs
	case failure.Kind(l.Kind) == failure.KindConflict && events.Role(l.Role) == events.RoleTransform:
		return Held // only a flow's check gives a conflict there
	case failure.Kind(l.Kind) == failure.KindConflict:
		return Conflict
	case failure.Kind(l.Kind) == failure.KindDefect:
		return Defect
	}
	return Rejected
}
