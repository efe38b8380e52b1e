package flow

import (
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

// unitPlaces is the scale of UNITPRCE (eConnect, taSopLineIvcInsert: numeric(19,5)).
const unitPlaces = 5

var orderFunctions = []function{
	{
		group: "orders", name: "orderAmount", params: []param{need("record", kindRecord), need("field", kindText), may("currency", kindText)}, gives: kindNumber,
		doc: `An amount of a Magento order, row or extension record: the field itself with currency "order" (the default), its base_ twin with "base"; ` +
			"0 where it is absent. The two are never mixed: each was rounded on its own. (Magento core, Sales/etc/db_schema.xml.)",
		example: `orderAmount({tax_amount: 7.1, base_tax_amount: 7.72}, "tax_amount", "base")`, result: `"7.72"`,
		do: func(args []any) (any, error) {
			return orderAmount(args[0].(map[string]any), args[1].(string), textArg(args, 2, "order"))
		},
	},
	{
		group: "orders", name: "orderMoneyRows", params: []param{need("items", kindList), may("currency", kindText)}, gives: kindList,
		doc: "The item rows of a Magento order that carry its money, each as {index, sku, product, name, type, quantity, price, rowTotal, tax, discount, fpt, virtual, item}; product is Magento's product_id, item the row itself. " +
			"A simple, virtual, downloadable or grouped row carries its own; a configurable's parent row carries it, with the child's SKU; " +
			"a bundle with dynamic prices is counted by its children, one with a fixed price by itself. " +
			"Their rowTotals add up to the order's subtotal. (Magento core, Sales/Model/Order/Item, Bundle/Model/Product/Price, Tax/Model/TaxCalculation.)",
		example: `map(orderMoneyRows([{item_id: 1, product_type: "configurable", sku: "A-M", qty_ordered: 2, price: 5, row_total: 10}, ` +
			`{item_id: 2, parent_item_id: 1, product_type: "simple", sku: "A-M", qty_ordered: 2, price: 0, row_total: 0}]), .sku)`,
		result: `["A-M"]`,
		do: func(args []any) (any, error) {
			return orderMoneyRows(args[0].([]any), textArg(args, 1, "order"))
		},
	},
	{
		group: "orders", name: "priceRows",
		params: []param{need("rows", kindList), need("places", kindNumber), may("unitPlaces", kindNumber)}, gives: kindList,
		doc: "Rows of orderMoneyRows with {unitPrice, extended, rest} added, such that GP agrees with itself: extended is quantity x unitPrice " +
			"at the currency's places (eConnect checks it). unitPrice is Magento's price where that gives rowTotal; else rowTotal / quantity with the fewest places, " +
			"up to unitPlaces (the currency's, if not given; GP's items keep up to five), that does. Where none does, the nearest is taken and rest holds what is missing: " +
			"rowTotal = extended + rest, and the flow says where rest goes. Magento's price is rounded, so quantity x price may differ from row_total by cents; row_total is right.",
		example: `priceRows([{quantity: 3, price: 3.33, rowTotal: 10}], 2, 5)[0].unitPrice`, result: `"3.333"`,
		do: func(args []any) (any, error) {
			places, err := wholeNumber(args[1].(decimal.Decimal))
			if err != nil || places < 0 || places > unitPlaces {
				return nil, fmt.Errorf("a currency has 0 to %d places, not %s", unitPlaces, args[1])
			}
			finest := places
			if len(args) > 2 && args[2] != nil {
				if finest, err = wholeNumber(args[2].(decimal.Decimal)); err != nil || finest < 0 || finest > unitPlaces {
					return nil, fmt.Errorf("a unit price of GP has 0 to %d places, not %s", unitPlaces, args[2])
				}
			}
			return priceRows(args[0].([]any), int32(places), int32(max(finest, places))) //nolint:gosec // bounded above
		},
	},
	{
		group: "orders", name: "sopType", params: []param{need("state", kindText)}, gives: kindText,
		doc:     "The SOP type for a Magento order in a state: Order, for every state that is written at all.",
		example: `sopType("new")`, result: `"Order"`,
		do: func([]any) (any, error) { return "Order", nil },
	},
}

// baseNames are the base_ twins that are not simply named so.
var baseNames = map[string]string{
	"shipping_discount_tax_compensation_amount": "base_shipping_discount_tax_compensation_amnt",
	"weee_tax_applied_row_amount":               "base_weee_tax_applied_row_amnt",
	"gw_price":                                  "gw_base_price", "gw_items_price": "gw_items_base_price", "gw_card_price": "gw_card_base_price",
}

// baseName is the name of a field's twin in the base currency.
func baseName(record map[string]any, field string) string {
	twin, ok := baseNames[field]
	if !ok || record[twin] == nil { // third-party exports spell it out
		return "base_" + field
	}
	return twin
}

func orderAmount(record map[string]any, field, currency string) (decimal.Decimal, error) {
	switch currency {
	case "order":
	case "base":
		field = baseName(record, field)
	default:
		return decimal.Decimal{}, fmt.Errorf("amounts are in the currency order or base, not %q", currency)
	}
	switch v := record[field].(type) {
	case nil:
		return decimal.Decimal{}, nil
	case decimal.Decimal:
		return v, nil
	case string:
		if strings.TrimSpace(v) == "" {
			return decimal.Decimal{}, nil
		}
		d, err := parseDecimal(strings.TrimSpace(v))
		if err != nil {
			return d, fmt.Errorf("%s: %w", field, err)
		}
		return d, nil
	default:
		return decimal.Decimal{}, fmt.Errorf("%s is %v, not an amount", field, kindOf(v))
	}
}

func orderMoneyRows(items []any, currency string) (any, error) {
	type tree struct {
		children  int
		withPrice bool
	}
	parents := map[string]*tree{}
	byID := map[string]map[string]any{}
	records := make([]map[string]any, len(items))
	for i, v := range items {
		r, ok := v.(map[string]any)
		if !ok {
			return nil, failure.Rejected("order.items.unreadable", fmt.Sprintf("items[%d]", i), fmt.Sprintf("an item row is %v", kindOf(v)), "look at the order in Magento")
		}
		records[i] = r
		byID[textOf(r["item_id"])] = r
	}
	for _, r := range records {
		parent := textOf(r["parent_item_id"])
		if byID[parent] == nil || parent == "" {
			continue
		}
		t := parents[parent]
		if t == nil {
			t = &tree{}
			parents[parent] = t
		}
		t.children++
		price, err := orderAmount(r, "price", currency)
		if err != nil {
			return nil, err
		}
		t.withPrice = t.withPrice || !price.IsZero()
	}
	rows := make([]any, 0, len(records))
	for i, r := range records {
		id, parent := textOf(r["item_id"]), textOf(r["parent_item_id"])
		dynamic := func(id string) bool {
			return byID[id] != nil && byID[id]["product_type"] == "bundle" && parents[id] != nil && parents[id].withPrice
		}
		if byID[parent] != nil && parent != "" {
			if !dynamic(parent) {
				continue
			}
		} else if dynamic(id) {
			continue
		}
		row, err := moneyRow(i, r, currency)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func moneyRow(i int, r map[string]any, currency string) (map[string]any, error) {
	row := map[string]any{
		"index": decimal.NewFromInt(int64(i)), "sku": r["sku"], "product": r["product_id"], "name": r["name"], "type": r["product_type"],
		"virtual": textOf(r["is_virtual"]) == "1", "item": r,
	}
	var err error
	amount := func(name, field, currency string) {
		d, e := orderAmount(r, field, currency)
		if e != nil && err == nil {
			err = fmt.Errorf("items[%d]: %w", i, e)
		}
		row[name] = d
	}
	amount("quantity", "qty_ordered", "order")
	// Magento keeps four places (Sales/etc/db_schema.xml); what PHP shows beyond is noise.
	row["quantity"] = row["quantity"].(decimal.Decimal).Round(4)
	amount("price", "price", currency)
	amount("rowTotal", "row_total", currency)
	amount("tax", "tax_amount", currency)
	amount("discount", "discount_amount", currency)
	amount("fpt", "weee_tax_applied_row_amount", currency)
	return row, err
}

func priceRows(rows []any, places, finest int32) (any, error) {
	priced := make([]any, len(rows))
	for i, v := range rows {
		r, _ := v.(map[string]any)
		quantity, qok := r["quantity"].(decimal.Decimal)
		price, pok := r["price"].(decimal.Decimal)
		total, tok := r["rowTotal"].(decimal.Decimal)
		if !qok || !pok || !tok {
			return nil, fmt.Errorf("priceRows needs rows of orderMoneyRows; row %d is not one", i)
		}
		row := make(map[string]any, len(r)+3)
		for k, v := range r {
			row[k] = v
		}
		total = total.Round(places)
		unit, extended := unitPrice(quantity, price, total, places, finest)
		row["rowTotal"], row["unitPrice"], row["extended"], row["rest"] = total, unit, extended, total.Sub(extended)
		priced[i] = row
	}
	return priced, nil
}

// unitPrice finds the unit price for which GP's quantity x price is the row's
// total; failing that, the nearest of the finest places.
func unitPrice(quantity, price, total decimal.Decimal, places, finest int32) (unit, extended decimal.Decimal) {
	if quantity.IsZero() {
		return price, decimal.Decimal{}
	}
	if p := price.Round(finest); quantity.Mul(p).Round(places).Equal(total) {
		return p, total
	}
	for n := places; n <= finest; n++ {
		unit = total.DivRound(quantity, n)
		if extended = quantity.Mul(unit).Round(places); extended.Equal(total) {
			return unit, total
		}
	}
	return unit, extended
}
