package magento

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestFieldNames holds what is present and what is absent in each part of an
// order: a null field has no key, and rows differ by what they carry.
func TestFieldNames(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = -1 })
	var child Product
	all, err := s.SKUs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		if p.ParentSKU != "" {
			child = p
		}
	}
	s.place(PlaceOrder{
		Store: "default", Currency: "EUR", CustomerID: 1, PaymentMethod: "checkmo", CouponCode: "TRAIL10", DiscountPercent: amount("10"),
		GiftCards: []PlaceGiftCard{{Code: "A", Amount: amount("25")}}, Comment: "At the side door, please.",
		Lines: []PlaceLine{
			{SKU: child.SKU}, {SKU: "BTL-STEEL-1L", Options: map[string]string{"12": "A.V."}}, {SKU: "YOGA-SET"}, {SKU: "CAMP-KITCHEN"},
			{SKU: "GUIDE-PDF"}, {SKU: "LAMP-HEAD-USB", GiftWrap: amount("2")}, {SKU: "GIFT-CARD"},
		},
	})
	doc := get[map[string]json.RawMessage](s, "/rest/V1/orders/1")
	var b strings.Builder
	write := func(name string, raw json.RawMessage) {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(raw, &fields); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n\t%s\n", name, strings.Join(slices.Sorted(maps.Keys(fields)), "\n\t"))
	}
	whole, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	write("order", whole)
	seen := map[string]bool{}
	for _, it := range restDoc(doc).list("items") {
		name := it.text("product_type")
		if _, child := it["parent_item_id"]; child {
			name += " of " + it.object("parent_item").text("product_type") + " " + strings.SplitN(it.object("parent_item").text("sku"), "-", 2)[0]
		} else if name == TypeBundle {
			name += " " + strings.SplitN(it.text("sku"), "-", 2)[0]
		} else if it["weee_tax_applied"] != nil {
			name += " with a fixed tax and gift wrap"
		}
		row, err := json.Marshal(it)
		if err != nil {
			t.Fatal(err)
		}
		if name = strings.Replace(name, " "+strings.SplitN(child.SKU, "-", 2)[0], "", 1); !seen[name] {
			write(name, row)
		}
		seen[name] = true
	}
	write("payment", doc["payment"])
	write("extension_attributes", doc["extension_attributes"])

	const golden = "testdata/order-fields.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("fields are now (run with -update and look at the difference):\n%s", b.String())
	}
}
