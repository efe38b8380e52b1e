package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/link"
	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// losesAnswers are faults of the store: it ships and invoices, and says so only
// sometimes; other calls fail before any work.
const losesAnswers = `{"lostAnswerRate": 0.3, "errorRate": 0.2, "lostAnswerOn": "POST .*V1/(order/.*/(ship|invoice)|shipment/track)"}`

// An order is shipped in part, and then the rest in two parcels, while calls
// fail and answers get lost on both sides: the store has these shipments and
// parcels, no more, and is done when GP has posted the invoices.
func TestWhatTheWarehouseShipsIsShippedInTheStore(t *testing.T) {
	t.Parallel()
	p := all.pairs["shipped"]
	suffer(t, p)
	orders := []struct {
		name, order string
		first       string // what goes first, as the warehouse tells it
	}{
		{"simple", `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "YOGA-STRAP-06", "qty": 3}, {"sku": "CAMP-MUG", "qty": 1}]}`, `{"YOGA-STRAP-06": 1}`},
		{"configurable", `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "` + p.sized(t) + `", "qty": 2}, {"sku": "FLASK/750+"}]}`, `{"FLASK/750+": 1}`},
		{"bundle", `{"store": "default", "payment_method": "checkmo", "kind": "bundle"}`, ""},
		{"bundle with a fixed price", `{"store": "default", "payment_method": "checkmo", "kind": "bundle-fixed"}`, ""},
		{"mixed", `{"store": "default", "payment_method": "checkmo", "kind": "mixed"}`, ""},
	}
	rows := make([]magento.OrderRow, len(orders))
	parcels := make([][]string, len(orders))
	for i, o := range orders {
		rows[i] = p.place(t, o.order)
	}
	for i, o := range orders {
		document := p.written(t, rows[i].IncrementID)
		if o.first != "" {
			parcels[i] = append(parcels[i], rows[i].IncrementID+"A")
			p.fulfil(t, document.Number, o.first, parcels[i][0])
			p.shippedAs(t, rows[i].IncrementID, parcels[i])
		}
	}
	for i := range orders {
		both := rows[i].IncrementID + "B " + rows[i].IncrementID + "C"
		parcels[i] = append(parcels[i], both)
		p.fulfil(t, "WEB"+rows[i].IncrementID, "", strings.Fields(both)...)
	}
	for i := range orders {
		p.shippedAs(t, rows[i].IncrementID, parcels[i])
		for _, invoice := range p.invoicesOf(t, "WEB"+rows[i].IncrementID) {
			call(t, http.MethodPost, p.company.URL+"/_sandbox/invoices/"+invoice.Number+"/post", "", "")
		}
	}
	for i, o := range orders {
		number := rows[i].IncrementID
		defer func() {
			if t.Failed() {
				t.Logf("%s: order %s has parcels %q, letters %q", o.name, number, p.parcels(t, number), p.codes(t, "WEB"+number))
				for _, v := range p.order(t, number)["items"].([]any) {
					item := v.(map[string]any)
					t.Logf("%v %v: ordered %v, shipped %v, invoiced %v", item["sku"], item["product_type"], item["qty_ordered"], item["qty_shipped"], item["qty_invoiced"])
				}
			}
		}()
		until(t, o.name+": order "+number+" is complete", func() bool { return p.order(t, number)["state"] == "complete" })
		if got := p.parcels(t, number); !slices.Equal(got, parcels[i]) {
			t.Errorf("%s: the parcels are %q, want %q", o.name, got, parcels[i])
		}
		for sku, left := range leftOf(p.order(t, number), "qty_shipped") {
			if !left.IsZero() {
				t.Errorf("%s: %s of %s are not shipped", o.name, left, sku)
			}
		}
		if letters := p.lettersOf(t, "WEB"+number); len(letters) > 0 {
			t.Errorf("%s: letters %+v", o.name, letters)
		}
	}
}

// sized is the SKU of a product that is sold through its configurable parent.
func (p *pair) sized(t *testing.T) string {
	t.Helper()
	var products []magento.Product
	decode(t, call(t, http.MethodGet, p.store.URL+"/_sandbox/products", "", ""), &products)
	at := slices.IndexFunc(products, func(p magento.Product) bool { return p.ParentSKU != "" })
	return products[at].SKU
}

// suffer has both systems of a pair fail until the test ends.
func suffer(t *testing.T, p *pair) {
	t.Helper()
	call(t, http.MethodPut, p.store.URL+"/_sandbox/faults", "", losesAnswers)
	call(t, http.MethodPut, p.company.URL+"/_sandbox/faults", "", `{"errorRate": 0.05, "lostAnswerRate": 0.1, "lostAnswerOn": "GetSales|CreateSalesOrder"}`)
}

// A shipment that is there before its order is known to be in both systems waits
// for it; where that never comes to be, a person is told, and can replay it.
func TestAShipmentBeforeItsOrder(t *testing.T) {
	t.Parallel()
	p := all.pairs["shipped"]
	links, err := p.world.bus.KV(t.Context(), bus.Links)
	if err != nil {
		t.Fatal(err)
	}
	store := link.NewStore(links, p.name)
	late, never := p.place(t, twoStraps), p.place(t, twoStraps)
	broken := map[string]events.Link{}
	for _, row := range []magento.OrderRow{late, never} {
		number := "WEB" + row.IncrementID
		p.written(t, row.IncrementID)
		until(t, "order "+number+" is linked, and its echo is over", func() bool {
			return strings.Contains(p.world.run(t, "trace", "order", row.IncrementID, "--pair", p.name), "processing")
		})
		l, there, err := store.Break(t.Context(), events.Ref{System: events.GP, Entity: events.Order, Key: events.Key(number)})
		if err != nil || !there {
			t.Fatalf("no link of %s: %v", number, err)
		}
		broken[number] = l
		p.fulfil(t, number, "", row.IncrementID+"A")
	}
	number := "WEB" + late.IncrementID
	until(t, "the shipment of "+number+" waits", func() bool { return p.waits(t, events.Shipment, number) })
	if got := p.parcels(t, late.IncrementID); len(got) > 0 {
		t.Errorf("shipped before its order was known: %q", got)
	}
	if err := store.Make(t.Context(), broken[number]); err != nil {
		t.Fatal(err)
	}
	p.shippedAs(t, late.IncrementID, []string{late.IncrementID + "A"})

	number = "WEB" + never.IncrementID
	until(t, "a person is told of "+number, func() bool {
		return slices.Contains(p.codes(t, number), "needs.order")
	})
	if err := store.Make(t.Context(), broken[number]); err != nil {
		t.Fatal(err)
	}
	p.world.run(t, "dlq", "replay", "--by", "ana", "--pair", p.name, "--code", "needs.order")
	p.shippedAs(t, never.IncrementID, []string{never.IncrementID + "A"})
}

// An order on hold is not shipped; a clerk is told, releases it, and replays.
func TestAShipmentOfAnOrderOnHold(t *testing.T) {
	t.Parallel()
	p := all.pairs["shipped"]
	row := p.place(t, twoStraps)
	number := p.written(t, row.IncrementID).Number
	hold := fmt.Sprintf("%s/rest/default/V1/orders/%d/", p.store.URL, row.EntityID)
	call(t, http.MethodPost, hold+"hold", token, "")
	p.fulfil(t, number, "", row.IncrementID+"A")
	until(t, "a person is told of "+number, func() bool { return slices.Contains(p.codes(t, number), "magento.shipment.held") })
	call(t, http.MethodPost, hold+"unhold", token, "")
	p.world.run(t, "dlq", "replay", "--by", "ana", "--pair", p.name, "--code", "magento.shipment.held")
	p.shippedAs(t, row.IncrementID, []string{row.IncrementID + "A"})
}

// fulfil has the warehouse ship lines of a sales order, all if there are none
// named, and transfer them to an invoice.
func (p *pair) fulfil(t *testing.T, number, lines string, tracking ...string) {
	t.Helper()
	body := `{"transfer": true, "tracking": ["` + strings.Join(tracking, `", "`) + `"]`
	if lines != "" {
		body += `, "lines": ` + lines
	}
	call(t, http.MethodPost, p.company.URL+"/_sandbox/orders/"+number+"/fulfil", "", body+"}")
}

// invoicesOf are the invoices in GP that were made of a sales order.
func (p *pair) invoicesOf(t *testing.T, number string) (list []gp.OrderRow) {
	t.Helper()
	decode(t, call(t, http.MethodGet, p.company.URL+"/_sandbox/invoices", "", ""), &list)
	return slices.DeleteFunc(list, func(d gp.OrderRow) bool { return d.Origin != number })
}

// parcels are the tracking numbers of each of an order's shipments in the store.
func (p *pair) parcels(t *testing.T, number string) (all []string) {
	t.Helper()
	for _, shipment := range p.salesDocuments(t, "shipments", number) {
		var numbers []string
		for _, track := range shipment["tracks"].([]any) {
			numbers = append(numbers, track.(map[string]any)["track_number"].(string))
		}
		all = append(all, strings.Join(numbers, " "))
	}
	return all
}

// shippedAs waits until an order's shipments have these parcels.
func (p *pair) shippedAs(t *testing.T, number string, want []string) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("order %s has %q, letters %q", number, p.parcels(t, number), p.codes(t, "WEB"+number))
		}
	}()
	until(t, fmt.Sprintf("order %s is shipped as %q", number, want), func() bool { return slices.Equal(p.parcels(t, number), want) })
}

// salesDocuments reads an order's shipments or invoices by the store's REST API.
func (p *pair) salesDocuments(t *testing.T, kind, number string) []map[string]any {
	t.Helper()
	search := "/rest/default/V1/" + kind + "?searchCriteria[filter_groups][0][filters][0][field]=order_id&searchCriteria[filter_groups][0][filters][0][value]="
	var found struct {
		Items []map[string]any `json:"items"`
	}
	decode(t, call(t, http.MethodGet, p.store.URL+search+fmt.Sprint(p.order(t, number)["entity_id"]), token, ""), &found)
	return found.Items
}

// leftOf is what is not shipped, or not invoiced, by SKU of the rows that are goods.
func leftOf(order map[string]any, done string) map[string]decimal.Decimal {
	left := map[string]decimal.Decimal{}
	for _, v := range order["items"].([]any) {
		item := v.(map[string]any)
		if virtual, _ := item["is_virtual"].(float64); virtual == 0 {
			left[fmt.Sprint(item["sku"])] = money(item, "qty_ordered").Sub(money(item, done))
		}
	}
	return left
}

// codes are those of the dead letters of a record.
func (p *pair) codes(t *testing.T, key string) (codes []string) {
	t.Helper()
	for _, l := range p.lettersOf(t, key) {
		codes = append(codes, l.Code)
	}
	return codes
}

// waits tells whether a command for an entity of the store is put off.
func (p *pair) waits(t *testing.T, entity events.Entity, key string) bool {
	t.Helper()
	later, err := p.world.bus.Newest(t.Context(), bus.Commands, "magpie.later.*."+p.name+".>")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range later {
		if strings.Contains(m.Subject, "."+string(entity)+"."+events.Key(key).Token()+".") {
			return true
		}
	}
	return false
}

// gpOutcome waits until a change of a sales order has come to a result in the store.
func (p *pair) gpOutcome(t *testing.T, number string, entity events.Entity, result events.Result) {
	t.Helper()
	subject := "magpie.outcome." + p.name + ".gp.order." + events.Key(number).Token()
	until(t, fmt.Sprintf("the %s of %s is %s", entity, number, result), func() bool {
		for stored, err := range p.world.bus.Scan(t.Context(), bus.Outcomes, subject) {
			if err != nil {
				t.Fatal(err)
			}
			var o events.Outcome
			if decode(t, stored.Data, &o); o.System == events.Magento && o.Entity == entity && o.Result == result {
				return true
			}
		}
		return false
	})
}
