package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/shopspring/decimal"
)

// StockLevel is an item's quantity on hand at a site, in base units.
type StockLevel struct {
	Item   string          `json:"item"`
	Site   string          `json:"site"`
	OnHand decimal.Decimal `json:"onHand"`
}

// Receive adds a quantity, in base units, to what an item has on hand at a
// site, as a receipt of goods does; a negative quantity takes away, and what is
// on hand may become negative. It fails with [ErrUnknown] for an item or a site
// that isn't there.
func (s *Server) Receive(ctx context.Context, item, site string, quantity decimal.Decimal) error {
	return s.store.write(ctx, func(q querier) error { return s.receive(ctx, q, item, site, quantity) })
}

func (s *Server) receive(ctx context.Context, q querier, item, site string, quantity decimal.Decimal) error {
	it, found, err := loadItem(ctx, q, item)
	if err != nil {
		return err
	}
	if !found || !it.stocked() {
		return fmt.Errorf("sales item %s: %w", item, ErrUnknown)
	}
	var onHand decimal.Decimal
	err = q.QueryRowContext(ctx, `SELECT QTYONHND FROM IV00102 WHERE ITEMNMBR = ? AND RCRDTYPE = 2 AND LOCNCODE = ?`, item, site).Scan(&onHand)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read stock of %s: %w", item, err)
	}
	return s.saveStock(ctx, q, it.ItemNumber, map[string]decimal.Decimal{site: onHand.Add(quantity)})
}

// SetStock sets quantities on hand in one transaction, so that all items have
// one stamp. It fails with [ErrUnknown] for an item or a site that isn't there.
func (s *Server) SetStock(ctx context.Context, levels []StockLevel) error {
	return s.store.write(ctx, func(q querier) error {
		for _, l := range levels {
			if err := s.saveStock(ctx, q, l.Item, map[string]decimal.Decimal{l.Site: l.OnHand}); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountStock sets n sites' quantities on hand, of items that a seed picks, to
// numbers from 0 to 500 in one transaction, as a stock count does. It returns
// how many it set: no more than there are.
func (s *Server) CountStock(ctx context.Context, n int, seed uint64) (int, error) {
	var levels []StockLevel
	err := s.store.read(ctx, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT ITEMNMBR, LOCNCODE FROM IV00102 WHERE RCRDTYPE = 2 ORDER BY ITEMNMBR, LOCNCODE`)
		if err != nil {
			return fmt.Errorf("read sites of items: %w", err)
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var l StockLevel
			if err := rows.Scan(&l.Item, &l.Site); err != nil {
				return fmt.Errorf("read sites of items: %w", err)
			}
			levels = append(levels, l)
		}
		return rows.Err()
	})
	if err != nil {
		return 0, err
	}
	dice := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a sandbox's stock
	dice.Shuffle(len(levels), func(i, j int) { levels[i], levels[j] = levels[j], levels[i] })
	levels = levels[:min(n, len(levels))]
	for i := range levels {
		levels[i].OnHand = decimal.NewFromInt(dice.Int64N(501))
	}
	return len(levels), s.SetStock(ctx, levels)
}

// Generate makes items <prefix>000001 and on, as many as count says, with a
// price and stock at the sites; those that are there stay as they are. It runs
// as a few set-based statements, so that 100,000 items take seconds, and they
// have one stamp.
func (s *Server) Generate(ctx context.Context, count int, prefix string, sites []string) error {
	if len(sites) == 0 {
		sites = []string{s.cfg.Sites[0].ID}
	}
	for _, site := range sites {
		if _, ok := find(s.cfg.Sites, site); !ok {
			return fmt.Errorf("site %s: %w", site, ErrUnknown)
		}
	}
	prefix = storedText(prefix, true)
	orDefault(&prefix, "GEN-")
	template := Item{ItemNumber: "@NUMBER", Description: "Generated item @NUMBER", Class: "GENERATED"}.withDefaults()
	setup := strings.Replace(toJSON(template), `"Price":"0"`, `"Price":"@PRICE"`, 1)
	today := dateOf(wallClock(s.cfg.Now().In(s.cfg.Location))).Format(datetimeLayout)
	// number and price of the nth item; the first index column keeps them apart
	numbers := `WITH RECURSIVE series(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < ?),
		made(n, item, price) AS (SELECT n, printf('%s%06d', ?, n), printf('%d.%02d', 5 + n * 37 % 90, n * 7 % 100) FROM series)`
	return s.store.write(ctx, func(q querier) error {
		if err := saveSchedule(ctx, q, template); err != nil {
			return err
		}
		statements := []struct {
			sql  string
			args []any
		}{
			{`INSERT OR IGNORE INTO IV00101 (ITEMNMBR, ITEMDESC, ITEMTYPE, ITMCLSCD, ITMSHNAM, ITMGEDSC, DISCONTINUED, SETUP, CREATDDT, MODIFDT, DEX_ROW_TS)
				SELECT item, 'Generated item ' || item, 'Sales Item', 'GENERATED', '', '', 0, replace(replace(?, '@NUMBER', item), '@PRICE', price), ?, ?,
				(SELECT utc FROM clock) FROM made`, []any{setup, today, today}},
			{`INSERT OR IGNORE INTO IV00107 (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM, DEX_ROW_TS)
				SELECT item, ?, ?, ?, (SELECT utc FROM clock) FROM made`, []any{s.cfg.Currencies[0].ISOCode, s.cfg.PriceLevels[0].ID, template.Units[0].Name}},
			{`INSERT OR IGNORE INTO IV00108 (ITEMNMBR, CURNCYID, PRCLEVEL, UOFM, TOQTY, FROMQTY, UOMPRICE, DEX_ROW_TS)
				SELECT item, ?, ?, ?, ?, '1', price, (SELECT utc FROM clock) FROM made`,
				[]any{s.cfg.Currencies[0].ISOCode, s.cfg.PriceLevels[0].ID, template.Units[0].Name, lastQuantity.String()}},
		}
		for _, site := range sites {
			statements = append(statements, struct {
				sql  string
				args []any
			}{`INSERT OR IGNORE INTO IV00102 (ITEMNMBR, LOCNCODE, QTYONHND) SELECT item, ?, n * 13 % 500 FROM made`, []any{strings.ToUpper(site)}})
		}
		for _, st := range statements {
			if _, err := q.ExecContext(ctx, numbers+st.sql, append([]any{count, prefix}, st.args...)...); err != nil {
				return fmt.Errorf("generate items: %w", err)
			}
		}
		return nil
	})
}
