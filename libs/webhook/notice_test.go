package webhook_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/webhook"
)

var (
	adobe  = webhook.Config{Scheme: webhook.AdobeWebhooks}
	mageos = webhook.Config{Scheme: webhook.MageOSAsyncEvents}
)

var bodies = []struct {
	name, body string
	cfg        webhook.Config
	path       string
	want       webhook.Notice
	code       string
}{
	{"own form", `{"event":"sales_order_save_after","data":{"increment_id":"000000123","entity_id":123,"store_id":"2","updated_at":"2026-08-14 16:42:11"}}`, webhook.Config{}, "",
		webhook.Notice{Event: "sales_order_save_after", Entity: "order", Key: "000000123", ID: 123, StoreID: 2, Stamp: "2026-08-14 16:42:11"}, ""},
	{"data first, order inside", `{"data":{"order":{"increment_id":123,"items":[{"sku":"A","increment_id":"no"}]},"quote":{"entity_id":9}},"event":"checkout_submit_all_after"}`, webhook.Config{}, "",
		webhook.Notice{Event: "checkout_submit_all_after", Entity: "order", Key: "123"}, ""},
	{"Adobe webhook", `{"eventName":"observer.sales_order_save_after","data":{"order":{"increment_id":"A-7","entity_id":"7"}}}`, webhook.Config{EventIn: "body:eventName"}, "",
		webhook.Notice{Event: "observer.sales_order_save_after", Entity: "order", Key: "A-7", ID: 7}, ""},
	{"Adobe I/O event", `{"type":"com.adobe.commerce.42.observer.sales_order_save_commit_after","data":{"key":"k","value":{"increment_id":"7","entity_id":7}}}`, webhook.Config{EventIn: "body:type"}, "",
		webhook.Notice{Event: "com.adobe.commerce.42.observer.sales_order_save_commit_after", Entity: "order", Key: "7", ID: 7}, ""},
	{"bare order", `{"increment_id":"000000123","items":[],"payment":{"entity_id":5,"parent_id":9}}`, webhook.Config{}, "", webhook.Notice{Entity: "order", Key: "000000123"}, ""},
	{"echo", `{"entity_id":123,"status":"processing"}`, webhook.Config{}, "", webhook.Notice{Entity: "order", ID: 123}, ""},
	{"echo with an event", `{"event":"sales_order_save_after","data":{"entity_id":123,"increment_id":null}}`, webhook.Config{}, "", webhook.Notice{Event: "sales_order_save_after", Entity: "order", ID: 123}, ""},
	{"event in the path", `{"increment_id":"7","order_id":"12","items":[]}`, webhook.Config{EventIn: "path"}, "/sales.invoice.paid", webhook.Notice{Event: "sales.invoice.paid", Entity: "order", ID: 12}, ""},
	{"bare shipment", `{"increment_id":"7","order_id":12,"items":[]}`, webhook.Config{EventIn: "none"}, "", webhook.Notice{Entity: "order", ID: 12}, ""},
	{"invoice with its order", `{"event":"sales_order_invoice_pay","data":{"invoice":{"increment_id":"3"},"order":{"increment_id":"8","entity_id":8}}}`, webhook.Config{}, "",
		webhook.Notice{Event: "sales_order_invoice_pay", Entity: "order", Key: "8", ID: 8}, ""},
	{"history", `{"event":"sales_order_status_history_save_after","data":{"parent_id":12,"entity_id":3}}`, webhook.Config{}, "", webhook.Notice{Event: "sales_order_status_history_save_after", Entity: "order", ID: 12}, ""},
	{"fixed event", `{"entity_id":5,"email":"a@b"}`, webhook.Config{EventIn: "none", Event: "customer_save_after"}, "", webhook.Notice{Event: "customer_save_after", Entity: "customer", ID: 5}, ""},
	{"bare customer", `{"id":5,"email":"a@b","group_id":1}`, webhook.Config{}, "", webhook.Notice{Entity: "customer", ID: 5}, ""},
	{"customer address", `{"event":"customer_address_save_after","data":{"entity_id":9,"parent_id":5}}`, webhook.Config{}, "", webhook.Notice{Event: "customer_address_save_after", Entity: "customer", ID: 5}, ""},
	{"product", `{"event":"catalog_product_save_after","data":{"product":{"sku":"TRAIL-JKT","entity_id":3}}}`, webhook.Config{}, "", webhook.Notice{Event: "catalog_product_save_after", Entity: "product", Key: "TRAIL-JKT", ID: 3}, ""},
	{"stock", `{"event":"cataloginventory_stock_item_save_after","data":{"item":{"product_id":3,"qty":1}}}`, webhook.Config{}, "", webhook.Notice{Event: "cataloginventory_stock_item_save_after", Entity: "stock", ID: 3}, ""},
	{"Adobe's observer", `{"eventName":"observer.sales_order_save_after","data":{"order":{"increment_id":"A-7","entity_id":"7","base_grand_total":"12.0000"}}}`, adobe, "",
		webhook.Notice{Event: "observer.sales_order_save_after", Entity: "order", Key: "A-7", ID: 7}, ""},
	{"Adobe's plugin, by its shape", `{"order":{"increment_id":"7","items":[]},"result":{"entity_id":"9"}}`, adobe, "", webhook.Notice{Entity: "order", Key: "7"}, ""},
	{"Adobe's plugin, named by the URL", `{"order":{"increment_id":"7"},"result":{"entity_id":"9"}}`, adobe, "/plugin.magento.sales.api.order_management.place",
		webhook.Notice{Event: "plugin.magento.sales.api.order_management.place", Entity: "order", Key: "7"}, ""},
	{"Adobe's list of fields, by its shape", `{"increment_id":"7","total":"12.0000"}`, adobe, "", webhook.Notice{Entity: "order", Key: "7"}, ""},
	{"Adobe's list of fields, named by the configuration", `{"order_number":"x","entity_id":"7"}`,
		webhook.Config{Scheme: webhook.AdobeWebhooks, EventIn: "none", Event: "sales_order_save_after"}, "", webhook.Notice{Event: "sales_order_save_after", Entity: "order", ID: 7}, ""},
	{"Adobe's list of fields without a key", `{"total":"12.0000"}`, adobe, "observer.sales_order_save_after", webhook.Notice{}, "webhook.no_key"},
	{"Mage-OS, named by the URL", `{"increment_id":"3","entity_id":5,"order_id":12,"items":[]}`, mageos, "sales.invoice.created", webhook.Notice{Event: "sales.invoice.created", Entity: "order", ID: 12}, ""},
	{"Mage-OS, by its shape", `{"increment_id":"7","items":[],"payment":{},"event":"x"}`, mageos, "", webhook.Notice{Entity: "order", Key: "7"}, ""},
	{"Mage-OS, another event", `{"id":7}`, mageos, "cms.page.created", webhook.Notice{}, "webhook.event_unknown"},
	{"list of one", `[{"increment_id":"1"}]`, webhook.Config{}, "", webhook.Notice{Entity: "order", Key: "1"}, ""},
	{"list of two", `[{"increment_id":"1"},{"increment_id":"2"}]`, webhook.Config{}, "", webhook.Notice{}, "webhook.batch"},
	{"unknown event", `{"event":"cms_page_save_after","data":{"entity_id":1}}`, webhook.Config{}, "", webhook.Notice{}, "webhook.event_unknown"},
	{"no key", `{"event":"sales_order_save_after","data":{}}`, webhook.Config{}, "", webhook.Notice{}, "webhook.no_key"},
	{"a fraction as a key", `{"event":"sales_order_save_after","data":{"increment_id":1.5,"entity_id":1}}`, webhook.Config{}, "", webhook.Notice{}, "webhook.increment_id"},
	{"header empty", `{"entity_id":1}`, webhook.Config{EventIn: "header:X-Event"}, "", webhook.Notice{}, "webhook.event_missing"},
	{"no record", `{"hello":1}`, webhook.Config{}, "", webhook.Notice{}, "webhook.no_record"},
	{"text", `"x"`, webhook.Config{}, "", webhook.Notice{}, "webhook.no_record"},
	{"not JSON", `{"increment_id":"1",}`, webhook.Config{}, "", webhook.Notice{}, "webhook.syntax"},
	{"two values", `{"increment_id":"1"}{}`, webhook.Config{}, "", webhook.Notice{}, "webhook.syntax"},
	{"too deep", strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100), webhook.Config{}, "", webhook.Notice{}, "webhook.too_deep"},
}

func TestParse(t *testing.T) {
	for _, tc := range bodies {
		t.Run(tc.name, func(t *testing.T) {
			got, err := webhook.Parse(tc.cfg, nil, tc.path, []byte(tc.body))
			if tc.code != "" {
				if err == nil || failure.Of(err).Code != tc.code {
					t.Errorf("got %+v, %v; want %s", got, err, tc.code)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %+v, %v\nwant %+v", got, err, tc.want)
			}
		})
	}
}

func TestErrorsCanBeRecognised(t *testing.T) {
	_, err := webhook.Parse(webhook.Config{}, nil, "", []byte(`{"a":1,]`))
	var syntax *webhook.SyntaxError
	if !errors.As(err, &syntax) || syntax.Offset != 7 {
		t.Errorf("got %v", err)
	}
	_, err = webhook.Parse(webhook.Config{}, nil, "", []byte(`{"event":"x"}`))
	var unknown *webhook.UnknownEventError
	if !errors.As(err, &unknown) || unknown.Event != "x" || len(unknown.Known) == 0 {
		t.Errorf("got %v", err)
	}
	_, err = webhook.Parse(webhook.Config{}, nil, "", make([]byte, webhook.MaxBody+1))
	if failure.Of(err).Code != "webhook.too_large" {
		t.Errorf("got %v", err)
	}
}

func TestHeaders(t *testing.T) {
	h := http.Header{}
	h.Set("X-Event", "sales.order.created")
	h.Set("X-Request-Id", "r1")
	parse := func() webhook.Notice {
		n, err := webhook.Parse(webhook.Config{EventIn: "header:X-Event"}, h, "", []byte(`{"increment_id":"1"}`))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := parse(); n.Event != "sales.order.created" || n.DeliveryID != "r1" {
		t.Errorf("got %+v", n)
	}
	h.Set("X-Shop-Delivery", "d1")
	if n := parse(); n.DeliveryID != "d1" {
		t.Errorf("got %+v", n)
	}
	h.Set("X-Adobe-Event-Id", "e1")
	if n := parse(); n.DeliveryID != "e1" {
		t.Errorf("got %+v", n)
	}
}

// Property: whatever else is in the body and wherever the record stands, the
// key and the id that were put in come out.
func TestKeysComeThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[0-9A-Z]{0,3}0{0,4}[1-9][0-9]{0,8}(-[1-9])?`).Draw(t, "key")
		id := rapid.Int64Range(1, 1<<40).Draw(t, "id")
		order := map[string]any{"increment_id": key, "entity_id": id, "items": []any{map[string]any{"order_id": 1, "parent_item": map[string]any{"increment_id": "no"}}}}
		if rapid.Bool().Draw(t, "id as text") {
			order["entity_id"] = strconv.FormatInt(id, 10)
		}
		for _, name := range rapid.SliceOf(rapid.StringMatching(`x_[a-z_é"\\]{1,8}`)).Draw(t, "others") {
			order[name] = rapid.SampledFrom([]any{nil, 1.5, "increment_id", []any{}, map[string]any{"increment_id": "no"}}).Draw(t, "value")
		}
		body := map[string]any{"event": "sales_order_save_after"}
		switch rapid.IntRange(0, 2).Draw(t, "form") {
		case 0:
			body["data"] = order
		case 1:
			body["data"] = map[string]any{"order": order}
		case 2:
			body = order
		}
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		n, err := webhook.Parse(webhook.Config{}, nil, "", raw)
		if err != nil || n.Key != key || n.ID != id || n.Entity != "order" {
			t.Fatalf("%s gave %+v, %v", raw, n, err)
		}
	})
}

// FuzzParse: of any body and any URL comes either a notice that says which
// record, and then the body was JSON, or an error of a known kind.
func FuzzParse(f *testing.F) {
	for _, b := range bodies {
		f.Add([]byte(b.body), b.path, byte(0))
		f.Add([]byte(b.body), b.path, byte(1))
		f.Add([]byte(b.body), b.path, byte(2))
	}
	forms := []webhook.Config{{}, adobe, mageos}
	f.Fuzz(func(t *testing.T, body []byte, suffix string, form byte) {
		n, err := webhook.Parse(forms[int(form)%len(forms)], nil, suffix, body)
		if err == nil && (!json.Valid(body) || n.Entity == "" || n.Key == "" && n.ID == 0) {
			t.Fatalf("%q gave %+v", body, n)
		}
		if err != nil && failure.Of(err).Code == "unclassified" {
			t.Fatalf("%q: %v has no kind", body, err)
		}
	})
}

// BenchmarkVerifyAndParse is what the door does for an order of 9 KB.
func BenchmarkVerifyAndParse(b *testing.B) {
	row := `{"item_id":1,"order_id":7,"sku":"TRAIL-JKT-M","name":"Trail jacket","price":59.95,"qty_ordered":1,"extension_attributes":{"a":[1,2,3]}}`
	body := []byte(`{"event":"sales_order_save_after","data":{"increment_id":"000000123","entity_id":871,"store_id":1,"updated_at":"2026-08-14 16:42:11","items":[` +
		strings.Repeat(row+",", 63) + row + `]}}`)
	v, err := webhook.New(webhook.Config{Secret: secret})
	if err != nil {
		b.Fatal(err)
	}
	h := http.Header{}
	h.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum(secret, string(body))))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Verify(b.Context(), h, body); err != nil {
			b.Fatal(err)
		}
		if _, err := webhook.Parse(webhook.Config{}, h, "", body); err != nil {
			b.Fatal(err)
		}
	}
}
