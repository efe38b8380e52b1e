package magento

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// ioReceiver is a registered endpoint. It answers the challenge in one of the
// ways, and each delivery with the next status.
type ioReceiver struct {
	way      string // text, json, fetch, or none
	statuses []int  // the last one repeats

	mu     sync.Mutex
	n      int
	events chan event
}

func (r *ioReceiver) register(s *store, w Webhook) (Webhook, answer) {
	s.t.Helper()
	s.withKeys()
	r.events = make(chan event, 64)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		challenge := req.URL.Query().Get("challenge")
		if challenge != "" {
			switch r.way {
			case "text":
				_, _ = io.WriteString(rw, challenge)
			case "json":
				rw.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(rw, `{"challenge":%q}`, challenge)
			default:
				http.NotFound(rw, req)
			}
			return
		}
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		if strings.Contains(string(raw), "validationUrl") {
			if r.way == "fetch" {
				r.fetch(s.t, raw)
			}
			return
		}
		r.mu.Lock()
		status := 200
		if len(r.statuses) > 0 {
			status = r.statuses[min(r.n, len(r.statuses)-1)]
		}
		r.n++
		r.mu.Unlock()
		r.events <- event{header: req.Header, raw: string(raw)}
		rw.WriteHeader(status)
	}))
	s.t.Cleanup(srv.Close)
	w.URL, w.Scheme = srv.URL+"/hook?key=1", SchemeAdobeIO
	body, err := json.Marshal(w)
	if err != nil {
		s.t.Fatal(err)
	}
	a := s.do("POST", "/_sandbox/webhooks", string(body))
	if a.status != http.StatusCreated {
		s.t.Fatalf("%d %s", a.status, a.body)
	}
	return decode[Webhook](s.t, a.body), a
}

func (r *ioReceiver) fetch(t *testing.T, raw []byte) {
	var told struct {
		URL string `json:"validationUrl"`
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		t.Error(err)
		return
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, told.URL, nil)
	if err != nil {
		t.Error(err)
		return
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = resp.Body.Close()
}

func TestIORegistration(t *testing.T) {
	for way, want := range map[string]string{"text": statusActive, "json": statusActive, "fetch": statusActive, "none": statusUnverified} {
		t.Run(way, func(t *testing.T) {
			s := open(t)
			r := &ioReceiver{way: way}
			w, a := r.register(s, Webhook{})
			if w.Status != want {
				t.Errorf("receiver is %q: %s", w.Status, a.body)
			}
			s.run()
			s.place(PlaceOrder{PaymentMethod: "checkmo", Guest: true})
			if want == statusActive {
				<-r.events
			} else if s.WebhookCounts()["queued"] != 0 || s.WebhookCounts()[countSent] != 0 {
				t.Error("an unverified receiver gets events")
			}
		})
	}
}

// ioEvent is the envelope as io docs describe it.
type ioEvent struct {
	Specversion       string `json:"specversion"`
	Type              string `json:"type"`
	EventID           string `json:"eventid"`
	RecipientClientID string `json:"recipientclientid"`
	Data              struct {
		Key   string         `json:"key"`
		Value map[string]any `json:"value"`
		Meta  map[string]any `json:"_metadata"`
	} `json:"data"`
}

func TestIOEvent(t *testing.T) {
	s := open(t)
	r := &ioReceiver{way: "text"}
	r.register(s, Webhook{ClientID: "me", Events: []string{"observer.sales_order_save_commit_after"}})
	s.run()
	s.place(PlaceOrder{PaymentMethod: "checkmo", Guest: true, Store: "default", Billing: &Address{
		Firstname: "A", Lastname: "B", Street: []string{"1 Main", "Flat 2"}, City: "Austin", CountryID: "US",
	}})
	e := <-r.events
	got := decode[ioEvent](t, e.raw)
	if got.Specversion != "1.0" || got.Type != "com.adobe.commerce.observer.sales_order_save_commit_after" || got.RecipientClientID != "me" {
		t.Errorf("envelope %+v", got)
	}
	if e.header.Get("x-adobe-event-id") != got.EventID || e.header.Get("x-adobe-provider") == "" || e.header.Get("x-adobe-retry-count") != "" {
		t.Errorf("headers %v", e.header)
	}
	if got.Data.Meta["storeId"] != "1" || got.Data.Meta["commerceVersion"] != Version248 {
		t.Errorf("metadata %v", got.Data.Meta)
	}
	value := got.Data.Value
	addresses, _ := value["addresses"].([]any)
	if value["increment_id"] != "000000001" || value["entity_id"] != nil || value["customer_is_guest"] != true || len(addresses) != 2 {
		t.Errorf("value %v", value)
	}
	if street := addresses[0].(map[string]any)["street"]; street != "1 Main\nFlat 2" {
		t.Errorf("street %q", street)
	}
	info := value["payment"].(map[string]any)["additional_information"].(map[string]any)
	if info["method_title"] != "Check / Money order" {
		t.Errorf("additional information %v", info)
	}
	for n := range 2 {
		path := e.header.Get(fmt.Sprintf("x-adobe-public-key%d-path", n+1))
		if !strings.HasPrefix(path, "/prod/keys/pub-key-") || !strings.HasSuffix(path, ".pem") {
			t.Fatalf("key path %q", path)
		}
		key := s.do("GET", path, "")
		if key.status != 200 {
			t.Fatalf("%s: %d", path, key.status)
		}
		if err := verifies(t, key.body, e.header.Get(fmt.Sprintf("x-adobe-digital-signature-%d", n+1)), []byte(e.raw)); err != nil {
			t.Errorf("signature %d: %v", n+1, err)
		}
	}
	if a := s.do("GET", "/prod/keys/pub-key-00000000-0000-0000-0000-000000000000.pem", ""); a.status != 404 {
		t.Errorf("a key that isn't there: %d", a.status)
	}
}

func TestIORetries(t *testing.T) {
	tests := []struct {
		name                    string
		statuses                []int
		sent, delivered, gaveUp int64
	}{
		{"accepted", []int{200}, 1, 1, 0},
		{"down for a while", []int{503, 429, 500, 200}, 4, 1, 0},
		{"a 4xx drops it", []int{401}, 1, 0, 1},
		{"505 drops it", []int{505}, 1, 0, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			r := &ioReceiver{way: "text", statuses: tt.statuses}
			r.register(s, Webhook{Minute: Duration(time.Millisecond), Events: []string{observer + eventCheckoutSubmit}})
			s.run()
			s.place(offline())
			var last event
			for range tt.sent {
				last = <-r.events
			}
			s.settled(map[string]int64{countSent: tt.sent, countDelivered: tt.delivered, countGaveUp: tt.gaveUp})
			if want := fmt.Sprint(tt.sent - 1); tt.sent > 1 && last.header.Get("x-adobe-retry-count") != want {
				t.Errorf("retry count %s, want %s", last.header.Get("x-adobe-retry-count"), want)
			}
		})
	}
}

// TestIORetryClock: 1, 2, 4, 8, 15, 15, … minutes, until a day is over.
func TestIORetryClock(t *testing.T) {
	d := &delivery{hook: &Webhook{Minute: Duration(time.Minute)}}
	var got []time.Duration
	waited := time.Duration(0)
	for {
		d.attempt++
		wait, again := ioRetry(d, 503)
		if !again {
			break
		}
		got = append(got, wait)
		waited += wait
	}
	for i, want := range []int{1, 2, 4, 8, 15, 15} {
		if got[i] != time.Duration(want)*time.Minute {
			t.Errorf("wait %d is %v, want %d minutes", i+1, got[i], want)
		}
	}
	if waited < 23*time.Hour || waited > 25*time.Hour {
		t.Errorf("given up after %v", waited)
	}
}

func TestIOBatch(t *testing.T) {
	s := open(t)
	r := &ioReceiver{way: "text"}
	r.register(s, Webhook{Batch: true, Minute: Duration(50 * time.Millisecond), Events: []string{observer + eventCheckoutSubmit}})
	for range 3 {
		s.place(offline())
	}
	s.run()
	e := <-r.events
	if list := decode[[]ioEvent](t, e.raw); len(list) != 3 || list[0].EventID == list[1].EventID {
		t.Errorf("%d events", len(list))
	}
	if typ := e.header.Get("Content-Type"); typ != "application/cloudevents-batch+json" {
		t.Errorf("content type %s", typ)
	}
	s.place(offline())
	if list := decode[[]ioEvent](t, (<-r.events).raw); len(list) != 1 {
		t.Errorf("%d events in the next batch", len(list))
	}
}
