package gpwriter

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// defaultUnit is used where neither the flow nor the item says one.
const defaultUnit = "EACH"

// unitsKept is how long an item's selling unit is believed.
const unitsKept = 10 * time.Minute

// units remembers the selling units of items, so that an order of known items
// costs no look-up.
type units struct {
	mu   sync.Mutex
	byID map[string]unit
}

type unit struct {
	name string
	at   time.Time
}

func newUnits() *units { return &units{byID: map[string]unit{}} }

func (u *units) get(item string) (string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	known, ok := u.byID[item]
	return known.name, ok && time.Since(known.at) < unitsKept
}

func (u *units) put(item, name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.byID[item] = unit{name, time.Now()}
}

// untold tells whether GP answered a look-up without saying whether the record
// is there: an account that may not read items, a service that doesn't have the
// operation, a record that can't be read.
func untold(err error) bool {
	if err == nil || errors.Is(err, gp.ErrNotFound) {
		return false
	}
	f := failure.Of(err)
	return f.Kind == failure.KindRejected || f.Code == "gp.system_exception" || f.Code == "gp.no_service"
}

// unit gives the selling unit of an item, as GP has it. An item that GP does
// not have is refused here, before anything is written.
func (w *Writer) unit(ctx context.Context, number string) (string, error) {
	if name, ok := w.units.get(number); ok {
		return name, nil
	}
	var item gp.Item
	told := true
	err := w.call(ctx, number, func(ctx context.Context) (err error) {
		if item, err = w.gp.Item(ctx, number); untold(err) {
			told, err = false, nil
		}
		return err
	})
	if !told { // GP answers, but not this: it will say itself what it thinks of the item
		slog.WarnContext(ctx, "the item can't be looked up; the default unit is used", "item", number, "unit", defaultUnit, "role", string(events.RoleGPWriter), "pair", w.pair)
		return defaultUnit, nil
	}
	if errors.Is(err, gp.ErrNotFound) {
		return "", failure.Rejected("gp.item.unknown", "ITEMNMBR", "GP has no item "+number,
			"create the item in GP, or add a row with its number in GP to the table items, then replay")
	}
	if err != nil {
		return "", unsent(err)
	}
	name := item.DefaultSellingUnit
	if name == "" {
		name = defaultUnit
	}
	w.units.put(number, name)
	return name, nil
}
