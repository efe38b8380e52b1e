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

// change is one save of an order: what to write beside it, and the document that
// it carries.
type change struct {
	also func(ctx context.Context, tx *sql.Tx) error
	// inProcess says that an invoice or a shipment makes a new order processing.
	inProcess bool
	// document is a new or changed invoice, shipment or credit memo, or nil.
	document document
	isNew    bool
}

// changeOrder reads an order, lets fn change it, and saves it with the events
// of a save: one before the commit, which a hook can forbid, and one after.
// Changes of one order wait for each other.
func (s *Server) changeOrder(ctx context.Context, id int64, fn func(o *order) (change, error)) (*order, error) {
	lock := &s.orderLocks[id%int64(len(s.orderLocks))]
	lock.Lock()
	defer lock.Unlock()
	return s.changeUnlocked(ctx, id, fn)
}

// changeByDocument is changeOrder for ship, invoice and refund: without the row
// lock that 2.4.6 brought, two calls at once both pass validation (Magento core,
// Sales/Model/OrderMutex).
func (s *Server) changeByDocument(ctx context.Context, id int64, fn func(o *order) (change, error)) (*order, error) {
	if s.cfg.NoOrderLock {
		return s.changeUnlocked(ctx, id, fn)
	}
	return s.changeOrder(ctx, id, fn)
}

func (s *Server) changeUnlocked(ctx context.Context, id int64, fn func(o *order) (change, error)) (*order, error) {
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
	if err := s.saving(ctx, o, ch); err != nil {
		return nil, err
	}
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		if ch.document != nil {
			if err := saveDocument(ctx, tx, ch.document); err != nil {
				return err
			}
		}
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
	if ch.document != nil {
		s.documentEvent("_save_commit_after", ch.document)
	}
	s.orderEcho(eventOrderCommit, o)
	s.asyncChange(before, o, ch)
	return o, nil
}

// saving tells of a save before its commit, the document first.
func (s *Server) saving(ctx context.Context, o *order, ch change) error {
	if ch.document != nil {
		s.documentEvent("_save_after", ch.document)
		if err := s.askOfDocument(ctx, ch.document); err != nil {
			return err
		}
	}
	s.orderEcho(eventOrderSave, o)
	if err := s.ask(ctx, observer+eventOrderSave, o); err != nil {
		return err
	}
	if err := s.commitDelay(ctx); err != nil {
		return fmt.Errorf("order %s rolled back: %w", o.IncrementID, err)
	}
	return nil
}

// commitDelay is the time in which an event is out and its row can't be read.
func (s *Server) commitDelay(ctx context.Context) error { return pause(ctx, s.cfg.CommitDelay) }

// timestamp is now as a MySQL timestamp: UTC and whole seconds.
func (s *Server) timestamp() string { return s.cfg.Now().UTC().Format(time.DateTime) }
