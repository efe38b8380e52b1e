package magento

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Place puts one order into the store with the events of a checkout: the first
// ones are sent before the order can be read.
func (s *Server) Place(ctx context.Context, p PlaceOrder) (OrderRow, error) {
	ch, o, err := s.draft(ctx, p)
	if err != nil {
		return OrderRow{}, err
	}
	if err := s.submit(ctx, ch, o); err != nil {
		return OrderRow{}, err
	}
	return o.row(), nil
}

// draft is an order without ids.
func (s *Server) draft(ctx context.Context, p PlaceOrder) (*checkout, *order, error) {
	ch, err := s.checkout(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	o := s.newOrder(ch)
	if o.Payment.Method == "free" && !o.GrandTotal.IsZero() {
		return nil, nil, fmt.Errorf("%w: payment method free, and %s is to be paid", ErrInvalidOrder, o.GrandTotal.Order)
	}
	if len(p.Damage) > 0 {
		if _, err := p.Damage.apply(s.restOrder(o)); err != nil {
			return nil, nil, fmt.Errorf("%w: damage: %w", ErrInvalidOrder, err)
		}
		o.Damage = p.Damage
	}
	return ch, o, nil
}

// submit saves a draft as a checkout does.
func (s *Server) submit(ctx context.Context, ch *checkout, o *order) error {
	if o.IncrementID == "" {
		o.IncrementID = s.nextIncrement(o.StoreID)
	}
	if err := s.reserveOrder(ctx, o, ch.request.AnyStock); err != nil {
		return err
	}
	id := o.EntityID
	o.EntityID = 0
	s.orderEvent(eventOrderPlace, o) // before the first save: no entity_id yet
	if o.EntityID = id; id == 0 {
		o.EntityID = s.ids.order.Add(1)
	}
	s.number(o, ch)
	if err := s.commitNew(ctx, o); err != nil {
		return errors.Join(err, s.releaseOrder(context.WithoutCancel(ctx), o))
	}
	s.orderEvent(eventCheckoutSubmit, o)
	// Sending the confirmation saves the order again, and so does the answer
	// of a payment gateway.
	saves := 1
	if gatewayMethods[o.Payment.Method] {
		saves = 2
	}
	for range saves {
		s.orderEvent(eventOrderSave, o)
		s.orderEvent(eventOrderCommit, o)
	}
	if ch.customer != nil && o.EntityID%2 == 0 {
		s.customerEvent(eventCustomerSave, ch.customer)
		s.customerEvent(eventCustomerCommit, ch.customer)
		s.hooks.emit(asyncCustomerUpdated, func(string) []byte { return s.restCustomer(ch.customer) })
	}
	return nil
}

// commitNew saves a new order between its two save events.
func (s *Server) commitNew(ctx context.Context, o *order) error {
	s.orderEvent(eventOrderSave, o)
	for _, event := range []string{observer + eventOrderSave, placePlugin} {
		if err := s.ask(ctx, event, o); err != nil {
			return fmt.Errorf("magento: order %s rolled back: %w", o.IncrementID, err)
		}
	}
	if err := s.commitDelay(ctx); err != nil {
		return fmt.Errorf("magento: order %s rolled back: %w", o.IncrementID, err)
	}
	if err := s.db.insertOrder(ctx, o); err != nil {
		return fmt.Errorf("magento: %w", err)
	}
	s.orderEvent(eventOrderCommit, o)
	s.asyncOrder(asyncOrderCreated, o)
	return nil
}

// newOrder turns a checkout into an order without ids.
func (s *Server) newOrder(ch *checkout) *order {
	now, st := s.timestamp(), ch.store
	o := &order{
		StoreID: st.ID, StoreName: st.WebsiteName + "\n" + st.GroupName + "\n" + st.Name, CreatedAt: now, UpdatedAt: now,
		ProtectCode: s.shopper.hex(32), RemoteIP: s.shopper.ip(),
		CustomerEmail: ch.email, CustomerIsGuest: 1, CustomerNoteNotify: 1, EmailSent: 1,
		CustomerFirstname: ch.billing.Firstname, CustomerLastname: ch.billing.Lastname, CustomerMiddlename: ch.billing.Middlename,
		GlobalCurrency: s.cfg.Stores[0].BaseCurrency, BaseCurrency: st.BaseCurrency, StoreCurrency: st.BaseCurrency, OrderCurrency: st.Currency,
		BaseToGlobalRate: one, BaseToOrderRate: st.Rate,
		CouponCode: ch.coupon, DiscountDescription: ch.coupon,
		ShippingMethod: ch.method, ShippingDescription: freights[ch.method].title,
		Billing: ch.billing, ShippingTo: ch.shipping,
		TaxPercent: ch.taxPercent, Request: ch.request,
	}
	if c := ch.customer; c != nil {
		o.CustomerIsGuest, o.CustomerID, o.CustomerGroupID, o.CustomerGender = 0, c.ID, c.GroupID, c.Gender
		o.CustomerFirstname, o.CustomerLastname, o.CustomerTaxvat = c.Firstname, c.Lastname, c.Taxvat
	}
	if ch.coupon != "" {
		o.AppliedRuleIDs = "1"
	}
	if ch.taxPercent.Sign() > 0 {
		to := ch.taxedAddress()
		region := orText(to.RegionCode, "*")
		o.TaxCode = to.CountryID + "-" + region + "-*-Rate 1"
		o.TaxTitle = strings.TrimPrefix(region+" Sales Tax", "* ")
		if st.TaxShipping {
			o.TaxTitle = "VAT"
		}
	}
	var rows []*moneyRow
	for _, l := range ch.lines {
		rows = append(rows, ch.addLine(o, l)...)
	}
	o.IsVirtual = asFlag(!slices.ContainsFunc(o.Items, func(it *orderItem) bool { return it.IsVirtual == 0 }))
	if o.IsVirtual == 1 {
		o.ShippingMethod, o.ShippingDescription, o.ShippingTo = "", "", orderAddress{}
	}
	ch.collect(o, rows)
	s.pay(o, ch)
	return o
}

// number draws the ids of an order and of all below it.
func (s *Server) number(o *order, ch *checkout) {
	o.QuoteID = o.EntityID + 7400
	if o.IsVirtual == 0 {
		o.ShippingTo.EntityID = 2*o.EntityID - 1
	}
	o.Billing.EntityID = 2 * o.EntityID
	o.BillingAddressID = o.Billing.EntityID
	var parent int64
	for _, it := range o.Items {
		it.ItemID, it.OrderID = s.ids.item.Add(1), o.EntityID
		it.QuoteItemID = it.ItemID + 4000
		if it.ParentItemID != 0 {
			it.ParentItemID = parent
		} else {
			parent = it.ItemID
		}
	}
	notified := int64(0)
	if ch.comment != "" {
		s.addHistory(o, history{Comment: ch.comment, Status: o.Status, Notified: &notified, VisibleOnFE: 1})
	}
	if o.Payment.AmountAuthorized.Order.Sign() > 0 {
		s.addHistory(o, history{
			Comment: fmt.Sprintf("Authorized amount of %s. Transaction ID: %q", o.GrandTotal.Base.StringFixed(2), o.Payment.LastTransID), Status: o.Status,
		})
	}
}

// nextIncrement is the next number of a store's own sequence (Magento core,
// SalesSequence): the first store counts from 000000001, store 2 from
// 2000000001.
func (s *Server) nextIncrement(storeID int64) string {
	n := s.sequence(storeID).Add(1)
	if storeID == s.cfg.Stores[0].ID {
		return fmt.Sprintf("%09d", n)
	}
	return fmt.Sprintf("%d%09d", storeID, n)
}

// Orders returns all orders, the oldest first.
func (s *Server) Orders(ctx context.Context) ([]OrderRow, error) {
	rows, err := s.db.reader.QueryContext(ctx, `SELECT doc FROM sales_order ORDER BY entity_id`)
	if err != nil {
		return nil, fmt.Errorf("magento: read orders: %w", err)
	}
	orders, err := scanDocs[order](rows)
	if err != nil {
		return nil, err
	}
	out := make([]OrderRow, len(orders))
	for i := range orders {
		out[i] = orders[i].row()
	}
	return out, nil
}

// Mend takes away the damage of an order, and saves it.
func (s *Server) Mend(ctx context.Context, incrementID string) error {
	o, err := s.db.orderByIncrement(ctx, incrementID)
	if err == nil {
		_, err = s.changeOrder(ctx, o.EntityID, func(o *order) (change, error) {
			o.Damage = nil
			return change{}, nil
		})
	}
	if err != nil {
		return fmt.Errorf("magento: mend order %s: %w", incrementID, err)
	}
	return nil
}

// Cancel cancels an order as the merchant does in the Admin.
func (s *Server) Cancel(ctx context.Context, incrementID string) error {
	o, err := s.db.orderByIncrement(ctx, incrementID)
	if err != nil {
		return fmt.Errorf("magento: cancel order %s: %w", incrementID, err)
	}
	if err := s.cancel(ctx, o.EntityID); err != nil {
		if errors.Is(err, errUnchanged) {
			return fmt.Errorf("magento: order %s is %s and can't be cancelled", incrementID, o.State)
		}
		return fmt.Errorf("magento: cancel order %s: %w", incrementID, err)
	}
	return nil
}
