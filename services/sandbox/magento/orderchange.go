package magento

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// errUnchanged ends a change without a save.
var errUnchanged = errors.New("nothing to save")

// change is one save of an order: what to write beside it, and whether it
// carries an invoice or a shipment.
type change struct {
	also      func(ctx context.Context, tx *sql.Tx) error
	inProcess bool
	// document is a new invoice or shipment as REST shows it, event its name.
	document []byte
	event    string
}

// changeOrder reads an order, lets fn change it, and saves it with the events
// of a save: one before the commit, which a hook can forbid, and one after. Changes of one order wait
// for each other (Magento core, Sales/Model/OrderMutex).
func (s *Server) changeOrder(ctx context.Context, id int64, fn func(o *order) (change, error)) (*order, error) {
	lock := &s.orderLocks[id%int64(len(s.orderLocks))]
	lock.Lock()
	defer lock.Unlock()

	o, err := s.db.order(ctx, id)
	if err != nil {
		return nil, err
	}
	before := *o
	ch, err := fn(o)
	if err != nil {
		return o, err
	}
	o.checkState(ch.inProcess)
	o.UpdatedAt = s.timestamp()
	s.orderEcho(eventOrderSave, o)
	if err := s.ask(ctx, observer+eventOrderSave, o); err != nil {
		return nil, err
	}
	if err := s.commitDelay(ctx); err != nil {
		return nil, fmt.Errorf("order %s rolled back: %w", o.IncrementID, err)
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		if err := updateOrder(ctx, tx, o); err != nil {
			return err
		}
		if ch.also != nil {
			return ch.also(ctx, tx)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.orderEcho(eventOrderCommit, o)
	s.asyncChange(before, o, ch)
	return o, nil
}

// commitDelay is the time in which an event is out and its row can't be read.
func (s *Server) commitDelay(ctx context.Context) error { return pause(ctx, s.cfg.CommitDelay) }

// timestamp is now as a MySQL timestamp: UTC and whole seconds.
func (s *Server) timestamp() string { return s.cfg.Now().UTC().Format(time.DateTime) }
