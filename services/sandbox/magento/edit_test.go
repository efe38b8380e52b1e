package magento

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// edit asks the admin API to edit an order.
func (s *store) edit(number, body string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, "/_sandbox/orders/"+number+"/edit", body)
}

func TestEditedOrder(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo", Lines: []PlaceLine{{SKU: "CAMP-MUG", Qty: amount("3")}}})
	if a := s.edit("000000001", `{"lines":[{"sku":"CAMP-STOVE","qty":1}]}`); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.edit("000000001-1", `{"shipping_method":"freeshipping_freeshipping"}`)
	want := []string{
		`canceled 000000001 of "" edit  parent "" child "000000001-1" 2 CAMP-MUG`,
		`canceled 000000001-1 of "000000001" edit 1 parent "000000001" child "000000001-2" 3 CAMP-STOVE`,
		`new 000000001-2 of "000000001" edit 2 parent "000000001-1" child ""  CAMP-STOVE`,
	}
	for i, want := range want {
		d := get[restDoc](s, fmt.Sprintf("/rest/V1/orders/%d", i+1))
		got := fmt.Sprintf("%s %s of %q edit %s parent %q child %q %s %s", d.text("state"), d.text("increment_id"), d.text("original_increment_id"),
			d["edit_increment"], d.text("relation_parent_real_id"), d.text("relation_child_real_id"), d.text("relation_child_id"), d.list("items")[0].text("sku"))
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	row := s.place(PlaceOrder{Store: "default"})
	if row.IncrementID != "000000002" {
		t.Errorf("the next order is %s: an edit draws no number", row.IncrementID)
	}
}

func TestReorderLeavesTheParentAlone(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo"})
	s.do("POST", "/rest/V1/order/1/invoice", "{}")
	if a := s.edit("000000001", `{"reorder":true}`); a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	parent, child := get[restDoc](s, "/rest/V1/orders/1"), get[restDoc](s, "/rest/V1/orders/2")
	if parent.text("state") != stateProcessing || parent["relation_child_id"] != nil || child.text("increment_id") != "000000001-1" {
		t.Errorf("parent is %s with child %s, child %s", parent.text("state"), parent["relation_child_id"], child.text("increment_id"))
	}
}

func TestWhatCantBeEdited(t *testing.T) {
	s := open(t)
	s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo"})
	s.do("POST", "/rest/V1/order/1/invoice", "{}")
	s.do("POST", "/rest/V1/orders", `{"entity":{"increment_id":"API1"}}`)
	for number, want := range map[string]int{"000000001": http.StatusConflict, "API1": http.StatusConflict, "NOPE": http.StatusNotFound} {
		if a := s.edit(number, "{}"); a.status != want {
			t.Errorf("%s: %d %s", number, a.status, a.body)
		}
	}
	if rows, err := s.Orders(t.Context()); err != nil || len(rows) != 2 {
		t.Errorf("%d orders, %v", len(rows), err)
	}
}

// TestOrderOfTheEditsEvents: the child's events can come before or after the
// parent's, and meanwhile only the first of both has happened.
func TestOrderOfTheEditsEvents(t *testing.T) {
	for name, body := range map[string]string{"000000001-1 000000001": `{"delay":"30ms"}`, "000000001 000000001-1": `{"delay":"30ms","parent_first":true}`} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(c *Config) { c.NoiseEvery = -1 })
			s.place(PlaceOrder{Store: "default", PaymentMethod: "checkmo"})
			got := make(chan string, 64)
			s.receive(Webhook{Secret: "s", Events: []string{eventOrderCommit}}, func(e event) int {
				got <- e.data["increment_id"].(string)
				return 200
			})
			s.run()
			began := time.Now()
			if a := s.edit("000000001", body); a.status != http.StatusCreated {
				t.Fatalf("%d %s", a.status, a.body)
			}
			if took := time.Since(began); took < 30*time.Millisecond {
				t.Errorf("took %v", took)
			}
			var order []string
			for len(order) < 2 {
				if number := <-got; len(order) == 0 || order[0] != number {
					order = append(order, number)
				}
			}
			if strings.Join(order, " ") != name {
				t.Errorf("events of %v", order)
			}
		})
	}
}

func TestDurationAsText(t *testing.T) {
	var e EditOrder
	if err := json.Unmarshal([]byte(`{"delay":"1.5s"}`), &e); err != nil || time.Duration(e.Delay) != 1500*time.Millisecond {
		t.Errorf("%v, %v", e.Delay, err)
	}
	if err := json.Unmarshal([]byte(`{"delay":"soon"}`), &e); err == nil {
		t.Error("a duration can be anything")
	}
}
