package magentowriter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// Where a store keeps its quantities (config magento.inventory).
const (
	// MSI is per source (modules Magento_Inventory*).
	MSI = "msi"
	// Legacy is one quantity a product, of a store whose MSI modules are off.
	Legacy = "legacy"
)

// StockStore is what the levels of stock need of Magento.
type StockStore interface {
	SourceItems(ctx context.Context, skus []string) ([]magento.SourceItem, error)
	// SaveSourceItems gives the SKUs that it refused, and sent nothing of.
	SaveSourceItems(ctx context.Context, items []magento.SourceItem) ([]magento.Refused, error)
	LegacyStockItem(ctx context.Context, sku string) (magento.StockItem, error)
	SaveLegacyStock(ctx context.Context, sku string, qty decimal.Decimal, inStock bool) error
}

// Stock carries out the levels of many SKUs together: it reads what the store has
// in one search, and writes what differs in one call. It is an effect.BulkCarrier.
type Stock struct {
	pair      string
	inventory string
	rows      int
	store     StockStore
	claims    *claim.Store
	breaker   *breaker.Breaker
}

// NewStock makes the carrier of a pair; inventory is MSI or Legacy, rows how many
// levels one call of the store is given.
func NewStock(pair, inventory string, rows int, store StockStore, claims *claim.Store, b *breaker.Breaker) *Stock {
	if inventory == Legacy { // which takes a call for each product
		rows = 1
	}
	return &Stock{pair: pair, inventory: inventory, rows: max(rows, 1), store: store, claims: claims, breaker: b}
}

// CarryOutAll implements effect.BulkCarrier.
func (s *Stock) CarryOutAll(ctx context.Context, commands []effect.Command) []effect.CarriedOut {
	carried := make([]effect.CarriedOut, len(commands))
	levels := &levelsOf{Stock: s}
	var members []effect.Member
	var at []int
	for i, cmd := range commands {
		doc, err := stockDocument(cmd)
		if err != nil {
			carried[i].Err = err
			continue
		}
		fingerprint, err := effect.Fingerprint(doc)
		if err != nil {
			carried[i].Err = err
			continue
		}
		key := claim.Key(s.pair, events.Magento, events.Stock, string(events.CanonicalKey(events.Magento, events.Stock, cmd.Target)))
		members = append(members, effect.Member{Key: key, Want: claim.Wanted{Revision: cmd.Revision, Fingerprint: fingerprint}})
		levels.documents, at = append(levels.documents, doc), append(at, i)
	}
	for n, r := range effect.ApplyAll(ctx, s.claims, members, levels) {
		carried[at[n]] = effect.CarriedOut{Outcome: events.Outcome{Result: r.Done.Result, Details: r.Done.Details}, Err: r.Err}
	}
	return carried
}

// stockDocument reads the document of a command.
func stockDocument(cmd effect.Command) (doc events.StockLevels, err error) {
	switch err := json.Unmarshal(cmd.Document, &doc); {
	case cmd.Verb != events.Apply:
		return doc, failure.Defect("magento.stock.verb", fmt.Sprintf("a level of stock can't be taken back (%s)", cmd.Verb), nil)
	case err != nil:
		return doc, failure.Defect("magento.document", "the command's document can't be read: "+err.Error(), err)
	case doc.SKU == "" || len(doc.Levels) == 0:
		return doc, failure.Defect("magento.document", "the command's document has no SKU or no level", nil)
	}
	return doc, nil
}

// levelsOf is the effect.Bulk of some documents: a member is a document.
type levelsOf struct {
	*Stock
	documents []events.StockLevels
}

// place is where a quantity is: an SKU at a source.
type place struct {
	sku    events.Key
	source string
}

func placeOf(sku, source string) place {
	return place{events.CanonicalKey(events.Magento, events.Stock, sku), source}
}

// Ask implements effect.Bulk.
func (l *levelsOf) Ask(ctx context.Context, members []int) ([]effect.Has, error) {
	has := make([]effect.Has, len(members))
	for n, differs := range l.differing(ctx, members) {
		if differs.err != nil && !errors.Is(differs.err, magento.ErrNotFound) {
			return nil, differs.err
		}
		has[n] = effect.Has{Present: differs.err == nil, Wanted: differs.err == nil && len(differs.rows) == 0, Applied: l.applied(members[n])}
	}
	return has, nil
}

// Write implements effect.Bulk: what the store has is read, and what differs
// written. Calls have whole SKUs each, so that a call that fails says nothing of
// the SKUs of the others.
func (l *levelsOf) Write(ctx context.Context, members []int) []effect.Written {
	written := make([]effect.Written, len(members))
	var together []int
	var rows []magento.SourceItem
	send := func() {
		l.save(ctx, members, together, rows, written)
		together, rows = nil, nil
	}
	for n, differs := range l.differing(ctx, members) {
		written[n] = effect.Written{Applied: l.applied(members[n]), Err: differs.err}
		if differs.err != nil || len(differs.rows) == 0 {
			continue
		}
		if len(rows) > 0 && len(rows)+len(differs.rows) > l.rows {
			send()
		}
		together, rows = append(together, n), append(rows, differs.rows...)
	}
	if len(rows) > 0 {
		send()
	}
	return written
}

// save writes rows in one call, and notes what became of each member. Where the
// store refuses the call, each half is tried: one bad row must not hold up all.
func (l *levelsOf) save(ctx context.Context, members, together []int, rows []magento.SourceItem, written []effect.Written) {
	refused, err := l.saveRows(ctx, rows)
	if err != nil && failure.Of(err).Kind == failure.KindRejected && len(together) > 1 {
		middle := len(together) / 2
		second := placeOf(l.documents[members[together[middle]]].SKU, "").sku
		cut := 0
		for placeOf(rows[cut].SKU, "").sku != second {
			cut++
		}
		l.save(ctx, members, together[:middle], rows[:cut], written)
		l.save(ctx, members, together[middle:], rows[cut:], written)
		return
	}
	of := map[events.Key]error{}
	for _, r := range refused {
		of[placeOf(r.SKU, "").sku] = mended(r.Err)
	}
	for _, n := range together {
		written[n].Err = err
		if refusal, ok := of[placeOf(l.documents[members[n]].SKU, "").sku]; ok {
			written[n].Err = refusal
		}
	}
}

// mended names the remedies that Magpie has for a refusal.
func mended(f *failure.Error) *failure.Error {
	if errors.Is(f, magento.ErrNotFound) {
		f.Code = "magento.sku.missing"
		f.Fix = "make the product in Magento; or name the product's SKU for this item in the table items, or leave the item out " +
			"in the table unsold; then replay"
	}
	return f
}

func (l *levelsOf) applied(member int) claim.Applied {
	details := map[string]string{}
	for _, level := range l.documents[member].Levels {
		details[level.Source] = level.Quantity.String()
	}
	return claim.Applied{Fingerprint: claim.AsExpected, Exists: true, Details: details}
}

// differences are the rows of a member that the store has otherwise, in the form
// in which they are to be saved.
type differences struct {
	rows []magento.SourceItem
	err  error
}

// differing compares what the store has of some members with what is wanted.
func (l *levelsOf) differing(ctx context.Context, members []int) []differences {
	if l.inventory == Legacy {
		return l.differingLegacy(ctx, members)
	}
	all := make([]differences, len(members))
	skus := make([]string, len(members))
	for n, i := range members {
		skus[n] = l.documents[i].SKU
	}
	var items []magento.SourceItem
	err := l.breaker.Do(ctx, skus[0], func(ctx context.Context) (err error) {
		items, err = l.store.SourceItems(ctx, skus)
		return err
	})
	has := map[place]magento.SourceItem{}
	for _, item := range items {
		has[placeOf(item.SKU, item.Source)] = item
	}
	for n, i := range members {
		all[n].err = err
		for _, level := range l.documents[i].Levels {
			was, there := has[placeOf(l.documents[i].SKU, level.Source)]
			wanted := sourceItem(l.documents[i].SKU, level)
			if !there || !was.Quantity.Equal(wanted.Quantity) || was.InStock != wanted.InStock {
				all[n].rows = append(all[n].rows, wanted)
			}
		}
	}
	return all
}

// sourceItem is a level as the store keeps it. Nothing sells that isn't in stock,
// and what is in stock with none left is shown as if it could be sold.
func sourceItem(sku string, level events.StockLevel) magento.SourceItem {
	return magento.SourceItem{SKU: sku, Source: level.Source, Quantity: level.Quantity, InStock: level.Quantity.IsPositive()}
}

// differingLegacy is differing for a store without sources: the levels of an SKU
// are one quantity, and each is read in a call of its own.
func (l *levelsOf) differingLegacy(ctx context.Context, members []int) []differences {
	all := make([]differences, len(members))
	for n, i := range members {
		doc := l.documents[i]
		var sum events.StockLevel
		for _, level := range doc.Levels {
			sum.Quantity = sum.Quantity.Add(level.Quantity)
		}
		wanted := sourceItem(doc.SKU, sum)
		var was magento.StockItem
		all[n].err = l.breaker.Do(ctx, doc.SKU, func(ctx context.Context) (err error) {
			was, err = l.store.LegacyStockItem(ctx, doc.SKU)
			return err
		})
		if errors.Is(all[n].err, magento.ErrNotFound) {
			all[n].err = mended(failure.Of(all[n].err))
		}
		if all[n].err == nil && (!was.Qty.Equal(wanted.Quantity) || was.InStock != wanted.InStock) {
			all[n].rows = append(all[n].rows, wanted)
		}
	}
	return all
}

// saveRows makes one call. Without sources it is given one SKU at a time.
func (l *levelsOf) saveRows(ctx context.Context, rows []magento.SourceItem) (refused []magento.Refused, err error) {
	err = l.breaker.Do(ctx, rows[0].SKU, func(ctx context.Context) (err error) {
		if l.inventory != Legacy {
			refused, err = l.store.SaveSourceItems(ctx, rows)
			return err
		}
		return l.store.SaveLegacyStock(ctx, rows[0].SKU, rows[0].Quantity, rows[0].InStock)
	})
	return refused, err
}
