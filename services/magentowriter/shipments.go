package magentowriter

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// Reservations keeps what the store still reserves of orders that GP has
// allocated (open.Book). What is about to be shipped in the store is closing
// before the call, and closed once it is known what came of it.
type Reservations interface {
	Closing(ctx context.Context, order string, shipping map[string]decimal.Decimal) error
	Closed(ctx context.Context, order string) error
}

// shipments carries out what was shipped for an order: a shipment for each part
// that the store lacks, or lacks some of, with its parcels.
type shipments struct{ *Writer }

// CarryOut implements effect.Carrier.
func (w shipments) CarryOut(ctx context.Context, c effect.Command) (events.Outcome, error) {
	var doc events.Shipments
	if err := json.Unmarshal(c.Document, &doc); err != nil {
		return events.Outcome{}, failure.Defect("magento.document", "the command's document can't be read: "+err.Error(), err)
	}
	s := &shipWork{Writer: w.Writer, doc: doc}
	t := &parent{kind: shipping, parts: s.parts(), basket: s.basket, documents: w.store.Shipments, lacks: s.lacksTracks, add: s.add}
	outcome, err := w.carry(ctx, c, events.Shipment, doc.Order, doc, t)
	if err != nil || outcome.Result == events.Superseded {
		return outcome, err
	}
	// A call whose answer was lost is settled now.
	return outcome, w.reservations.Closed(ctx, doc.Order)
}

// shipWork is the work on one order.
type shipWork struct {
	*Writer
	doc events.Shipments
}

func (s *shipWork) parts() (parts []covers) {
	for _, p := range s.doc.Parts {
		parts = append(parts, covers{p.Number, p.Source, p.Lines})
	}
	return parts
}

// basket implements parent's. REST seldom tells on the row how a bundle ships.
func (s *shipWork) basket(ctx context.Context, o magento.Order, items []magento.OrderItem) (*basket, error) {
	separately := map[int64]bool{}
	for _, i := range items {
		children := childrenOf(items, i)
		if i.Type != bundle || len(children) == 0 {
			continue
		}
		ships := i.ShipmentType
		if ships == "" {
			var err error
			if ships, err = s.shipmentType(ctx, o, i, children); err != nil {
				return nil, err
			}
		}
		separately[i.ID] = ships == "1"
	}
	return shippable(items, func(i magento.OrderItem) bool { return separately[i.ID] }), nil
}

// shipmentType asks the bundle's product, which the SKU of a row begins with: a
// dynamic SKU goes on with those of the parts (Magento core,
// Bundle/Model/Product/Type::getSku). A product that is gone was shipped as
// Magento does by default: together.
func (s *shipWork) shipmentType(ctx context.Context, o magento.Order, top magento.OrderItem, children []magento.OrderItem) (string, error) {
	sku := top.SKU
	for n := len(children) - 1; n >= 0; n-- {
		sku = strings.TrimSuffix(sku, "-"+children[n].SKU)
	}
	var product magento.Record
	err := s.call(ctx, o.IncrementID, func(ctx context.Context) (err error) {
		product, err = s.store.Product(ctx, sku)
		return err
	})
	if errors.Is(err, magento.ErrNotFound) {
		return "0", nil
	}
	if err != nil {
		return "", err
	}
	var fields struct {
		Attributes []struct {
			Code  string          `json:"attribute_code"`
			Value json.RawMessage `json:"value"`
		} `json:"custom_attributes"`
	}
	if err := json.Unmarshal(product.JSON, &fields); err != nil {
		return "", failure.Defect("magento.product.unreadable", "product "+sku+" can't be read: "+err.Error(), err)
	}
	for _, a := range fields.Attributes {
		if a.Code == "shipment_type" {
			return strings.Trim(string(a.Value), `"`), nil
		}
	}
	return "0", nil
}

// add ships what is missing, part by part, and adds the parcels that shipments lack.
func (s *shipWork) add(ctx context.Context, o magento.Order, p *plan) error {
	tracks := s.tracks(p)
	for i, part := range s.doc.Parts {
		if len(p.missing[i]) == 0 {
			continue
		}
		shipment := magento.Shipment{
			Items: p.missing[i], Tracks: tracks[i], Comment: shipping.mark + part.Number, Notify: s.doc.Notify, SourceCode: part.Source,
		}
		if part.Source == defaultSource { // what Magento takes anyway, also without MSI
			shipment.SourceCode = ""
		}
		if err := s.ship(ctx, o, p.closing[i], shipment); err != nil {
			return err
		}
		tracks[i] = nil
	}
	for i, own := range p.own {
		for _, track := range tracks[i] {
			shipment := own[len(own)-1]
			if err := s.call(ctx, o.IncrementID, func(ctx context.Context) error {
				_, err := s.store.AddTrack(ctx, o.EntityID, shipment.ID, track)
				return err
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// defaultSource is the code of MSI's default source.
const defaultSource = "default"

func (s *shipWork) ship(ctx context.Context, o magento.Order, closing map[string]decimal.Decimal, shipment magento.Shipment) error {
	if err := s.reservations.Closing(ctx, s.doc.Order, closing); err != nil {
		return err
	}
	err := s.call(ctx, o.IncrementID, func(ctx context.Context) error {
		_, err := s.store.Ship(ctx, o.EntityID, shipment)
		return err
	})
	if errors.Is(err, failure.ErrUnknownOutcome) {
		return err // it may be shipped yet, so it stays closing
	}
	// Told even when the role is to stop: an order that stays closing sells too little.
	return errors.Join(err, s.reservations.Closed(context.WithoutCancel(ctx), s.doc.Order))
}

func (s *shipWork) lacksTracks(p *plan) bool {
	for _, list := range s.tracks(p) {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// tracks gives the parcels that the order's shipments lack, by part. A number is
// given once; a part that somebody else shipped has no shipment to add one to.
func (s *shipWork) tracks(p *plan) [][]magento.Track {
	there := map[string]bool{}
	for _, number := range p.tracked {
		there[trackKey(number)] = true
	}
	lacking := make([][]magento.Track, len(s.doc.Parts))
	for i, part := range s.doc.Parts {
		for _, t := range part.Tracks {
			key := trackKey(t.Number)
			if key == "" || there[key] || len(p.missing[i]) == 0 && len(p.own[i]) == 0 {
				continue
			}
			there[key] = true
			lacking[i] = append(lacking[i], magento.Track{Carrier: t.Carrier, Title: t.Title, Number: t.Number})
		}
	}
	return lacking
}

func trackKey(number string) string { return strings.ToUpper(strings.TrimSpace(number)) }
