package ingest_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/bus/bustest"
	"github.com/magpie-integration/magpie/libs/webhook"
)

// said is the body of a refusal.
type said struct{ Code, Field, Error, Fix, Status string }

// Bad input: each is refused with what is wrong, where, and what to do; and the
// good webhooks before and after it are stored.
func TestBadInputIsExplainedAndHoldsNothingUp(t *testing.T) {
	form := func(body, signature string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/hooks/magento/main", strings.NewReader(body))
		r.Header.Set("X-Hub-Signature-256", signature)
		return r
	}
	deep := `{"event":"sales_order_save_after","data":` + strings.Repeat(`{"order":`, 200) + "1" + strings.Repeat("}", 201)
	const order = `{"event":"sales_order_save_after","data":{"increment_id":"000000123","email":"rowan@example.com"}}`
	for _, tc := range []struct {
		name    string
		request *http.Request
		status  int
		want    said
	}{
		{
			"a wrong signature", form(order, "sha256="+hex.EncodeToString(sum("guess", order))), http.StatusUnauthorized,
			said{Code: "webhook.signature_wrong", Field: "X-Hub-Signature-256", Error: "no known secret gives this signature", Fix: "compare the secret with the store's; during a change put the old one under previous_secrets"},
		}, {
			"a signature in another encoding", form(order, "sha256=AAAA"), http.StatusUnauthorized,
			said{Code: "webhook.signature_malformed", Field: "X-Hub-Signature-256", Error: "the signature is not a SHA-256 hash in hex", Fix: "set encoding to hex or base64, as the store sends it"},
		}, {
			"no signature", form(order, ""), http.StatusUnauthorized,
			said{Code: "webhook.signature_missing", Field: "X-Hub-Signature-256", Error: "the header is missing", Fix: "set the secret in the store's webhook, or correct the header's name in the configuration"},
		}, {
			"truncated JSON", signed(order[:60]), http.StatusBadRequest,
			said{Code: "webhook.syntax", Error: "the body is not JSON from byte 60 on", Fix: "send JSON"},
		}, {
			"nothing at all", signed(""), http.StatusBadRequest,
			said{Code: "webhook.syntax", Error: "the body is not JSON from byte 0 on", Fix: "send JSON"},
		}, {
			"a form instead of JSON", signed("increment_id=000000123"), http.StatusBadRequest,
			said{Code: "webhook.syntax", Error: "the body is not JSON from byte 0 on", Fix: "send JSON"},
		}, {
			"deeply nested JSON", signed(deep), http.StatusBadRequest,
			said{Code: "webhook.too_deep", Error: "the body is nested deeper than 64 levels", Fix: "send the fields of the record only"},
		}, {
			"JSON of 10 MiB", signed(`{"event":"sales_order_save_after","data":{"increment_id":"000000123","x":"` + strings.Repeat("y", 10<<20) + `"}}`), http.StatusRequestEntityTooLarge,
			said{Code: "ingest.too_large", Error: "a webhook may have 1048576 bytes", Fix: "send the fields of the record only; the rest is read by the API"},
		}, {
			"an unknown event", signed(`{"event":"cms_page_save_after","data":{"entity_id":1}}`), http.StatusUnprocessableEntity,
			said{
				Code: "webhook.event_unknown", Field: "event", Fix: "send one of the known events",
				Error: `the event "cms_page_save_after" is not known; known are ` + strings.Join(webhook.KnownEvents(), ", "),
			},
		}, {
			"an event without a record", signed(`{"event":"sales_order_save_after"}`), http.StatusUnprocessableEntity,
			said{Code: "webhook.no_key", Field: "increment_id", Error: "the body does not say which order it is about", Fix: "add the field to the webhook's body"},
		}, {
			"a key that is none", signed(`{"event":"sales_order_save_after","data":{"increment_id":{}}}`), http.StatusUnprocessableEntity,
			said{Code: "webhook.increment_id", Field: "increment_id", Error: "it is neither a text of at most 128 printable characters nor a whole number", Fix: "send increment_id as the store shows it"},
		}, {
			"several records", signed(`[{"increment_id":"1"},{"increment_id":"2"}]`), http.StatusUnprocessableEntity,
			said{Code: "webhook.batch", Error: "the body is a list of several records", Fix: "let the store send one record a request"},
		}, {
			"another pair", signed(order, path("/hooks/magento/mian")), http.StatusNotFound,
			said{Code: "ingest.pair", Field: "pair", Error: "no pair of this name takes webhooks", Fix: "look at the URL: /hooks/magento/<pair>, as named in the configuration"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := bustest.Start(t)
			h := door(b, hook(t, webhook.Config{}))
			good := func(key string) {
				t.Helper()
				body := fmt.Sprintf(`{"event":"sales_order_save_after","data":{"increment_id":%q}}`, key)
				if w := send(h, signed(body)); w.Code != http.StatusAccepted {
					t.Errorf("a good webhook: got %d %s", w.Code, w.Body)
				}
			}
			good("before")
			w := send(h, tc.request)
			good("after")
			var got said
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("the answer is not JSON: %v: %s", err, w.Body)
			}
			tc.want.Status = strconv.Itoa(tc.status)
			if w.Code != tc.status || got != tc.want {
				t.Errorf("got  %d %+v\nwant %d %+v", w.Code, got, tc.status, tc.want)
			}
			if strings.Contains(w.Body.String(), "rowan") {
				t.Error("the answer says back what was sent")
			}
			var stored []string
			for m, err := range b.Scan(t.Context(), bus.Notices, "magpie.notice.>") {
				if err != nil {
					t.Fatal(err)
				}
				stored = append(stored, m.Subject[strings.LastIndexByte(m.Subject, '.')+1:])
			}
			if strings.Join(stored, " ") != "before after" {
				t.Errorf("stored are %v, want before and after", stored)
			}
		})
	}
}

// discard is a stream that takes everything and keeps nothing.
type discard struct{}

func (discard) Publish(context.Context, bus.Message) (bus.Ack, error) { return bus.Ack{}, nil }

// BenchmarkDoor is the whole way of a webhook of 9 KB but for the stream.
func BenchmarkDoor(b *testing.B) {
	row := `{"item_id":1,"order_id":7,"sku":"TRAIL-JKT-M","name":"Trail jacket","price":59.95,"qty_ordered":1,"extension_attributes":{"a":[1,2,3]}},`
	body := `{"event":"sales_order_save_after","data":{"increment_id":"000000123","entity_id":871,"store_id":1,"items":[` + strings.Repeat(row, 63) + `{}]}}`
	h, request := door(discard{}, hook(b, webhook.Config{})), signed(body)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		r := request.Clone(b.Context())
		r.Body = io.NopCloser(strings.NewReader(body))
		if w := send(h, r); w.Code != http.StatusAccepted {
			b.Fatalf("got %d %s", w.Code, w.Body)
		}
	}
}
