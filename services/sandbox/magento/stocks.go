package magento

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

// storeSource is a shop with some stock of its own, beside the default source.
const storeSource = "store"

// stock is a set of sources that is sold on websites. The first website sells
// the default stock, the others one of both sources.
type stock struct {
	id       int64
	name     string
	sources  []string // the first is served first
	websites []string
}

func (s *Server) stocks() []stock {
	stocks := []stock{
		{id: 1, name: "Default Stock", sources: []string{defaultSource}},
		{id: 2, name: "Warehouse and Store", sources: []string{defaultSource, storeSource}},
	}
	for _, st := range s.cfg.Stores {
		n := 1
		if st.WebsiteID == s.cfg.Stores[0].WebsiteID {
			n = 0
		}
		if !slices.Contains(stocks[n].websites, st.WebsiteCode) {
			stocks[n].websites = append(stocks[n].websites, st.WebsiteCode)
		}
	}
	return stocks
}

// stockOf is the stock of a store view's website.
func (s *Server) stockOf(storeID int64) stock {
	st, _ := s.stockOfWebsite(s.storeByID(storeID).WebsiteCode)
	return st
}

func (s *Server) stockOfWebsite(code string) (stock, bool) {
	for _, st := range s.stocks() {
		if slices.Contains(st.websites, code) {
			return st, true
		}
	}
	return stock{}, false
}

func (s *Server) stockByID(id int64) (stock, bool) {
	for _, st := range s.stocks() {
		if st.id == id {
			return st, true
		}
	}
	return stock{}, false
}

// knownSource reports whether a source exists. MySQL compares its code without
// case.
func knownSource(code string) bool {
	return strings.EqualFold(code, defaultSource) || strings.EqualFold(code, storeSource)
}

// insertStoreStock gives the second source some of every fourth product.
func insertStoreStock(ctx context.Context, tx *sql.Tx, products []Product) error {
	for _, p := range products {
		if p.Type != TypeSimple || p.ID%4 != 0 {
			continue
		}
		si := sourceItem{SKU: p.SKU, SourceCode: storeSource, Quantity: decimal.New(5+p.ID%40, 0), Status: 1}
		if err := upsertSourceItem(ctx, tx, si); err != nil {
			return err
		}
	}
	return nil
}

// values is a table of literals, so that searches work on what never changes.
func values(columns string, rows []string) string {
	return "(WITH v(" + columns + ") AS (VALUES " + strings.Join(rows, ", ") + ") SELECT " + columns + " FROM v)"
}

func (s *Server) searchStocks(ctx context.Context, c *call) ([]byte, error) {
	var rows []string
	for _, st := range s.stocks() {
		rows = append(rows, fmt.Sprintf("(%d, '%s')", st.id, st.name))
	}
	e := entity{from: values("stock_id, name", rows), key: "stock_id", doc: "name", fields: map[string]field{
		"stock_id": {"CAST(stock_id AS INTEGER)", numberField}, "name": {"name", textField},
	}}
	return s.searchSetup(ctx, c, e, func(w *phpWriter, row found) {
		st, _ := s.stockByID(row.key)
		w.stock(st)
	})
}

func (s *Server) searchSources(ctx context.Context, c *call) ([]byte, error) {
	e := entity{
		from: values("n, source_code, name, enabled", []string{"(0, 'default', 'Default Source', 1)", "(1, 'store', 'Store', 1)"}),
		key:  "n", doc: "source_code", fields: map[string]field{
			"source_code": {"source_code", textField}, "name": {"name", textField}, "enabled": {"CAST(enabled AS INTEGER)", numberField},
		},
	}
	return s.searchSetup(ctx, c, e, func(w *phpWriter, row found) { w.source(string(row.doc)) })
}

func (s *Server) searchStockSourceLinks(ctx context.Context, c *call) ([]byte, error) {
	var rows []string
	for _, st := range s.stocks() {
		for n, source := range st.sources {
			rows = append(rows, fmt.Sprintf("(%d, '%s', %d)", st.id, source, n+1))
		}
	}
	e := entity{from: values("stock_id, source_code, priority", rows), key: "stock_id * 100 + priority", doc: "source_code", fields: map[string]field{
		"stock_id": {"CAST(stock_id AS INTEGER)", numberField}, "source_code": {"source_code", textField}, "priority": {"CAST(priority AS INTEGER)", numberField},
	}}
	return s.searchSetup(ctx, c, e, func(w *phpWriter, row found) {
		w.int("stock_id", row.key/100)
		w.textAlways("source_code", string(row.doc))
		w.int("priority", row.key%100)
	})
}

// searchSetup searches what the merchant set up; asking for nothing means all.
func (s *Server) searchSetup(ctx context.Context, c *call, e entity, write func(w *phpWriter, row found)) ([]byte, error) {
	query := c.query
	if query.get("searchCriteria", "search_criteria") == nil {
		query = parsePHPQuery("searchCriteria=")
	}
	crit, err := parseCriteria(query, s.cfg.PageSizeLimit)
	if err != nil {
		return nil, err
	}
	rows, total, err := s.db.search(ctx, e, crit)
	if err != nil {
		return nil, err
	}
	items := make([][]byte, len(rows))
	for i, row := range rows {
		w := &phpWriter{}
		w.object("", func() { write(w, row) })
		items[i] = w.buf
	}
	return crit.envelope(items, total, false), nil
}

func (s *Server) getStock(_ context.Context, c *call) ([]byte, error) {
	id, err := c.id()
	if err != nil {
		return nil, err
	}
	st, ok := s.stockByID(id)
	if !ok {
		return nil, restNoStock(id)
	}
	w := &phpWriter{}
	w.object("", func() { w.stock(st) })
	return w.buf, nil
}

func restNoStock(id int64) error {
	return &restError{Status: 404, Message: `Stock with id "%value" does not exist.`, Parameters: map[string]any{"value": id}}
}

func (s *Server) getSource(_ context.Context, c *call) ([]byte, error) {
	code := chi.URLParam(c.Request, "code")
	if !knownSource(code) {
		return nil, &restError{Status: 404, Message: `Source with code "%value" does not exist.`, Parameters: map[string]any{"value": code}}
	}
	w := &phpWriter{}
	w.object("", func() { w.source(strings.ToLower(code)) })
	return w.buf, nil
}

// resolveStock answers the stock of a sales channel, of which there is one type.
func (s *Server) resolveStock(_ context.Context, c *call) ([]byte, error) {
	st, err := s.channelStock(c)
	if err != nil {
		return nil, err
	}
	w := &phpWriter{}
	w.object("", func() { w.stock(st) })
	return w.buf, nil
}

func (s *Server) channelStock(c *call) (stock, error) {
	st, ok := s.stockOfWebsite(chi.URLParam(c.Request, "code"))
	if !ok || chi.URLParam(c.Request, "type") != "website" {
		return st, &restError{Status: 404, Message: "No linked stock found"}
	}
	return st, nil
}

func (w *phpWriter) stock(st stock) {
	w.int("stock_id", st.id)
	w.textAlways("name", st.name)
	w.object("extension_attributes", func() {
		w.list("sales_channels", func() {
			for _, code := range st.websites {
				w.object("", func() {
					w.textAlways("type", "website")
					w.textAlways("code", code)
				})
			}
		})
	})
}

func (w *phpWriter) source(code string) {
	w.textAlways("source_code", code)
	w.textAlways("name", map[string]string{defaultSource: "Default Source", storeSource: "Store"}[code])
	w.bool("enabled", true)
	w.textAlways("country_id", "US")
	w.textAlways("postcode", "00000")
	w.bool("use_default_carrier_config", true)
	w.list("carrier_links", func() {})
}
