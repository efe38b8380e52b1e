package magento

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
)

// checkout is a PlaceOrder with all its gaps filled.
type checkout struct {
	basket
	request           *PlaceOrder
	customer          *customer // nil for a guest
	email             string
	coupon            string
	method, payment   string
	po, comment       string
	billing, shipping orderAddress
	virtual           bool // nothing to ship
}

func (s *Server) checkout(ctx context.Context, p PlaceOrder) (*checkout, error) {
	p, err := s.shopper.complete(ctx, s, p)
	if err != nil {
		return nil, err
	}
	ch := &checkout{
		request: &p,
		coupon:  p.CouponCode, method: p.ShippingMethod, payment: p.PaymentMethod, po: p.PONumber, comment: p.Comment, email: p.Email,
		billing: orderAddress{Address: *p.Billing}, shipping: orderAddress{Address: *p.Shipping}, virtual: true,
	}
	ch.wrap, ch.card, ch.surcharge, ch.hideSurcharge = p.GiftWrap, p.GreetingCard, p.Surcharge, p.HideSurcharge
	ch.giftCards, ch.credit, ch.reward = p.GiftCards, p.StoreCredit, p.Reward
	if ch.store, err = s.storeInCurrency(p.Store, p.Currency); err != nil {
		return nil, err
	}
	if ch.taxation, err = newTaxation(ch.store, p); err != nil {
		return nil, err
	}
	if ch.customer, err = s.account(ctx, p.CustomerID); err != nil {
		return nil, err
	}
	if ch.customer != nil {
		ch.email = ch.customer.Email
		ch.billing.CustomerAddressID = ch.customer.addressID(p.Billing)
		ch.shipping.CustomerAddressID = ch.customer.addressID(p.Shipping)
	}
	for _, l := range p.Lines {
		if err := ch.put(s.shelf, l); err != nil {
			return nil, err
		}
	}
	if _, ok := paymentTitles[ch.payment]; !ok {
		return nil, fmt.Errorf("%w: payment method %q", ErrInvalidOrder, ch.payment)
	}
	if err := ch.ship(); err != nil {
		return nil, err
	}
	if ch.coupon != "" {
		ch.discountPercent, ch.discountAmount, ch.discountFreight = p.DiscountPercent, p.DiscountAmount, p.DiscountShipping
	}
	if ch.store.Country == "" || ch.store.Country == ch.taxedAddress().CountryID {
		ch.taxPercent = ch.store.TaxPercent
	}
	return ch, negative(p)
}

// taxedAddress is where the goods go, or who gets what has no weight.
func (ch *checkout) taxedAddress() *orderAddress {
	if ch.virtual {
		return &ch.billing
	}
	return &ch.shipping
}

// ship finds the freight; what is virtual goes nowhere.
func (ch *checkout) ship() error {
	if ch.virtual {
		return nil
	}
	freight, ok := freights[ch.method]
	if !ok {
		return fmt.Errorf("%w: shipping method %q", ErrInvalidOrder, ch.method)
	}
	subtotal := decimal.Zero
	for _, l := range ch.lines {
		subtotal = subtotal.Add(l.value())
	}
	ch.freight = freight.cost(subtotal, ch.lines)
	return nil
}

// put turns what the shopper asked for into lines.
func (ch *checkout) put(sh *shelf, asked PlaceLine) error {
	product, parent, ok := sh.find(asked.SKU)
	if !ok {
		return fmt.Errorf("%w: no product that can be bought has the SKU %q", ErrInvalidOrder, asked.SKU)
	}
	if asked.Qty.Sign() <= 0 || !product.Decimal && !asked.Qty.IsInteger() {
		return fmt.Errorf("%w: quantity %s of %s", ErrInvalidOrder, asked.Qty, asked.SKU)
	}
	if product.Type == TypeGrouped {
		for _, member := range product.Parts {
			p, _, _ := sh.find(member.SKU)
			ch.add(line{product: p, grouped: true, qty: asked.Qty.Mul(member.Qty), price: p.price(), original: p.Price, fpt: p.FPT})
		}
		return nil
	}
	l := line{product: product, parent: parent, qty: asked.Qty, price: product.price(), original: product.Price, fpt: product.FPT, wrap: asked.GiftWrap}
	if asked.Price != nil {
		l.price, l.original = *asked.Price, *asked.Price
	}
	if asked.FPT != nil {
		l.fpt = *asked.FPT
	}
	if l.price.IsNegative() || l.fpt.IsNegative() || l.wrap.IsNegative() {
		return fmt.Errorf("%w: %s has a negative price", ErrInvalidOrder, asked.SKU)
	}
	for _, id := range sortedKeys(asked.Options) {
		l.options = append(l.options, customOption{id, asked.Options[id]})
	}
	if product.Type == TypeBundle {
		var err error
		l.separate = asked.ShipSeparately
		if l.parts, err = sh.parts(product, asked); err != nil {
			return err
		}
	}
	ch.add(l)
	return nil
}

func (ch *checkout) add(l line) {
	ch.lines = append(ch.lines, l)
	ch.virtual = ch.virtual && l.product.virtual()
}

// parts are those that were chosen, or what the bundle comes with.
func (sh *shelf) parts(bundle *Product, asked PlaceLine) ([]part, error) {
	chosen := asked.Parts
	if len(chosen) == 0 {
		for _, p := range bundle.Parts {
			chosen = append(chosen, PlacePart{SKU: p.SKU, Qty: p.Qty})
		}
	}
	parts := make([]part, 0, len(chosen))
	for n, c := range chosen {
		product, _, ok := sh.find(c.SKU)
		if !ok || product.Type != TypeSimple {
			return nil, fmt.Errorf("%w: no simple product for the bundle %s has the SKU %q", ErrInvalidOrder, bundle.SKU, c.SKU)
		}
		p := part{product: product, option: int64(n + 4), selection: product.ID, qty: c.Qty, price: product.price(), original: product.Price}
		if p.qty.IsZero() {
			p.qty = one
		}
		if c.Price != nil {
			p.price, p.original = *c.Price, *c.Price
		}
		if p.qty.IsNegative() || p.price.IsNegative() {
			return nil, fmt.Errorf("%w: %s in %s has a negative quantity or price", ErrInvalidOrder, c.SKU, bundle.SKU)
		}
		parts = append(parts, p)
	}
	return parts, nil
}

// storeInCurrency is a store view that sells in one of its currencies.
func (s *Server) storeInCurrency(code, currency string) (Store, error) {
	st, _ := s.storeByCode(code)
	if currency == "" || currency == st.Currency {
		return st, nil
	}
	rate := st.Rates[currency]
	if currency == st.BaseCurrency {
		rate = one
	}
	if rate.Sign() <= 0 {
		return st, fmt.Errorf("%w: the store %s has no rate from %s to %q", ErrInvalidOrder, st.Code, st.BaseCurrency, currency)
	}
	st.Currency, st.Rate = currency, rate
	return st, nil
}

// negative refuses amounts that no shopper can ask for.
func negative(p PlaceOrder) error {
	amounts := map[string]decimal.Decimal{
		"discount_percent": p.DiscountPercent, "discount_amount": p.DiscountAmount, "store_credit": p.StoreCredit, "reward": p.Reward,
		"gift_wrap": p.GiftWrap, "greeting_card": p.GreetingCard, "surcharge": p.Surcharge,
	}
	for _, name := range sortedKeys(amounts) {
		if amounts[name].IsNegative() {
			return fmt.Errorf("%w: %s is negative", ErrInvalidOrder, name)
		}
	}
	if p.DiscountPercent.GreaterThan(hundred) {
		return fmt.Errorf("%w: discount_percent %s is more than 100", ErrInvalidOrder, p.DiscountPercent)
	}
	return nil
}

func (s *Server) account(ctx context.Context, id int64) (*customer, error) {
	if id == 0 {
		return nil, nil
	}
	if known := s.accounts.find(id); known != nil {
		return known, nil
	}
	c, err := s.db.customer(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidOrder, err)
	}
	return c, nil
}
