package magento

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// sentOrder are the parts of a new order beside its columns.
type sentOrder struct {
	Billing   json.RawMessage `json:"billing_address"`
	Payment   json.RawMessage `json:"payment"`
	Histories []history       `json:"status_histories"`
	Extension struct {
		Assignments []struct {
			Shipping struct {
				Address json.RawMessage `json:"address"`
				Method  string          `json:"method"`
			} `json:"shipping"`
		} `json:"shipping_assignments"`
	} `json:"extension_attributes"`
}

// createOrder saves a new order with what was sent, as an import does: nothing
// is calculated, reserved, or taken from stock, and the only logic is the state
// check of each save. An increment id is drawn when none is given.
func (s *Server) createOrder(ctx context.Context, c *call, columns []func(*order), given map[string]json.RawMessage) ([]byte, error) {
	store, ok := s.storeByCode(c.store)
	if !ok {
		store = s.cfg.Stores[0]
	}
	now := s.timestamp()
	o := &order{
		StoreID: store.ID, State: stateNew, Status: defaultStatus(stateNew), CreatedAt: now, UpdatedAt: now, CustomerIsGuest: 1, IsVirtual: 1,
		GlobalCurrency: s.cfg.Stores[0].BaseCurrency, BaseCurrency: store.BaseCurrency, StoreCurrency: store.BaseCurrency,
		OrderCurrency: store.Currency, BaseToGlobalRate: one, BaseToOrderRate: store.Rate,
	}
	for _, set := range columns {
		set(o)
	}
	if raw, ok := given["state"]; ok && given["status"] == nil && !bytes.Equal(raw, []byte("null")) {
		o.Status = defaultStatus(o.State)
	}
	if o.IncrementID == "" {
		o.IncrementID = s.nextIncrement(o.StoreID)
	} else if err := s.freeIncrement(ctx, o); err != nil {
		return nil, err
	}
	if o.CustomerID != 0 {
		o.CustomerIsGuest = 0
	}
	o.EntityID = s.ids.order.Add(1)
	if err := s.fillOrder(o, given); err != nil {
		return nil, err
	}
	o.checkState(false)
	if err := s.commitNew(ctx, o); err != nil {
		return nil, err
	}
	return s.restOrder(o), nil
}

// freeIncrement refuses a number that the store has (the table's unique key of
// increment_id and store_id).
func (s *Server) freeIncrement(ctx context.Context, o *order) error {
	var taken bool
	if err := s.db.reader.QueryRowContext(ctx, `SELECT COUNT(*) > 0 FROM sales_order WHERE store_id = ? AND increment_id = ?`,
		o.StoreID, o.IncrementID).Scan(&taken); err != nil {
		return fmt.Errorf("read order %s: %w", o.IncrementID, err)
	}
	if taken {
		return badRequest("Unique constraint violation found")
	}
	return nil
}

// fillOrder reads rows, addresses, payment and comments.
func (s *Server) fillOrder(o *order, given map[string]json.RawMessage) error {
	var sent sentOrder
	again, err := json.Marshal(given)
	if err == nil {
		err = json.Unmarshal(again, &sent)
	}
	if err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return errType(wrong.Field, wrong.Value, "array")
		}
		return errDecoding
	}
	if o.Items, err = itemOverlay(given["items"]); err != nil {
		return err
	}
	s.numberItems(o)
	if err := decodeAddress(sent.Billing, &o.Billing); err != nil {
		return err
	}
	o.Billing.EntityID = 2 * o.EntityID
	o.BillingAddressID = o.Billing.EntityID
	for _, assignment := range sent.Extension.Assignments {
		if len(assignment.Shipping.Address) > 0 {
			if err := decodeAddress(assignment.Shipping.Address, &o.ShippingTo); err != nil {
				return err
			}
			o.IsVirtual, o.ShippingTo.EntityID = 0, 2*o.EntityID-1
		}
		o.ShippingMethod = assignment.Shipping.Method
	}
	if err := o.fillPayment(sent.Payment); err != nil {
		return err
	}
	for n := len(sent.Histories) - 1; n >= 0; n-- {
		h := sent.Histories[n]
		h.Status = orText(h.Status, o.Status)
		s.addHistory(o, h)
	}
	return nil
}

// numberItems gives the rows their ids. A row names its parent by the id that it
// was sent with.
func (s *Server) numberItems(o *order) {
	ids := map[int64]int64{}
	for _, it := range o.Items {
		sent := it.ItemID
		it.ItemID, it.OrderID, it.StoreID = s.ids.item.Add(1), o.EntityID, o.StoreID
		it.CreatedAt, it.UpdatedAt = o.CreatedAt, o.UpdatedAt
		if sent != 0 {
			ids[sent] = it.ItemID
		}
	}
	o.TotalItemCount = 0
	for _, it := range o.Items {
		if it.ParentItemID = ids[it.ParentItemID]; it.ParentItemID == 0 {
			o.TotalItemCount++
		}
	}
	for _, it := range o.Items { // the money of a bundle is where its parts have a price
		parent := o.item(it.ParentItemID)
		switch {
		case parent == nil:
		case parent.ProductType == TypeBundle && !it.Price.IsZero():
			parent.Dynamic = true
		case !parent.Dynamic:
			it.Hollow = true
		}
	}
}

var paymentKeys = map[string]bool{
	"account_status": true, "additional_data": true, "additional_information": true, "amount_authorized": true, "amount_canceled": true,
	"amount_ordered": true, "amount_paid": true, "amount_refunded": true, "base_amount_authorized": true, "base_amount_canceled": true,
	"base_amount_ordered": true, "base_amount_paid": true, "base_amount_paid_online": true, "base_amount_refunded": true,
	"base_shipping_amount": true, "base_shipping_captured": true, "cc_exp_month": true, "cc_exp_year": true, "cc_last4": true, "cc_owner": true,
	"cc_trans_id": true, "cc_type": true, "entity_id": true, "extension_attributes": true, "last_trans_id": true, "method": true,
	"parent_id": true, "po_number": true, "quote_payment_id": true, "shipping_amount": true, "shipping_captured": true,
}

// fillPayment takes what was sent; the values of additional_information have no
// keys in REST.
func (o *order) fillPayment(raw json.RawMessage) error {
	p := &o.Payment
	p.Method, p.AmountOrdered, p.ShippingAmount, p.AmountPaid = "checkmo", o.GrandTotal, o.Shipping, o.TotalPaid
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return nil
	}
	var sent struct {
		Method      string    `json:"method"`
		PONumber    string    `json:"po_number"`
		LastTransID string    `json:"last_trans_id"`
		CCLast4     string    `json:"cc_last4"`
		CCType      string    `json:"cc_type"`
		Info        []*string `json:"additional_information"`
	}
	if err := decodeObject(raw, "payment", `Magento\Sales\Api\Data\OrderPaymentInterface`, paymentKeys, &sent); err != nil {
		return err
	}
	p.Method, p.PONumber, p.LastTransID = orText(sent.Method, p.Method), sent.PONumber, sent.LastTransID
	p.CCLast4, p.CCType = sent.CCLast4, sent.CCType
	for n, value := range sent.Info {
		info := paymentInfo{Key: fmt.Sprint(n)}
		if value != nil {
			info.Value = *value
		}
		p.Info = append(p.Info, info)
	}
	return nil
}
