package magento_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func TestShip(t *testing.T) {
	for _, answer := range []string{`"3"`, `3`} { // docs and schema differ
		s := &recordStore{answers: map[string]string{"POST /V1/order/12/ship": "200 " + answer}}
		id, err := s.start(t, magento.Config{}).Ship(t.Context(), 12, magento.Shipment{
			Items:   []magento.QtyOf{{OrderItemID: 7, Qty: dec("1.5000")}},
			Tracks:  []magento.Track{{Carrier: "ups", Title: "UPS", Number: "1Z"}},
			Comment: "from GP", Notify: true, SourceCode: "north",
		})
		if err != nil || id != 3 {
			t.Fatalf("got %d, %v", id, err)
		}
		const want = `{"appendComment":true,"arguments":{"extension_attributes":{"source_code":"north"}},"comment":{"comment":"from GP","is_visible_on_front":0},` +
			`"items":[{"order_item_id":7,"qty":1.5}],"notify":true,"tracks":[{"carrier_code":"ups","title":"UPS","track_number":"1Z"}]}`
		if got := wire(t, s.written()[0].body); got != want {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	}
}

func TestNothingToShipIsNotEverything(t *testing.T) {
	s := &recordStore{answers: map[string]string{"POST /V1/order/12/ship": "200 1", "POST /V1/order/12/invoice": "200 2"}}
	c := s.start(t, magento.Config{})
	if _, err := c.Ship(t.Context(), 12, magento.Shipment{}); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("ship: %v", err)
	}
	if _, err := c.Invoice(t.Context(), 12, magento.Invoice{}); failure.Of(err).Kind != failure.KindDefect {
		t.Errorf("invoice: %v", err)
	}
	if len(s.written()) > 0 {
		t.Errorf("sent %+v", s.written())
	}
	if id, err := c.Ship(t.Context(), 12, magento.Shipment{All: true}); err != nil || id != 1 {
		t.Errorf("all: %d, %v", id, err)
	}
	if id, err := c.Invoice(t.Context(), 12, magento.Invoice{All: true, Capture: true}); err != nil || id != 2 {
		t.Errorf("all: %d, %v", id, err)
	}
	if got := wire(t, s.written()[1].body); got != `{"capture":true,"notify":false}` {
		t.Errorf("sent %s", got)
	}
}

func TestTracksAndComments(t *testing.T) {
	s := &recordStore{answers: map[string]string{"POST /V1/shipment/track": `200 {"entity_id":"9"}`, "POST /V1/shipment/3/comments": `200 {"entity_id":1}`}}
	c := s.start(t, magento.Config{})
	id, err := c.AddTrack(t.Context(), 12, 3, magento.Track{Carrier: "custom", Title: "Truck", Number: "T1"})
	if err != nil || id != 9 {
		t.Errorf("got %d, %v", id, err)
	}
	if err := c.CommentShipment(t.Context(), 3, "packed"); err != nil {
		t.Error(err)
	}
	if _, err := c.AddTrack(t.Context(), 12, 3, magento.Track{Carrier: "ups"}); failure.Of(err).Code != "magento.shipment.no_track_number" {
		t.Errorf("without a number: %v", err)
	}
	for i, want := range []string{
		`{"entity":{"carrier_code":"custom","order_id":12,"parent_id":3,"title":"Truck","track_number":"T1"}}`,
		`{"entity":{"comment":"packed","is_customer_notified":0,"is_visible_on_front":0,"parent_id":3}}`,
	} {
		if got := wire(t, s.written()[i].body); got != want {
			t.Errorf("sent %s\nwant %s", got, want)
		}
	}
}

func TestDocumentsOfAnOrder(t *testing.T) {
	shipment := document(6, 1)
	shipment["items"] = []fields{{"order_item_id": 7, "sku": "A", "qty": json.Number("1.5000")}}
	shipment["tracks"] = []fields{{"entity_id": "5", "track_number": "1Z", "title": "UPS", "carrier_code": "ups"}}
	shipment["comments"] = []fields{{"entity_id": 8, "comment": "packed", "created_at": at(0)}}
	shipment["extension_attributes"] = fields{"source_code": "north"}
	invoice := document(7, 1)
	invoice["state"], invoice["extension_attributes"] = 2, []string{} // PHP's empty object
	s := &recordStore{records: map[string][]fields{"/V1/shipments": {shipment}, "/V1/invoices": {invoice, document(8, 1)}, "/V1/creditmemos": {}}}
	c := s.start(t, magento.Config{})
	shipments, err := c.Shipments(t.Context(), 2)
	if err != nil || len(shipments) != 1 {
		t.Fatalf("got %+v, %v", shipments, err)
	}
	d := shipments[0]
	if d.ID != 6 || d.OrderID != 2 || d.SourceCode != "north" || d.Tracks[0] != (magento.Track{ID: 5, Carrier: "ups", Title: "UPS", Number: "1Z"}) ||
		d.Items[0].OrderItemID != 7 || !d.Items[0].Qty.Equal(dec("1.5")) || d.Comments[0].Comment != "packed" {
		t.Errorf("got %+v", d)
	}
	invoices, err := c.Invoices(t.Context(), 2)
	if err != nil || len(invoices) != 2 || invoices[0].State != 2 {
		t.Errorf("got %+v, %v", invoices, err)
	}
	if memos, err := c.Creditmemos(t.Context(), 2); err != nil || len(memos) != 0 {
		t.Errorf("got %+v, %v", memos, err)
	}
}

func TestWritesWithoutAnAnswerAreUnknown(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(hangUp))
	defer server.Close()
	c := client(t, server.URL, magento.Config{})
	for name, do := range map[string]func(ctx context.Context) error{
		"ship": func(ctx context.Context) error {
			_, err := c.Ship(ctx, 1, magento.Shipment{All: true})
			return err
		},
		"cancel": func(ctx context.Context) error { return c.Cancel(ctx, 1) },
		"create order": func(ctx context.Context) error {
			_, err := c.CreateOrder(ctx, []byte(`{}`))
			return err
		},
		"create product": func(ctx context.Context) error {
			_, err := c.CreateProduct(ctx, map[string]any{"sku": "A"})
			return err
		},
	} {
		if err := do(t.Context()); !errors.Is(err, failure.ErrUnknownOutcome) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.ShopperStock(t.Context(), []string{"A"}); errors.Is(err, failure.ErrUnknownOutcome) || failure.Of(err).Code != "magento.no_answer" {
		t.Errorf("GraphQL only reads: %v", err)
	}
}

// Refusals keep Magento's words, filled in, and say what to do.
func TestRefusalsOfEntities(t *testing.T) {
	ship := func(ctx context.Context, c *magento.Client) error {
		_, err := c.Ship(ctx, 1, magento.Shipment{All: true})
		return err
	}
	invoice := func(ctx context.Context, c *magento.Client) error {
		_, err := c.Invoice(ctx, 1, magento.Invoice{All: true})
		return err
	}
	customer := func(ctx context.Context, c *magento.Client) error {
		_, err := c.CreateCustomer(ctx, map[string]any{"website_id": 1})
		return err
	}
	product := func(ctx context.Context, c *magento.Client) error {
		_, err := c.CreateProduct(ctx, map[string]any{"sku": "A"})
		return err
	}
	hold := func(ctx context.Context, c *magento.Client) error { return c.Hold(ctx, 1) }
	cancel := func(ctx context.Context, c *magento.Client) error { return c.Cancel(ctx, 1) }
	const shipping, invoicing = `Shipment Document Validation Error(s):\n`, `Invoice Document Validation Error(s):\n`
	for _, tt := range []struct {
		do           func(context.Context, *magento.Client) error
		status       int
		body         string
		kind         failure.Kind
		code, field  string
		texts        []string
		sentNotKnown bool
	}{
		{ship, 400, `{"message":"` + shipping + `The quantity to ship must not be greater than the unshipped quantity for product SKU \"A\"."}`,
			failure.KindRejected, "magento.shipment.too_much", "qty", []string{`product SKU "A"`}, false},
		{ship, 400, `{"message":"` + shipping + `A shipment cannot be created when an order has a status of %1","parameters":["complete"]}`,
			failure.KindRejected, "magento.shipment.not_allowed", "state", []string{"a status of complete"}, false},
		{ship, 400, `{"message":"` + shipping + `The order does not allow a shipment to be created."}`, failure.KindRejected, "magento.shipment.not_allowed", "state", nil, false},
		{ship, 400, `{"message":"` + shipping + `Please enter a tracking number."}`, failure.KindRejected, "magento.shipment.no_track_number", "track_number", nil, false},
		{ship, 400, `{"message":"Lieferung nicht m\u00f6glich"}`, failure.KindRejected, "magento.shipment.refused", "", nil, false},
		{ship, 400, `{"message":"Could not save a shipment, see error log for details"}`, failure.KindTransient, "magento.shipment.not_saved", "", nil, false},
		{ship, 404, `{"message":"The entity that was requested doesn't exist. Verify the entity and try again."}`, failure.KindRejected, "magento.not_found", "order_id", nil, false},
		{ship, 504, `<html>`, failure.KindTransient, "magento.gateway", "", nil, true},
		{invoice, 400, `{"message":"` + invoicing + `The quantity to invoice must not be greater than the uninvoiced quantity for product SKU \"A\"."}`,
			failure.KindRejected, "magento.invoice.too_much", "qty", nil, false},
		{invoice, 400, `{"message":"` + invoicing + `The order does not allow an invoice to be created."}`, failure.KindRejected, "magento.invoice.not_allowed", "state", nil, false},
		{hold, 400, `{"message":"A hold action is not available."}`, failure.KindRejected, "magento.order.hold_refused", "state", nil, false},
		{cancel, 200, `false`, failure.KindRejected, "magento.order.not_cancelable", "state", nil, false},
		{customer, 400, `{"message":"A customer with the same email address already exists in an associated website."}`,
			failure.KindConflict, "magento.customer.duplicate", "email", nil, false},
		{customer, 400, `{"message":"The specified customer group id does not exist."}`, failure.KindRejected, "magento.customer.group_unknown", "group_id", nil, false},
		{customer, 400, `{"message":"One or more input exceptions have occurred.","errors":[{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"postcode"}},{"message":"\"%fieldName\" is required. Enter and try again.","parameters":{"fieldName":"telephone"}}]}`,
			failure.KindRejected, "magento.customer.invalid", "postcode", []string{`"postcode" is required`, `"telephone" is required`}, false},
		{product, 400, `{"message":"The \"%1\" attribute value is empty. Set the attribute and try again.","parameters":["Product Name"]}`,
			failure.KindRejected, "magento.product.invalid", "", []string{`"Product Name" attribute`}, false},
		{product, 400, `{"message":"The product was unable to be saved. Please try again."}`, failure.KindTransient, "magento.deadlock", "", nil, false},
	} {
		t.Run(tt.code, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { reply(w, tt.status, tt.body) }))
			defer server.Close()
			err := tt.do(t.Context(), client(t, server.URL, magento.Config{}))
			f := failure.Of(err)
			if f == nil || f.Kind != tt.kind || f.Code != tt.code || f.Field != tt.field || errors.Is(err, failure.ErrUnknownOutcome) != tt.sentNotKnown {
				t.Fatalf("got %+v", f)
			}
			if f.Kind != failure.KindTransient && f.Fix == "" {
				t.Error("no next step")
			}
			for _, text := range tt.texts {
				if !strings.Contains(f.Reason, text) {
					t.Errorf("%q lacks %q", f.Reason, text)
				}
			}
		})
	}
}
