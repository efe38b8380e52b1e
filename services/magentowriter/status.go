package magentowriter

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// How the state is moved (config magento.write_back).
const (
	// Save saves state and status over the order (POST /V1/orders): the way that
	// works from 2.4.4 on.
	Save = "save"
	// Comment sends the status with the comment and leaves the state: what a
	// store with a status of its own for accepted orders wants.
	Comment = "comment"
)

// statuses carries out the write-back of orders: an order in the expected state
// gets its new state and status and one comment that names the SOP number; no
// other state is ever moved, and a lost race is said.
type statuses struct{ *Writer }

// CarryOut implements effect.Carrier.
func (w statuses) CarryOut(ctx context.Context, cmd effect.Command) (events.Outcome, error) {
	var doc events.OrderStatus
	if err := json.Unmarshal(cmd.Document, &doc); err != nil {
		return events.Outcome{}, failure.Defect("magento.document", "the command's document can't be read: "+err.Error(), err)
	}
	fingerprint, err := effect.Fingerprint(doc)
	if err != nil {
		return events.Outcome{}, err
	}
	t := &orderTarget{writer: w.Writer, want: doc}
	want := claim.Wanted{Revision: cmd.Revision, Fingerprint: fingerprint}
	done, err := effect.Apply(ctx, w.claims, w.key(events.Order, doc.IncrementID), want, t)
	if err != nil {
		return events.Outcome{}, err
	}
	return events.Outcome{Result: done.Result, Details: done.Details, Differences: t.differences}, nil
}

// orderTarget is a Magento order that is to say where it went.
type orderTarget struct {
	writer      *Writer
	want        events.OrderStatus
	differences []events.Difference
}

// Ask implements effect.Target.
func (t *orderTarget) Ask(ctx context.Context) (effect.Has, error) {
	order, commented, err := t.read(ctx)
	if err != nil {
		return effect.Has{}, err
	}
	return effect.Has{
		Present: true, Wanted: commented && (t.writer.way != Save || !t.movable(order)), Applied: t.applied(order),
	}, nil
}

// Write implements effect.Target: the state first, since from 2.4.7 on a comment
// may only carry a status of the order's state (Magento core, Sales/Model/
// Order/StatusHistory validation), then the comment.
func (t *orderTarget) Write(ctx context.Context, _ bool) (claim.Applied, error) {
	t.differences = nil // what Ask found is not what will be
	order, commented, err := t.read(ctx)
	if err != nil {
		return claim.Applied{}, err
	}
	if t.movable(order) && t.writer.way == Save {
		if err := t.call(ctx, func(ctx context.Context) error {
			saved, err := t.writer.store.SaveState(ctx, order.EntityID, order.IncrementID, t.want.State, t.want.Status)
			if err == nil { // the store answers with what it made of it
				order.State, order.Status = saved.State, saved.Status
			}
			return err
		}); err != nil {
			return claim.Applied{}, err
		}
	}
	if !commented {
		if order, err = t.comment(ctx, order); err != nil {
			return claim.Applied{}, err
		}
	}
	if t.writer.way == Comment {
		if order, err = t.readOrder(ctx); err != nil {
			return claim.Applied{}, failure.Unknown("magento.not_read_back", err)
		}
	}
	return t.applied(order), nil
}

// comment posts the comment with the wished status, or, where the store
// refuses that status in the order's state, with the status that it has. It
// gives the order as it was read last.
func (t *orderTarget) comment(ctx context.Context, order magento.Order) (magento.Order, error) {
	post := func(status string) error {
		return t.call(ctx, func(ctx context.Context) error {
			return t.writer.store.AddComment(ctx, order.EntityID, t.want.Comment, status)
		})
	}
	if t.writer.way == Comment && order.State == t.want.From {
		err := post(t.want.Status)
		if !errors.Is(err, magento.ErrStatusRefused) {
			return order, err
		}
		t.differ("status", t.want.Status, order.Status+" (the store refuses "+t.want.Status+" in state "+order.State+")")
	}
	err := post(order.Status)
	if errors.Is(err, magento.ErrStatusRefused) { // the order was moved since it was read
		if order, err = t.readOrder(ctx); err != nil {
			return order, err
		}
		err = post(order.Status)
	}
	return order, err
}

// movable tells whether the order is in the one state that may be moved.
func (t *orderTarget) movable(o magento.Order) bool {
	return o.State == t.want.From && o.State != t.want.State
}

func (t *orderTarget) applied(o magento.Order) claim.Applied {
	if o.State != t.want.State {
		t.differ("state", t.want.State, o.State)
	} else if o.Status != t.want.Status {
		t.differ("status", t.want.Status, o.Status)
	}
	return claim.Applied{
		Fingerprint: claim.AsExpected, Exists: true,
		Details: map[string]string{"state": o.State, "status": o.Status},
	}
}

func (t *orderTarget) differ(field, sent, found string) {
	for _, d := range t.differences {
		if d.Field == field {
			return
		}
	}
	t.differences = append(t.differences, events.Difference{Field: field, Sent: sent, Found: found})
}

// read gives the order and whether it has our comment.
func (t *orderTarget) read(ctx context.Context) (order magento.Order, commented bool, err error) {
	if order, err = t.readOrder(ctx); err != nil {
		return order, false, err
	}
	comments, came := order.Comments() // they come with the order
	if !came {
		err = t.call(ctx, func(ctx context.Context) (err error) {
			comments, err = t.writer.store.Comments(ctx, order.EntityID)
			return err
		})
	}
	mark := cmp.Or(t.want.Mark, t.want.Comment)
	for _, c := range comments {
		commented = commented || mentions(c.Comment, mark)
	}
	return order, commented, err
}

// mentions tells whether a comment has the mark as a word of its own: WEB12 is
// not in "SOP order WEB123".
func mentions(comment, mark string) bool {
	if mark == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(comment[from:], mark)
		if i < 0 {
			return false
		}
		begin, end := from+i, from+i+len(mark)
		if !wordEnd(comment[:begin]) && !wordStart(comment[end:]) {
			return true
		}
		from = end
	}
}

func wordEnd(s string) bool   { return s != "" && wordByte(s[len(s)-1]) }
func wordStart(s string) bool { return s != "" && wordByte(s[0]) }

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '-' || c >= 0x80
}

func (t *orderTarget) readOrder(ctx context.Context) (magento.Order, error) {
	return t.writer.order(ctx, t.want.IncrementID)
}

func (t *orderTarget) call(ctx context.Context, do func(context.Context) error) error {
	return t.writer.call(ctx, t.want.IncrementID, do)
}
