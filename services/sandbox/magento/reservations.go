package magento

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrNotSalable is wrapped by a refusal of Place for want of stock. It wraps
// ErrInvalidOrder.
var ErrNotSalable = fmt.Errorf("%w: The requested qty is not available", ErrInvalidOrder)

// reservationScale is a whole piece in inventory_reservation.
const reservationScale = 4

// stockLevel is what a stock has of a SKU.
type stockLevel struct {
	sku     string
	onHand  decimal.Decimal // of sources that have it in stock
	salable decimal.Decimal // onHand and the stock's reservations, which are negative
	inStock bool            // some source says so
}

func (l stockLevel) isSalable() bool { return l.inStock && l.salable.Sign() > 0 }

// serves reports whether so much can be sold. The threshold min_qty is 0.
func (l stockLevel) serves(qty decimal.Decimal) bool {
	return l.inStock && l.salable.GreaterThanOrEqual(qty)
}

// stockLevels reads the levels of some SKUs, or of all when none is named, by
// upper-case SKU. A SKU that no source of the stock has is missing.
func (st stock) levels(ctx context.Context, q queryer, skus ...string) (map[string]stockLevel, error) {
	levels := map[string]stockLevel{}
	args := make([]any, 0, len(st.sources)+len(skus))
	for _, source := range st.sources {
		args = append(args, source)
	}
	where, named := "", make([]any, len(skus))
	if len(skus) > 0 {
		where = " AND sku IN (?" + strings.Repeat(", ?", len(skus)-1) + ")"
		for i, sku := range skus {
			named[i] = sku
		}
	}
	err := eachRow(ctx, q, `SELECT sku, quantity, status FROM inventory_source_item WHERE source_code IN (?`+
		strings.Repeat(", ?", len(st.sources)-1)+`)`+where, append(args, named...), func(sku, quantity string, status int64) error {
		qty, err := decimal.NewFromString(quantity)
		if err != nil {
			return fmt.Errorf("stock of %s: %w", sku, err)
		}
		l, known := levels[strings.ToUpper(sku)]
		if !known {
			l.sku = sku
		}
		if status == 1 {
			l.inStock, l.onHand, l.salable = true, l.onHand.Add(qty), l.salable.Add(qty)
		}
		levels[strings.ToUpper(sku)] = l
		return nil
	})
	if err != nil {
		return nil, err
	}
	return levels, eachRow(ctx, q, `SELECT sku, '', SUM(quantity) FROM inventory_reservation WHERE stock_id = ?`+where+` GROUP BY sku`,
		append([]any{st.id}, named...), func(sku, _ string, units int64) error {
			if l, known := levels[strings.ToUpper(sku)]; known {
				l.salable = l.salable.Add(decimal.New(units, -reservationScale))
				levels[strings.ToUpper(sku)] = l
			}
			return nil
		})
}

// eachRow calls fn for each row of a text, a text and a number.
func eachRow(ctx context.Context, q queryer, query string, args []any, fn func(sku, text string, n int64) error) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read stock: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var sku, text string
		var n int64
		if err := rows.Scan(&sku, &text, &n); err != nil {
			return fmt.Errorf("read stock: %w", err)
		}
		if err := fn(sku, text, n); err != nil {
			return err
		}
	}
	return rows.Err()
}

// reserve appends reservations of an order's goods: negative quantities take
// from what is salable, positive ones give back. Products of the catalogue are
// reserved, other SKUs aren't.
func (s *Server) reserve(ctx context.Context, tx *sql.Tx, o *order, event string, rows []chosen) error {
	metadata, err := json.Marshal(map[string]string{
		"event_type": event, "object_type": "order", "object_id": strconv.FormatInt(o.EntityID, 10), "object_increment_id": o.IncrementID,
	})
	if err != nil {
		return fmt.Errorf("encode reservation: %w", err)
	}
	for _, row := range rows {
		units := row.qty.Shift(reservationScale).IntPart()
		if units == 0 {
			continue
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO inventory_reservation (stock_id, sku, quantity, metadata)
			SELECT ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM catalog_product WHERE sku = ?)`,
			s.stockOf(o.StoreID).id, row.item.SKU, units, string(metadata), row.item.SKU); err != nil {
			return fmt.Errorf("reserve %s: %w", row.item.SKU, err)
		}
	}
	return nil
}

// reserveOrder takes an order's goods from what is salable before it is placed,
// or refuses it; anyStock takes them whatever there is, as backorders do
// (magento/inventory,
// InventorySales/Plugin/Sales/OrderManagement/AppendReservationsAfterOrderPlacementPlugin).
func (s *Server) reserveOrder(ctx context.Context, o *order, anyStock bool) error {
	goods := o.goods()
	if len(goods) == 0 {
		return nil
	}
	return s.db.write(ctx, func(tx *sql.Tx) error {
		if !anyStock {
			if err := s.stockOf(o.StoreID).has(ctx, tx, goods); err != nil {
				return err
			}
		}
		return s.reserve(ctx, tx, o, "order_placed", signed(goods, -1))
	})
}

// releaseOrder gives back what an order reserved that then wasn't placed.
func (s *Server) releaseOrder(ctx context.Context, o *order) error {
	return s.db.write(ctx, func(tx *sql.Tx) error {
		return s.reserve(ctx, tx, o, "order_place_failed", signed(o.goods(), 1))
	})
}

func signed(goods []*orderItem, sign int64) (rows []chosen) {
	for _, it := range goods {
		rows = append(rows, chosen{it, it.QtyOrdered.Mul(decimal.New(sign, 0))})
	}
	return rows
}

// has refuses goods that the stock can't serve.
func (st stock) has(ctx context.Context, tx *sql.Tx, goods []*orderItem) error {
	wanted, names := map[string]decimal.Decimal{}, []string(nil)
	for _, it := range goods {
		wanted[it.SKU] = wanted[it.SKU].Add(it.QtyOrdered)
	}
	names = append(names, sortedKeys(wanted)...)
	levels, err := st.levels(ctx, tx, names...)
	if err != nil {
		return err
	}
	for _, sku := range names {
		if l := levels[strings.ToUpper(sku)]; !l.serves(wanted[sku]) {
			return fmt.Errorf("%w: %s of %s wanted, %s salable in stock %d", ErrNotSalable, wanted[sku], sku, l.salable, st.id)
		}
	}
	return nil
}

// takeStock lowers a source, and reports whether it has too little. A SKU that
// the catalogue doesn't have takes nothing.
func takeStock(ctx context.Context, tx *sql.Tx, sku, source string, qty decimal.Decimal) (short bool, err error) {
	onHand, err := sourceQuantity(ctx, tx, sku, source)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err := tx.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM catalog_product WHERE sku = ?`, sku).Scan(&short)
		return short, err
	case err != nil:
		return false, err
	case onHand.LessThan(qty):
		return true, nil
	}
	left := onHand.Sub(qty)
	return false, upsertSourceItem(ctx, tx, sourceItem{SKU: sku, SourceCode: source, Quantity: left, Status: asFlag(left.Sign() > 0)})
}

// returnStock puts goods back.
func returnStock(ctx context.Context, tx *sql.Tx, back returnedGoods) error {
	onHand, err := sourceQuantity(ctx, tx, back.sku, back.source)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return upsertSourceItem(ctx, tx, sourceItem{SKU: back.sku, SourceCode: back.source, Quantity: onHand.Add(back.qty), Status: 1})
}

func sourceQuantity(ctx context.Context, tx *sql.Tx, sku, source string) (decimal.Decimal, error) {
	var quantity string
	if err := tx.QueryRowContext(ctx, `SELECT quantity FROM inventory_source_item WHERE sku = ? AND source_code = ?`, sku, source).Scan(&quantity); err != nil {
		return decimal.Zero, fmt.Errorf("read stock of %s: %w", sku, err)
	}
	return decimal.NewFromString(quantity)
}
