package magentowriter

import (
	"slices"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/magento"
)

// TestMissingIsSentOnce: whatever was shipped, by whom and for which document,
// what the plan sends brings the store to what GP tells of, never beyond what is
// ordered, and nothing is missing then.
func TestMissingIsSentOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items, documents := drawOrder(t), []magento.Document(nil)
		var parts []covers
		for i := range rapid.IntRange(1, 4).Draw(t, "invoices") {
			part := covers{number: "INV" + string(rune('1'+i))}
			for _, sku := range []string{"A", "B"} {
				if q := rapid.IntRange(0, 2).Draw(t, "quantity"); q > 0 {
					part.lines = append(part.lines, events.FulfilledLine{Item: sku, SKUs: []string{sku}, Quantity: decimal.NewFromInt(int64(q))})
				}
			}
			parts = append(parts, part)
			if rapid.Bool().Draw(t, "somebody ships by hand") {
				row := rapid.IntRange(0, len(items)-1).Draw(t, "row")
				if left := leftToShip(items[row]); left.IsPositive() {
					documents = append(documents, shipped(items, "by hand", magento.QtyOf{OrderItemID: items[row].ID, Qty: decimal.NewFromInt(1)}))
				}
			}
			before := sums(items)
			p, err := reckon(shipping, shippable(items, nil), parts, documents)
			if err != nil {
				if total(parts)["A"].LessThanOrEqual(ordered(items)["A"]) && total(parts)["B"].LessThanOrEqual(ordered(items)["B"]) {
					t.Fatalf("refused, and GP tells of no more than is ordered: %v", err)
				}
				return
			}
			for n, missing := range p.missing {
				if len(missing) > 0 {
					documents = append(documents, shipped(items, shipping.mark+parts[n].number, missing...))
				}
			}
			for sku, want := range total(parts) {
				if got := sums(items)[sku]; !got.Equal(decimal.Max(want, before[sku])) {
					t.Fatalf("%s of %s are shipped, GP tells of %s, and %s were before", got, sku, want, before[sku])
				}
			}
			for _, i := range items {
				if i.QtyShipped.GreaterThan(i.QtyOrdered) {
					t.Fatalf("row %d: %s of %s are shipped", i.ID, i.QtyShipped, i.QtyOrdered)
				}
			}
			if again, err := reckon(shipping, shippable(items, nil), parts, documents); err != nil || !again.complete() {
				t.Fatalf("something is missing still: %v, %v", again, err)
			}
		}
	})
}

// drawOrder has one to four rows of two products.
func drawOrder(t *rapid.T) (items []magento.OrderItem) {
	for i := range rapid.IntRange(2, 4).Draw(t, "rows") {
		items = append(items, magento.OrderItem{
			ID: int64(i + 1), SKU: []string{"A", "B"}[i%2], Type: "simple",
			QtyOrdered: decimal.NewFromInt(int64(rapid.IntRange(1, 4).Draw(t, "ordered"))),
		})
	}
	return items
}

// shipped ships rows, as Magento does, and gives the shipment.
func shipped(items []magento.OrderItem, comment string, rows ...magento.QtyOf) magento.Document {
	d := magento.Document{Comments: []magento.Comment{{Comment: comment}}}
	for _, row := range rows {
		at := slices.IndexFunc(items, func(i magento.OrderItem) bool { return i.ID == row.OrderItemID })
		items[at].QtyShipped = items[at].QtyShipped.Add(row.Qty)
		d.Items = append(d.Items, magento.DocumentItem{OrderItemID: row.OrderItemID, SKU: items[at].SKU, Qty: row.Qty})
	}
	return d
}

func sums(items []magento.OrderItem) map[string]decimal.Decimal {
	sums := map[string]decimal.Decimal{}
	for _, i := range items {
		sums[i.SKU] = sums[i.SKU].Add(i.QtyShipped)
	}
	return sums
}

func ordered(items []magento.OrderItem) map[string]decimal.Decimal {
	sums := map[string]decimal.Decimal{}
	for _, i := range items {
		sums[i.SKU] = sums[i.SKU].Add(i.QtyOrdered)
	}
	return sums
}

func total(parts []covers) map[string]decimal.Decimal {
	sums := map[string]decimal.Decimal{}
	for _, part := range parts {
		for _, line := range part.lines {
			sums[line.Item] = sums[line.Item].Add(line.Quantity)
		}
	}
	return sums
}
