package e2e

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// TestBadWebhooksAreExplained: the door answers what is wrong and what to do,
// keeps nothing of it, and takes the good ones before and after.
func TestBadWebhooksAreExplained(t *testing.T) { //nolint:tparallel // a good webhook comes after them
	t.Parallel()
	p := all.pairs["door"]
	const (
		begin = `{"event": "sales_order_save_commit_after", "data": {"increment_id": "000000099", "customer_email": "rowan@example.com"`
		body  = begin + "}}"
	)
	before := p.place(t, twoStraps)
	for _, c := range []struct {
		name, body, secret string
		status             int
		say                map[string]string
	}{
		{"a wrong signature", body, "another secret of webhooks", http.StatusUnauthorized, map[string]string{
			"code": "webhook.signature_wrong", "field": "X-Hub-Signature-256", "error": "no known secret gives this signature",
			"fix": "compare the secret with the store's; during a change put the old one under previous_secrets",
		}},
		{"truncated JSON", begin, hookSecret, http.StatusBadRequest, map[string]string{
			"code": "webhook.syntax", "error": fmt.Sprintf("the body is not JSON from byte %d on", len(begin)), "fix": "send JSON",
		}},
		{"deeply nested JSON", begin + `, "x": ` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + "}}", hookSecret, http.StatusBadRequest, map[string]string{
			"code": "webhook.too_deep", "error": "the body is nested deeper than 64 levels", "fix": "send the fields of the record only",
		}},
		{"10 MiB of JSON", begin + `, "x": "` + strings.Repeat("y", 10<<20) + `"}}`, hookSecret, http.StatusRequestEntityTooLarge, map[string]string{
			"code": "ingest.too_large", "error": "a webhook may have 1048576 bytes", "fix": "send the fields of the record only; the rest is read by the API",
		}},
		{"an unknown event", strings.Replace(body, "sales_order_save_commit_after", "cms_page_save_after", 1), hookSecret, http.StatusUnprocessableEntity, map[string]string{
			"code": "webhook.event_unknown", "field": "event", "error": `the event "cms_page_save_after" is not known; known are`, "fix": "send one of the known events",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, answer := p.send(t, c.body, c.secret)
			var said map[string]string
			decode(t, answer, &said)
			for field, want := range c.say {
				if !strings.HasPrefix(said[field], want) {
					t.Errorf("%s is %q, want %q", field, said[field], want)
				}
			}
			if status != c.status || strings.Contains(string(answer), "rowan") {
				t.Errorf("got %d %s", status, answer)
			}
		})
	}
	after := p.place(t, twoStraps)
	p.written(t, before.IncrementID)
	p.written(t, after.IncrementID)
	if kept, err := p.world.bus.Newest(t.Context(), bus.Notices, events.NoticeSubject(p.name, events.Magento, events.Order, "000000099").String()); err != nil || len(kept) > 0 {
		t.Errorf("of what was refused there are notices: %v %v", kept, err)
	}
}

// send sends a webhook as the store would, signed with a secret.
func (p *pair) send(t *testing.T, body, secret string) (status int, answer []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.world.door+"/hooks/magento/"+p.name, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	sum := hmac.New(sha256.New, []byte(secret))
	_, _ = sum.Write([]byte(body)) // a hash takes everything
	r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	if answer, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// shipTo is where an order has its shipping address.
const shipTo = "/extension_attributes/shipping_assignments/0/shipping/address"

// damaged is an order that is read otherwise than any store has it; place is a
// JSON pointer.
func damaged(placesAndValues ...any) string {
	damage := map[string]any{}
	for i := 0; i < len(placesAndValues); i += 2 {
		damage[placesAndValues[i].(string)] = placesAndValues[i+1]
	}
	text, err := json.Marshal(damage)
	if err != nil {
		panic(err) // a test's own values
	}
	return strings.TrimSuffix(twoStraps, "}") + `, "damage": ` + string(text) + "}"
}

// TestImpossibleOrdersAreExplained: each is a dead letter that names the field,
// the value unless it is a person's, the rule and the next step.
func TestImpossibleOrdersAreExplained(t *testing.T) {
	t.Parallel()
	p := all.pairs["bad"]
	long, postcode := strings.Repeat("Featherstone", 17)[:200], strings.Repeat("53703-", 7)[:40]
	const byHand = "in Magento, then replay anew; or write the order by hand and discard this letter"
	cases := []struct {
		name, order              string
		code, field, reason, fix string
		private                  string // what a message must not tell
		placed                   magento.OrderRow
	}{
		{
			name: "no lines", order: damaged("/items", []any{}), code: "order.items.none", field: "lines",
			reason: "the order has no rows, and GP takes no order without a line", fix: "mend the order's items " + byHand,
		}, {
			name: "a negative quantity", order: damaged("/items/0/qty_ordered", -1), code: "order.items.quantity", field: "lines",
			reason: "the quantity of YOGA-STRAP-06 is -1, and GP takes only more than zero", fix: "mend the order's items " + byHand,
		}, {
			name: "an unknown SKU", order: damaged("/items/0/sku", "NO-SUCH-THING"), code: "gp.item.unknown", field: "ITEMNMBR",
			reason: "GP has no item NO-SUCH-THING", fix: "create the item in GP, or add a row with its number in GP to the table items, then replay",
		}, {
			name: "an unknown payment method", order: damaged("/payment/method", "klarna"), code: "order.payment.unmapped", field: "payment.method",
			reason: "the payment method klarna has no row in the table payment", fix: "add a row klarna to the table payment (magpie table set payment klarna ...), then replay",
		}, {
			name: "a name of 200 characters", order: damaged("/billing_address/lastname", long, "/customer_firstname", "", "/customer_lastname", long),
			code: "gp.order.too_long", field: "customer.name (CUSTNAME)", reason: "the value has 200 characters; 64 are taken",
			fix: "shorten the value in the source, or in the rule (a shorter prefix, left()), then replay", private: "Featherstone",
		}, {
			name: "a postcode of 40 characters", order: damaged("/billing_address/postcode", postcode), code: "gp.order.too_long",
			field: "customer.address.postalCode (ZIPCODE)", reason: "the value has 40 characters; 10 are taken",
			fix: "shorten the value in the source", private: "53703",
		}, {
			name: "a postcode to ship to", order: damaged(shipTo+"/postcode", postcode), code: "gp.order.too_long",
			field: "shipTo.postalCode (ZIPCODE)", reason: "the value has 40 characters; 10 are taken", fix: "shorten the value in the source", private: "53703",
		}, {
			name: "no billing address", order: damaged("/billing_address", nil), code: "order.billing.missing", field: "billing_address",
			reason: "the order has no billing address, and GP's customer and invoice need one",
			fix:    "give the order an address in Magento (PUT /V1/orders/<id>), then replay anew",
		}, {
			name: "a currency that GP lacks", order: `{"store": "default", "payment_method": "checkmo", "currency": "CHF"}`,
			code: "gp.currency.unknown", field: "CurrencyKey", reason: "The currency CHF does not exist or is not accessible to the company.",
			fix: "set the currency up in GP and give the company access",
		}, {
			name: "totals that don't add up", order: damaged("/grand_total", 1), code: "order.total.mismatch", field: "total",
			reason: "and the order's grand total is 1: a difference of -", fix: "a row of the table surcharges books it",
		}, {
			name: "a price below zero", order: damaged("/items/0/price", -5, "/items/0/row_total", -10), code: "order.items.price", field: "lines",
			reason: "the total of YOGA-STRAP-06 is below zero, and GP takes no such line", fix: "a reduction belongs into the discount",
		},
	}
	var good []magento.OrderRow
	for i := range cases {
		cases[i].placed = p.place(t, cases[i].order)
		good = append(good, p.place(t, twoStraps))
	}
	for _, o := range good {
		p.written(t, o.IncrementID)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			letter := p.refused(t, c.placed.IncrementID)
			if letter.Code != c.code || letter.Field != c.field || !strings.Contains(letter.Reason, c.reason) || !strings.Contains(letter.Fix, c.fix) {
				t.Errorf("got  %s: %s: %s; %s\nwant %s: %s: %s; %s", letter.Code, letter.Field, letter.Reason, letter.Fix, c.code, c.field, c.reason, c.fix)
			}
			if c.private != "" && strings.Contains(letter.Reason+letter.Fix, c.private) {
				t.Errorf("it tells what is a person's: %s; %s", letter.Reason, letter.Fix)
			}
			if found := p.documents(t, c.placed.IncrementID); len(found) > 0 {
				t.Errorf("GP has it: %+v", found)
			}
			if len(letter.Whole.Message.Body) == 0 {
				t.Error("the letter has not kept the order")
			}
		})
	}
}

// TestOddOrdersArrive: what looks wrong and is not, or can be written with a
// warning, arrives to the cent.
func TestOddOrdersArrive(t *testing.T) {
	t.Parallel()
	p := all.pairs["bad"]
	cases := []struct {
		name, order, warning string
		placed               magento.OrderRow
	}{
		{name: "a price of zero", order: `{"store": "default", "payment_method": "checkmo", "kind": "zero-price"}`},
		{name: "a price of five decimals", order: `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "YOGA-STRAP-06", "qty": 3, "price": 9.12345}]}`},
		{name: "a price that is shown with five decimals", order: damaged("/items/0/price", 14.00004)},
		{name: "nothing to ship, and no address to ship to", order: `{"store": "default", "payment_method": "checkmo", "kind": "virtual"}`},
		{name: "emoji", order: damaged("/billing_address/city", "Nice 🏖️", shipTo+"/city", "Nice 🏖️")},
		{
			name: "Chinese and Japanese", order: damaged("/billing_address/city", "東京", shipTo+"/street", []string{"北京市朝阳区"}),
			warning: "warning: order.address.characters: an address has letters that GP's code page lacks; they are written as ?, so the parcel may not arrive: " +
				"ask the shopper for it in Latin letters, and correct it in Magento",
		},
		{
			name: "a name in Japanese", order: damaged("/customer_firstname", "花子", "/customer_lastname", "山田"),
			warning: "warning: order.customer.characters: the customer's name has letters that GP's code page lacks; they are written as ?: correct it in Magento",
		},
	}
	for i := range cases {
		cases[i].placed = p.place(t, cases[i].order)
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			number := c.placed.IncrementID
			for _, fault := range compare(p.order(t, number), placed{OrderRow: c.placed}, p.written(t, number)) {
				t.Error(fault)
			}
			if c.warning == "" {
				return
			}
			for _, command := range []string{"explain", "trace"} {
				if said := p.world.run(t, command, "order", number, "--pair", p.name); !strings.Contains(said, c.warning) {
					t.Errorf("%s does not say %q:\n%s", command, c.warning, said)
				}
			}
		})
	}
}
