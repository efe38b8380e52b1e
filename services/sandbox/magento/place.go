package magento

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"
)

// ErrInvalidOrder is wrapped by every refusal of Place.
var ErrInvalidOrder = errors.New("magento: order can't be placed")

// PlaceOrder is what a shopper decides. Whatever is left out is made up, so
// the zero value is a random shopper.
type PlaceOrder struct {
	// Store is a store view's code.
	Store string `json:"store,omitempty"`
	// CustomerID is an account; Guest forbids one.
	CustomerID int64 `json:"customer_id,omitempty"`
	Guest      bool  `json:"guest,omitempty"`
	// Email is used for guests.
	Email string      `json:"email,omitempty"`
	Lines []PlaceLine `json:"lines,omitempty"`
	// CouponCode takes DiscountPercent off each row, and off the freight when
	// DiscountShipping is set. Given lines and no coupon there is no discount.
	CouponCode       string          `json:"coupon_code,omitempty"`
	DiscountPercent  decimal.Decimal `json:"discount_percent,omitzero"`
	DiscountShipping bool            `json:"discount_shipping,omitempty"`
	ShippingMethod   string          `json:"shipping_method,omitempty"`
	PaymentMethod    string          `json:"payment_method,omitempty"`
	PONumber         string          `json:"po_number,omitempty"`
	Billing          *Address        `json:"billing_address,omitempty"`
	// Shipping defaults to Billing.
	Shipping *Address `json:"shipping_address,omitempty"`
	// Comment is what the shopper wrote to the store.
	Comment string `json:"comment,omitempty"`
}

// PlaceLine is one SKU in the basket. The child of a configurable product is
// sold through its parent and makes two rows.
type PlaceLine struct {
	SKU string          `json:"sku"`
	Qty decimal.Decimal `json:"qty,omitzero"` // 0 means 1
	// Price is a unit price in the base currency; nil means the catalogue's.
	Price *decimal.Decimal `json:"price,omitempty"`
}

// OrderRow is an order as a tester looks at it.
type OrderRow struct {
	EntityID      int64           `json:"entity_id"`
	IncrementID   string          `json:"increment_id"`
	StoreID       int64           `json:"store_id"`
	State         string          `json:"state"`
	Status        string          `json:"status"`
	CustomerEmail string          `json:"customer_email"`
	Currency      string          `json:"order_currency_code"`
	GrandTotal    decimal.Decimal `json:"grand_total"`
	PaymentMethod string          `json:"payment_method"`
	CreatedAt     string          `json:"created_at"`
	UpdatedAt     string          `json:"updated_at"`
	Comments      []Comment       `json:"comments"` // newest first
}

// Comment is an entry of an order's history.
type Comment struct {
	Text      string `json:"comment"`
	Status    string `json:"status"`
	CreatedAt string `json:"created_at"`
}

func (o *order) row() OrderRow {
	row := OrderRow{
		EntityID: o.EntityID, IncrementID: o.IncrementID, StoreID: o.StoreID, State: o.State, Status: o.Status, CustomerEmail: o.CustomerEmail,
		Currency: o.OrderCurrency, GrandTotal: o.GrandTotal.Order, PaymentMethod: o.Payment.Method, CreatedAt: o.CreatedAt, UpdatedAt: o.UpdatedAt,
		Comments: []Comment{},
	}
	for _, h := range o.Histories {
		row.Comments = append(row.Comments, Comment{h.Comment, h.Status, h.CreatedAt})
	}
	return row
}

// Place puts one order into the store with the events of a checkout: the first
// ones are sent before the order can be read.
func (s *Server) Place(ctx context.Context, p PlaceOrder) (OrderRow, error) {
	ch, err := s.checkout(ctx, p)
	if err != nil {
		return OrderRow{}, err
	}
	o := s.newOrder(ch)
	s.orderEvent(eventOrderPlace, o) // before the first save: no entity_id yet
	o.EntityID = s.ids.order.Add(1)
	s.number(o, ch)
	if err := s.commitNew(ctx, o); err != nil {
		return OrderRow{}, err
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
	}
	return o.row(), nil
}

// commitNew saves a new order between its two save events.
func (s *Server) commitNew(ctx context.Context, o *order) error {
	s.orderEvent(eventOrderSave, o)
	if err := s.commitDelay(ctx); err != nil {
		return fmt.Errorf("magento: order %s rolled back: %w", o.IncrementID, err)
	}
	if err := s.db.insertOrder(ctx, o); err != nil {
		return fmt.Errorf("magento: %w", err)
	}
	s.orderEvent(eventOrderCommit, o)
	return nil
}

// checkout is a PlaceOrder with all its gaps filled.
type checkout struct {
	basket
	customer          *customer // nil for a guest
	email             string
	coupon            string
	method, payment   string
	po, comment       string
	billing, shipping orderAddress
}

func (s *Server) checkout(ctx context.Context, p PlaceOrder) (*checkout, error) {
	p, err := s.shopper.complete(ctx, s, p)
	if err != nil {
		return nil, err
	}
	ch := &checkout{
		coupon: p.CouponCode, method: p.ShippingMethod, payment: p.PaymentMethod, po: p.PONumber, comment: p.Comment, email: p.Email,
		billing: orderAddress{Address: *p.Billing}, shipping: orderAddress{Address: *p.Shipping},
	}
	ch.store, _ = s.storeByCode(p.Store)
	if ch.customer, err = s.account(ctx, p.CustomerID); err != nil {
		return nil, err
	}
	if ch.customer != nil {
		ch.email = ch.customer.Email
		ch.billing.CustomerAddressID = ch.customer.addressID(p.Billing)
		ch.shipping.CustomerAddressID = ch.customer.addressID(p.Shipping)
	}
	subtotal := decimal.Zero
	for _, l := range p.Lines {
		product, parent, ok := s.shelf.find(l.SKU)
		if !ok {
			return nil, fmt.Errorf("%w: no simple product has the SKU %q", ErrInvalidOrder, l.SKU)
		}
		if l.Qty.Sign() <= 0 {
			return nil, fmt.Errorf("%w: quantity %s of %s", ErrInvalidOrder, l.Qty, l.SKU)
		}
		price := product.Price
		if l.Price != nil {
			price = *l.Price
		}
		ch.lines = append(ch.lines, line{product: product, parent: parent, qty: l.Qty, price: price})
		subtotal = subtotal.Add(price.Mul(l.Qty))
	}
	freight, ok := freights[ch.method]
	if !ok {
		return nil, fmt.Errorf("%w: shipping method %q", ErrInvalidOrder, ch.method)
	}
	if _, ok := paymentTitles[ch.payment]; !ok {
		return nil, fmt.Errorf("%w: payment method %q", ErrInvalidOrder, ch.payment)
	}
	ch.freight = freight.cost(subtotal, ch.lines)
	if ch.coupon != "" {
		ch.discountPercent, ch.discountFreight = p.DiscountPercent, p.DiscountShipping
	}
	if ch.store.Country == "" || ch.store.Country == ch.shipping.CountryID {
		ch.taxPercent = ch.store.TaxPercent
	}
	return ch, nil
}

func (s *Server) account(ctx context.Context, id int64) (*customer, error) {
	if id == 0 {
		return nil, nil
	}
	if int(id) <= len(s.customers) && s.customers[id-1].ID == id {
		return &s.customers[id-1], nil
	}
	c, err := s.db.customer(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidOrder, err)
	}
	return c, nil
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
		TaxPercent: ch.taxPercent,
	}
	if c := ch.customer; c != nil {
		o.CustomerIsGuest, o.CustomerID, o.CustomerGroupID, o.CustomerGender = 0, c.ID, c.GroupID, c.Gender
		o.CustomerFirstname, o.CustomerLastname, o.CustomerTaxvat = c.Firstname, c.Lastname, c.Taxvat
	}
	if ch.coupon != "" {
		o.AppliedRuleIDs = "1"
	}
	if ch.taxPercent.Sign() > 0 {
		region := orText(ch.shipping.RegionCode, "*")
		o.TaxCode = ch.shipping.CountryID + "-" + region + "-*-Rate 1"
		o.TaxTitle = strings.TrimPrefix(region+" Sales Tax", "* ")
		if st.TaxShipping {
			o.TaxTitle = "VAT"
		}
	}
	for _, l := range ch.lines {
		o.addLine(l, now)
	}
	ch.collect(o)
	s.pay(o, ch)
	return o
}

// addLine appends the row of a line, and the child's row of a configurable.
func (o *order) addLine(l line, now string) {
	row := &orderItem{
		ProductID: l.product.ID, ProductType: TypeSimple, SKU: l.product.SKU, Name: l.product.Name, StoreID: o.StoreID,
		CreatedAt: now, UpdatedAt: now, QtyOrdered: l.qty, Weight: l.product.Weight, RowWeight: l.product.Weight.Mul(l.qty), RuleIDs: o.AppliedRuleIDs,
	}
	o.Items = append(o.Items, row)
	if l.parent != nil {
		child := *row
		child.ParentItemID = -1 // set once the parent has its id
		child.RowWeight, child.RuleIDs = decimal.Zero, ""
		o.Items = append(o.Items, &child)
		// The parent keeps the child's SKU and has its own product id.
		row.ProductID, row.ProductType, row.Name, row.Options = l.parent.ID, TypeConfigurable, l.parent.Name, l.product.Options
	}
	o.TotalItemCount++
	o.TotalQtyOrdered = o.TotalQtyOrdered.Add(l.qty)
	o.Weight = o.Weight.Add(row.RowWeight)
}

// number draws the ids of an order and of all below it.
func (s *Server) number(o *order, ch *checkout) {
	o.IncrementID = s.nextIncrement(o.StoreID)
	o.QuoteID = o.EntityID + 7400
	o.ShippingTo.EntityID = 2*o.EntityID - 1
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
