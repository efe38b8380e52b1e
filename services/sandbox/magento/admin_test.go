package magento

import (
	"strings"
	"testing"
)

func TestAdmin(t *testing.T) {
	s := open(t)
	steps := []struct {
		method, path, body string
		status             int
		contains           string
	}{
		{"GET", "/", "", 200, "Magento sandbox, playing version 2.4.8"},
		{"GET", "/nope", "", 404, "<html>"},
		{"POST", "/_sandbox/orders", "", 201, `"increment_id":`},
		{"POST", "/_sandbox/orders", `{"store":"en_eu","payment_method":"checkmo","lines":[{"sku":"wax-50%","qty":2}]}`, 201, `"state":"new"`},
		{"POST", "/_sandbox/orders", `{"lines":[{"sku":"NOPE"}]}`, 400, "NOPE"},
		{"POST", "/_sandbox/orders", `{"nope":1}`, 400, "unknown field"},
		{"GET", "/_sandbox/orders", "", 200, `"comments":[]`},
		{"POST", "/_sandbox/orders/2000000001/cancel", "", 204, ""},
		{"POST", "/_sandbox/orders/2000000001/cancel", "", 409, "can't be cancelled"},
		{"POST", "/_sandbox/orders/999/cancel", "", 404, "doesn't exist"},
		{"POST", "/_sandbox/webhooks", `{"url":"http://127.0.0.1:1/hook","secret":"hidden"}`, 201, `"header":"X-Hub-Signature-256"`},
		{"GET", "/_sandbox/webhooks", "", 200, `"delayMax":"0s"`},
		{"PUT", "/_sandbox/webhooks", `{"dropRate":2}`, 400, "share"},
		{"PUT", "/_sandbox/version", `{"version":"2.4.6"}`, 200, `"version":"2.4.6"`},
		{"PUT", "/_sandbox/version", `{"version":"1.9"}`, 400, "1.9"},
		{"GET", "/_sandbox/version", "", 200, `"version":"2.4.6"`},
		{"GET", "/_sandbox/calls", "", 200, `{}`},
		{"GET", "/_sandbox/faults", "", 200, `"errorRate":0`},
		{"GET", "/_sandbox/products", "", 200, `"sku":"FLASK/750+"`},
	}
	for _, st := range steps {
		a := s.do(st.method, st.path, st.body, "Authorization", "")
		if a.status != st.status || !strings.Contains(a.body, st.contains) {
			t.Errorf("%s %s %s: %d %.300s", st.method, st.path, st.body, a.status, a.body)
		}
		if strings.Contains(a.body, "hidden") {
			t.Errorf("%s %s shows a secret", st.method, st.path)
		}
	}
}

func TestInvalidConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"version":       {Version: "2.3"},
		"store code":    {Stores: []Store{{ID: 1, Code: "all", Rate: one}}},
		"store rate":    {Stores: []Store{{ID: 1, Code: "default"}}},
		"webhook":       {Webhooks: []Webhook{{URL: "nope"}}},
		"database path": {DB: "/nonexistent/dir/store.db"},
		"same code":     {Stores: []Store{{ID: 1, Code: "a", Rate: one}, {ID: 2, Code: "a", Rate: one}}},
	} {
		if s, err := New(cfg); err == nil {
			t.Errorf("%s accepted", name)
			_ = s.Close()
		}
	}
}
