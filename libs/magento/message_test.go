package magento

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

func FuzzMessage(f *testing.F) {
	f.Add(`%1 %name`, `["%2","b"]`)
	f.Add(`%1 %name`, `{"name":"%1","na":1}`)
	f.Fuzz(func(t *testing.T, template, parameters string) {
		m := message{Message: template, Parameters: json.RawMessage(parameters)}
		if text := m.text(); text == "" || len(text) > maxMessage+3 || strings.Contains(text, "\n") {
			t.Errorf("%q", text)
		}
		m.first()
		m.parameter("name")
	})
}

func FuzzParseOrders(f *testing.F) {
	order, err := os.ReadFile("../scrub/testdata/order.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"items":[` + string(order) + `],"total_count":1}`))
	f.Add([]byte(`{"items":[` + strings.Repeat(`{"parent_item":`, 200) + `1`))
	f.Add([]byte(`{"items":[{"entity_id":"1","increment_id":7}],"total_count":1}`))
	f.Add([]byte(`{"items":null}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		orders, err := Orders.parse(body)
		if err == nil && !json.Valid(body) {
			t.Errorf("%q was read", body)
		}
		for _, o := range orders {
			if err == nil && (!json.Valid(o.JSON) || o.ID == 0) {
				t.Errorf("%q gave %+v", body, o)
			}
		}
	})
}

func TestParseOrders(t *testing.T) {
	for body, want := range map[string]int{
		`{"items":[]}`: 0, `{"items":null,"total_count":0}`: 0, `{"total_count":1,"items":[{"entity_id":"7"}]}`: 1,
		`[]`: -1, `{}`: -1, `{"items":[1]}`: -1, `{"items":[{}]}`: -1, `{"items":[{"entity_id":1}]`: -1,
	} {
		orders, err := Orders.parse([]byte(body))
		if want < 0 && err == nil || want >= 0 && (err != nil || len(orders) != want) {
			t.Errorf("%s: %+v, %v", body, orders, err)
		}
	}
}

func TestViewsAreAskedAgainWhenOld(t *testing.T) {
	c, err := New(Config{URL: "https://shop.invalid", Token: "x"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	now := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	c.now = func() time.Time { return now }
	c.views = &views{own: []int64{1}, known: []int64{1}, at: now}
	if _, err := c.ownViews(t.Context(), 1); err != nil {
		t.Errorf("known: %v", err)
	}
	c.timeout = time.Nanosecond
	if _, err := c.ownViews(t.Context(), 5); err == nil {
		t.Error("an unknown store view was not asked for")
	}
	now = now.Add(viewsLife)
	if _, err := c.ownViews(t.Context(), 1); err == nil {
		t.Error("old views were believed")
	}
}

func BenchmarkParseOrders(b *testing.B) {
	order, err := os.ReadFile("../scrub/testdata/order.json")
	if err != nil {
		b.Fatal(err)
	}
	body := []byte(`{"items":[` + strings.TrimSuffix(strings.Repeat(string(order)+",", 50), ",") + `],"total_count":50}`)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Orders.parse(body); err != nil {
			b.Fatal(err)
		}
	}
}
