package magento

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// event is a delivery as the receiver got it.
type event struct {
	header http.Header
	raw    string
	name   string
	data   map[string]any
}

// receive registers a receiver that answers what fn says.
func (s *store) receive(w Webhook, fn func(event) int) Webhook {
	s.t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			if s.t.Context().Err() == nil { // the store is not about to stop
				s.t.Error(err)
			}
			return
		}
		e := event{header: r.Header, raw: string(raw)}
		var body struct {
			Event string         `json:"event"`
			Data  map[string]any `json:"data"`
		}
		if err := json.Unmarshal(raw, &body); err != nil {
			s.t.Error(err)
		}
		e.name, e.data = body.Event, body.Data
		status := fn(e)
		if status == http.StatusTooManyRequests {
			rw.Header().Set("Retry-After", "0")
		}
		rw.WriteHeader(status)
	}))
	s.t.Cleanup(srv.Close)
	w.URL = srv.URL + "/hook"
	w, err := s.AddWebhook(w)
	if err != nil {
		s.t.Fatal(err)
	}
	return w
}

func TestSignatures(t *testing.T) {
	const secret = "shared secret"
	hexMAC := func(body string) string {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		return hex.EncodeToString(mac.Sum(nil))
	}
	tests := []struct {
		name   string
		hook   Webhook
		header string
		want   func(body string) string
		inBody string
	}{
		{"recommended", Webhook{Secret: secret}, "X-Hub-Signature-256", func(b string) string { return "sha256=" + hexMAC(b) }, `{"event":"sales_order_save_commit_after","data":{"entity_id":"1"`},
		{"async events module", Webhook{Secret: secret, Header: "x-magento-signature", Body: BodyBare}, "x-magento-signature", hexMAC, `{"entity_id":1,`},
		{"bearer", Webhook{Secret: secret, Scheme: SchemeBearer}, "Authorization", func(string) string { return "Bearer " + secret }, `"increment_id":"000000001"`},
		{"none", Webhook{Scheme: SchemeNone}, "Authorization", func(string) string { return "" }, `"store_id":1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			got := make(chan event, 16)
			tt.hook.Events = []string{eventOrderCommit}
			s.receive(tt.hook, func(e event) int { got <- e; return 202 })
			s.run()
			s.place(PlaceOrder{
				Store: "default", PaymentMethod: "checkmo",
				Billing: &Address{Firstname: "Zoë", Lastname: "A/B", Street: []string{"1/2 Rue"}, City: "Köln", CountryID: "DE"},
			})
			e := <-got
			if h := e.header.Get(tt.header); h != tt.want(e.raw) {
				t.Errorf("%s: %s, want %s", tt.header, h, tt.want(e.raw))
			}
			for _, want := range []string{tt.inBody, `Zo\u00eb`, `A\/B`} {
				if !strings.Contains(e.raw, want) {
					t.Errorf("no %s in %.200s", want, e.raw)
				}
			}
		})
	}
}

func TestSaveEventComesBeforeTheCommit(t *testing.T) {
	read := make(chan error, 16)
	s := open(t, func(c *Config) { c.CommitDelay = time.Minute })
	s.receive(Webhook{Secret: "s", Events: []string{eventOrderSave}}, func(e event) int {
		_, err := s.db.orderByIncrement(t.Context(), e.data["increment_id"].(string))
		read <- err
		return 200
	})
	s.run()
	ctx, cancel := context.WithCancel(t.Context())
	placed := make(chan error, 1)
	go func() {
		_, err := s.Place(ctx, offline())
		placed <- err
	}()
	if err := <-read; !errors.Is(err, errNoEntity) {
		t.Errorf("a read right after the event answered %v", err)
	}
	cancel()
	if err := <-placed; err == nil {
		t.Error("a checkout that was cut off before its commit succeeded")
	}
	if rows, err := s.Orders(t.Context()); err != nil || len(rows) != 0 {
		t.Errorf("rolled back, and there are %d orders, %v", len(rows), err)
	}
}

func TestEventsOfACheckout(t *testing.T) {
	s := open(t)
	names := make(chan event, 64)
	s.receive(Webhook{Secret: "s", Events: []string{"*"}}, func(e event) int { names <- e; return 200 })
	s.run()
	s.place(PlaceOrder{PaymentMethod: "braintree", Guest: true, Store: "default"})
	count := map[string]int{}
	for range 8 {
		e := <-names
		count[e.name]++
		if e.name == eventOrderPlace && e.data["entity_id"] != nil {
			t.Error("an order has no id before its first save")
		}
		if total, ok := e.data["grand_total"].(string); !ok || len(total)-strings.Index(total, ".") != 5 {
			t.Errorf("grand_total %v", e.data["grand_total"])
		}
	}
	want := map[string]int{eventOrderPlace: 1, eventOrderSave: 3, eventOrderCommit: 3, eventCheckoutSubmit: 1}
	for name, n := range want {
		if count[name] != n {
			t.Errorf("%s came %d times, want %d", name, count[name], n)
		}
	}
}

func TestOwnWritesEcho(t *testing.T) {
	s := open(t, func(c *Config) { c.NoiseEvery = 1 })
	s.place(offline())
	echo := make(chan event, 4)
	s.receive(Webhook{Secret: "s", Events: []string{eventOrderCommit}}, func(e event) int { echo <- e; return 200 })
	s.run()
	s.do("POST", "/rest/V1/orders/1/comments", `{"statusHistory":{"comment":"x","is_customer_notified":0,"is_visible_on_front":0}}`)
	e := <-echo
	if e.data["entity_id"] != "1" || e.data["increment_id"] != nil {
		t.Errorf("an echo can be partial: %v", e.data)
	}
}

func TestDeliveryRetries(t *testing.T) {
	tests := []struct {
		name                             string
		answers                          []int // the last one repeats
		sent, delivered, retried, gaveUp int64
	}{
		{"accepted", []int{202}, 1, 1, 0, 0},
		{"unavailable twice", []int{503, 500, 200}, 3, 1, 2, 0},
		{"throttled", []int{429, 200}, 2, 1, 1, 0},
		{"refused", []int{401}, 1, 0, 0, 1},
		{"never up", []int{503}, 3, 0, 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, func(c *Config) { c.WebhookAttempts = 3; c.WebhookBackoff = time.Millisecond })
			calls := make(chan int, 16)
			n := 0
			s.receive(Webhook{Secret: "s", Events: []string{eventCheckoutSubmit}}, func(event) int {
				status := tt.answers[min(n, len(tt.answers)-1)]
				n++
				calls <- n
				return status
			})
			s.run()
			s.place(offline())
			for range tt.sent {
				<-calls
			}
			s.settled(map[string]int64{countSent: tt.sent, countDelivered: tt.delivered, countRetried: tt.retried, countGaveUp: tt.gaveUp})
		})
	}
}

// settled waits until the counters that want names have their values.
func (s *store) settled(want map[string]int64) {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(10 * time.Second)
	for {
		counts := s.WebhookCounts()
		ok := true
		for name, n := range want {
			ok = ok && counts[name] == n
		}
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("counts %v, want %v", counts, want)
		}
	}
}

func TestWebhookFaults(t *testing.T) {
	tests := []struct {
		name   string
		faults string
		want   map[string]int64
	}{
		{"drop", `{"dropRate":1}`, map[string]int64{countDrop: 1, "queued": 0, countSent: 0}},
		{"duplicate", `{"duplicateRate":1}`, map[string]int64{countDuplicate: 1, countDelivered: 2}},
		{"delay", `{"delayMax":"5ms"}`, map[string]int64{countDelay: 1, countDelivered: 1}},
		{"reorder", `{"reorderRate":1}`, map[string]int64{countReorder: 1, countDelivered: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			s.receive(Webhook{Secret: "s", Events: []string{eventCheckoutSubmit}}, func(event) int { return 200 })
			if a := s.do("PUT", "/_sandbox/webhooks", tt.faults); a.status != 200 {
				t.Fatal(a.body)
			}
			s.run()
			s.place(offline())
			s.settled(tt.want)
		})
	}
}

func TestInvalidWebhooks(t *testing.T) {
	s := open(t)
	for name, body := range map[string]string{
		"no url":         `{"secret":"s"}`,
		"other scheme":   `{"url":"http://x","secret":"s","scheme":"md5"}`,
		"no secret":      `{"url":"http://x"}`,
		"other shape":    `{"url":"http://x","secret":"s","body":"xml"}`,
		"unknown member": `{"url":"http://x","secret":"s","colour":"red"}`,
	} {
		if a := s.do("POST", "/_sandbox/webhooks", body); a.status != 400 {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if n := len(s.Webhooks()); n != 0 {
		t.Errorf("%d webhooks registered", n)
	}
}
