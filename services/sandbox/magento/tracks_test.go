package magento

import (
	"strings"
	"testing"
	"time"
)

// TestWhatDoesNotTouchTheOrder: tracks, comments on documents and addresses are
// rows of their own.
func TestWhatDoesNotTouchTheOrder(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := open(t, func(c *Config) { c.Now = func() time.Time { return now } })
	mugs(s, "checkmo")
	s.do("POST", "/rest/V1/order/1/ship", `{"tracks":[{"carrier_code":"ups","title":"UPS","track_number":"1Z1"}],"appendComment":true,"comment":{"comment":"packed","is_visible_on_front":0}}`)
	before := get[restDoc](s, "/rest/V1/orders/1").text("updated_at")
	now = now.Add(time.Hour)
	tests := []struct{ method, path, body, want string }{
		{
			"POST", "shipment/track", `{"entity":{"order_id":1,"parent_id":1,"track_number":"1Z2","title":"UPS","carrier_code":"ups"}}`,
			`{"entity_id":2,"parent_id":1,"order_id":1,"track_number":"1Z2","title":"UPS","carrier_code":"ups","created_at":"2026-01-02 04:04:05","updated_at":"2026-01-02 04:04:05"}`,
		},
		{
			"POST", "shipment/1/comments", `{"entity":{"comment":"left","is_customer_notified":0,"is_visible_on_front":1,"parent_id":1}}`,
			`{"entity_id":2,"parent_id":1,"comment":"left","created_at":"2026-01-02 04:04:05","is_customer_notified":0,"is_visible_on_front":1}`,
		},
		{"GET", "shipment/1/comments?fields=items[comment]", "", `{"items":[{"comment":"packed"},{"comment":"left"}]}`},
		{"DELETE", "shipment/track/1", "", "true"},
		{"GET", "shipment/1?fields=tracks[track_number],updated_at", "", `{"tracks":[{"track_number":"1Z2"}],"updated_at":"2026-01-02 03:04:05"}`},
		{"PUT", "orders/1?fields=city", `{"entity":{"entity_id":1,"parent_id":1,"address_type":"shipping","firstname":"B","city":"Ottawa","country_id":"CA","street":["2 Side"]}}`, `"city":"Ottawa"`},
	}
	for _, tt := range tests {
		if a := s.do(tt.method, "/rest/V1/"+tt.path, tt.body); a.status != 200 || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s %s: %d %s, want %s", tt.method, tt.path, a.status, a.body, tt.want)
		}
	}
	doc := get[restDoc](s, "/rest/V1/orders/1")
	if after := doc.text("updated_at"); after != before {
		t.Errorf("updated_at moved from %s to %s", before, after)
	}
	if !strings.Contains(string(doc["extension_attributes"]), "Ottawa") || strings.Contains(string(doc["billing_address"]), "Ottawa") {
		t.Errorf("the shipping address wasn't saved alone: %s", doc["billing_address"])
	}
}

func TestTrackRefusals(t *testing.T) {
	s := open(t)
	mugs(s, "checkmo")
	s.do("POST", "/rest/V1/order/1/ship", "")
	for _, tt := range []struct{ method, path, body, want string }{
		{"POST", "shipment/track", `{"entity":{"order_id":1,"parent_id":1,"track_number":"","carrier_code":"ups"}}`, "Could not save the shipment tracking."},
		{"POST", "shipment/track", `{"entity":{"order_id":2,"parent_id":1,"track_number":"1Z","carrier_code":"ups"}}`, "The shipment doesn't belong to the order."},
		{"POST", "shipment/track", `{"entity":{"order_id":1,"parent_id":7,"track_number":"1Z","carrier_code":"ups"}}`, "The shipment doesn't belong to the order."},
		{"POST", "shipment/track", `{"entity":{"parcel":1}}`, `Property "Parcel" does not have accessor method "getParcel" in class "Magento\Sales\Api\Data\ShipmentTrackInterface".`},
		{"DELETE", "shipment/track/5", ``, errNoEntity.Message},
		{"POST", "shipment/5/comments", `{"entity":{"comment":"x","is_customer_notified":0,"is_visible_on_front":0}}`, errNoEntity.Message},
		{"POST", "invoices/5/capture", ``, errNoEntity.Message},
		{"PUT", "orders/5", `{"entity":{"city":"x"}}`, errNoEntity.Message},
	} {
		a := s.do(tt.method, "/rest/V1/"+tt.path, tt.body)
		if got := decode[restDoc](t, a.body).text("message"); a.status/100 != 4 || got != tt.want {
			t.Errorf("%s %s: %d %q, want %q", tt.method, tt.path, a.status, got, tt.want)
		}
	}
}
