package magentocapture

import (
	"context"
	"strconv"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/breaker"
	"github.com/magpie-integration/magpie/libs/capture"
	"github.com/magpie-integration/magpie/libs/magento"
)

// records reads an entity that is a list of Magento's: invoices, credit memos,
// customers, products.
type records struct {
	cfg     Config
	store   Store
	breaker *breaker.Breaker
	entity  events.Entity
	list    magento.List
	// numbered entities have Magento's internal number as their key.
	numbered bool
	// related, when set, reads what flows ask for beside the records.
	related func(context.Context, []magento.Record) (map[int64]relatives, error)
}

// others are the readers of all entities but the order.
func others(cfg Config, store Store, b *breaker.Breaker) []*records {
	of := func(entity events.Entity, list magento.List) *records {
		return &records{cfg: cfg, store: store, breaker: b, entity: entity, list: list}
	}
	invoices, refunds := of(events.Invoice, magento.Invoices), of(events.Refund, magento.Creditmemos)
	invoices.related, refunds.related = invoices.orderAndInvoices, refunds.order
	customers := of(events.Customer, magento.Customers)
	customers.numbered = true // e-mail addresses change
	return []*records{invoices, refunds, customers, of(events.Product, magento.Products)}
}

// Entity is what the list has.
func (r *records) Entity() events.Entity { return r.entity }

// Read reads records of the list, and what belongs to them.
func (r *records) Read(ctx context.Context, keys []events.Key) (capture.Found, error) {
	var found magento.FoundRecords
	err := r.breaker.Do(ctx, string(keys[0]), func(ctx context.Context) (err error) {
		found, err = r.find(ctx, keys)
		return err
	})
	if err != nil {
		return capture.Found{}, err
	}
	related, err := r.relatedOf(ctx, found.Records)
	if err != nil {
		return capture.Found{}, err
	}
	out := capture.Found{Failed: map[events.Key]error{}}
	times := map[events.Key]int{}
	for _, m := range found.Records {
		times[r.key(m)]++
	}
	for _, m := range found.Records {
		key, with := r.key(m), related[m.ID]
		switch n := times[key]; {
		case n > 1:
			out.Failed[key] = ambiguous(r.entity, key, n)
		case with.err != nil:
			out.Failed[key] = with.err
		default:
			out.Records = append(out.Records, capture.Record{
				Key: key, JSON: m.JSON, Related: with.records, ModifiedAt: m.UpdatedAt, StoreID: m.StoreID,
			})
		}
	}
	for _, m := range found.Foreign {
		out.Foreign = append(out.Foreign, r.key(m))
	}
	for _, broken := range found.Broken {
		out.Failed[events.Key(broken.ID)] = broken.Err
	}
	return out, nil
}

// find looks for keys; what is no number is none of a numbered entity's.
func (r *records) find(ctx context.Context, keys []events.Key) (magento.FoundRecords, error) {
	var texts []string
	var ids []int64
	for _, key := range keys {
		texts = append(texts, string(key))
		if id, err := strconv.ParseInt(string(key), 10, 64); err == nil {
			ids = append(ids, id)
		}
	}
	switch {
	case !r.numbered:
		return r.store.ByKey(ctx, r.list, texts)
	case len(ids) == 0:
		return magento.FoundRecords{}, nil
	}
	return r.store.ByID(ctx, r.list, ids)
}

func (r *records) relatedOf(ctx context.Context, found []magento.Record) (map[int64]relatives, error) {
	if r.related == nil || len(found) == 0 {
		return nil, nil
	}
	return r.related(ctx, found)
}

func (r *records) key(m magento.Record) events.Key {
	if r.numbered {
		return events.Key(strconv.FormatInt(m.ID, 10))
	}
	return events.CanonicalKey(events.Magento, r.entity, m.Key)
}

// Resolve finds the keys of internal numbers.
func (r *records) Resolve(ctx context.Context, ids []int64) (capture.Resolved, error) {
	var found magento.FoundRecords
	err := r.breaker.Do(ctx, string(events.InternalID(ids[0])), func(ctx context.Context) (err error) {
		found, err = r.store.ByID(ctx, r.list, ids)
		return err
	})
	if err != nil {
		return capture.Resolved{}, err
	}
	out := capture.Resolved{Keys: map[int64]events.Key{}, Failed: map[int64]error{}}
	for _, m := range found.Records {
		out.Keys[m.ID] = r.key(m)
	}
	for _, m := range found.Foreign {
		out.Foreign = append(out.Foreign, m.ID)
	}
	for _, broken := range found.Broken {
		out.Failed[broken.EntityID] = broken.Err
	}
	return out, nil
}

// Sweeps looks for records by updated_at; magento.Client.Updated says what that
// does not tell.
func (r *records) Sweeps() []capture.Sweep { return r.cfg.sweep(r.page) }

func (r *records) page(ctx context.Context, w capture.Window, after string) (capture.Page, error) {
	cursor, err := cursorOf(after)
	if err != nil {
		return capture.Page{}, err
	}
	var page magento.RecordPage
	err = r.breaker.Do(ctx, "sweep", func(ctx context.Context) (err error) {
		page, err = r.store.Updated(ctx, r.list, w.From, w.To, cursor, pageSize)
		return err
	})
	if err != nil {
		return capture.Page{}, err
	}
	var out capture.Page
	for _, m := range page.Records {
		out.Rows = append(out.Rows, capture.Row{Key: r.key(m), ModifiedAt: m.UpdatedAt, Record: m.JSON, StoreID: m.StoreID})
	}
	for _, broken := range page.Broken {
		out.Rows = append(out.Rows, capture.Row{ID: broken.EntityID})
	}
	out.Next, err = afterOf(page.Next, page.More)
	return out, err
}
