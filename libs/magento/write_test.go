package magento_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// recorded answers every call alike and keeps the last one.
type recorded struct {
	answer       string
	method, path string
	body         map[string]map[string]any
}

func (r *recorded) start(t *testing.T) *magento.Client {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		raw, _ := io.ReadAll(req.Body)
		r.method, r.path, r.body = req.Method, req.URL.Path, nil
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &r.body); err != nil || req.Header.Get("Content-Type") != "application/json" {
				t.Errorf("body %s: %v", raw, err)
			}
		}
		if req.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("authorization %q", req.Header.Get("Authorization"))
		}
		reply(w, 200, r.answer)
	}))
	t.Cleanup(server.Close)
	return client(t, server.URL+"/shop/index.php/", magento.Config{Store: "en"})
}

func TestAddComment(t *testing.T) {
	r := &recorded{answer: "true"}
	c := r.start(t)
	if err := c.AddComment(t.Context(), 12, "SOP ORD000123 created", "pending"); err != nil {
		t.Fatal(err)
	}
	h := r.body["statusHistory"]
	if r.path != "/shop/index.php/rest/en/V1/orders/12/comments" || h["comment"] != "SOP ORD000123 created" || h["status"] != "pending" ||
		h["is_customer_notified"] != 0.0 || h["is_visible_on_front"] != 0.0 {
		t.Errorf("%s %s %v", r.method, r.path, h)
	}
	if err := c.AddComment(t.Context(), 12, "no status", ""); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("a comment without a status: %v", err)
	}
}

func TestComments(t *testing.T) {
	r := &recorded{answer: `{"items":[{"comment":"b","created_at":"2026-08-14 12:00:00","entity_id":"2","entity_name":"order","is_customer_notified":null,"status":"pending"},{"entity_id":1}],"total_count":2}`}
	comments, err := r.start(t).Comments(t.Context(), 12)
	if err != nil || len(comments) != 2 {
		t.Fatalf("got %+v, %v", comments, err)
	}
	if comments[0] != (magento.Comment{EntityID: 2, Comment: "b", Status: "pending", CreatedAt: noon, About: "order"}) || comments[1].EntityID != 1 {
		t.Errorf("got %+v", comments)
	}
	r.answer = `{"items":null,"total_count":0}`
	if comments, err := r.start(t).Comments(t.Context(), 12); err != nil || len(comments) != 0 {
		t.Errorf("got %+v, %v", comments, err)
	}
}

func TestSaveState(t *testing.T) {
	r := &recorded{answer: `{"entity_id":12,"increment_id":"000000012","state":"complete","status":"complete"}`}
	c := r.start(t)
	got, err := c.SaveState(t.Context(), 12, "000000012", "processing", "processing")
	if err != nil || got.State != "complete" {
		t.Errorf("got %+v, %v", got, err)
	}
	if e := r.body["entity"]; r.path != "/shop/index.php/rest/en/V1/orders" || e["entity_id"] != 12.0 || e["increment_id"] != "000000012" || e["state"] != "processing" || len(e) != 4 {
		t.Errorf("%s %v", r.path, e)
	}
	r.answer = `{"entity_id":12,"increment_id":"000000099"}`
	if _, err := c.SaveState(t.Context(), 12, "000000012", "processing", "processing"); failure.Of(err).Kind != failure.KindConflict {
		t.Errorf("renamed: %v", err)
	}
	if _, err := c.SaveState(t.Context(), 12, "", "processing", "processing"); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("without an increment id: %v", err)
	}
}

func TestPingTellsMissingPermissions(t *testing.T) {
	s := &fakeStore{}
	s.respond = func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/comments"):
			reply(w, 400, `{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"statusHistory"}}`)
		case r.Method == http.MethodPost:
			reply(w, 401, `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::create"}}`)
		default:
			return false
		}
		return true
	}
	checks, err := s.start(t, magento.Config{}).Ping(t.Context())
	if err != nil || len(checks) != 4 {
		t.Fatalf("got %+v, %v", checks, err)
	}
	for _, check := range checks {
		if denied := check.Resource == "Magento_Sales::create"; denied != (check.Err != nil) {
			t.Errorf("%s: %v", check.Endpoint, check.Err)
		}
	}
	s.respond = func(w http.ResponseWriter, _ *http.Request) bool { hangUp(w, nil); return true }
	if _, err := s.start(t, magento.Config{}).Ping(t.Context()); !failure.Of(err).System {
		t.Errorf("got %v", err)
	}
}

func TestVersion(t *testing.T) {
	for answer, want := range map[string]magento.Version{
		"Magento/2.4 (Community)": {Product: "Magento", Number: "2.4", Edition: "Community"},
		"<html>404</html>":        {},
		"":                        {},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/magento_version" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s %q", r.URL.Path, r.Header)
			}
			_, _ = io.WriteString(w, answer)
		}))
		got, err := client(t, server.URL+"/index.php", magento.Config{}).Version(t.Context())
		if err != nil || got != want {
			t.Errorf("%q gave %+v, %v", answer, got, err)
		}
		server.Close()
	}
}

func TestStoreConfigs(t *testing.T) {
	r := &recorded{answer: `[{"id":1,"code":"default","website_id":1,"locale":"en_US","base_currency_code":"USD","timezone":"America/Chicago","extension_attributes":{}}]`}
	got, err := r.start(t).StoreConfigs(t.Context())
	if err != nil || len(got) != 1 || got[0].Timezone != "America/Chicago" || got[0].WebsiteID != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	for _, tc := range []struct {
		key string
		cfg magento.Config
	}{
		{"url", magento.Config{Token: token}},
		{"url", magento.Config{URL: "ftp://shop", Token: token}},
		{"url", magento.Config{URL: "https://u:hidden@shop", Token: token}},
		{"url", magento.Config{URL: "https://shop/rest/V1", Token: token}},
		{"url", magento.Config{URL: "https://shop/?a=hidden", Token: token}},
		{"token", magento.Config{URL: "https://shop"}},
		{"token", magento.Config{URL: "https://shop", Token: "hidden\n"}},
		{"store", magento.Config{URL: "https://shop", Token: token, Store: "a/b"}},
		{"pageSize", magento.Config{URL: "https://shop", Token: token, PageSize: 301}},
	} {
		_, err := magento.New(tc.cfg)
		if f := failure.Of(err); f == nil || f.Field != tc.key || f.Fix == "" || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %v", tc.key, err)
		}
	}
}
