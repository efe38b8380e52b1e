package magento

import (
	"github.com/shopspring/decimal"
)

// pair is an amount in the website's base currency and in the order's: Magento
// keeps all money twice and rounds each on its own.
type pair struct {
	Base  decimal.Decimal `json:"b"`
	Order decimal.Decimal `json:"o"`
}

func (p pair) add(q pair) pair { return pair{p.Base.Add(q.Base), p.Order.Add(q.Order)} }
func (p pair) sub(q pair) pair { return pair{p.Base.Sub(q.Base), p.Order.Sub(q.Order)} }
func (p pair) neg() pair       { return pair{p.Base.Neg(), p.Order.Neg()} }
func (p pair) cents() pair     { return pair{p.Base.Round(2), p.Order.Round(2)} }
func (p pair) IsZero() bool    { return p.Base.IsZero() && p.Order.IsZero() }
func (p pair) mul(d decimal.Decimal) pair {
	return pair{p.Base.Mul(d), p.Order.Mul(d)}
}

// order is a row of sales_order with all that hangs on it. The JSON names are
// the columns' (Magento core, Sales/etc/db_schema.xml); an empty text and a
// zero reference stand for null.
type order struct {
	EntityID    int64  `json:"entity_id"`
	IncrementID string `json:"increment_id"`
	QuoteID     int64  `json:"quote_id"`
	ProtectCode string `json:"protect_code"`
	StoreID     int64  `json:"store_id"`
	StoreName   string `json:"store_name"`
	RemoteIP    string `json:"remote_ip"`
	ExtOrderID  string `json:"ext_order_id"`
	ExtCustomer string `json:"ext_customer_id"`

	CreatedAt string `json:"created_at"`
	UpdatedAt string `json:"updated_at"`

	State  string `json:"state"`
	Status string `json:"status"`
	// An order made of another one names the very first number, how many came
	// between, and the one that it replaces; that one names its replacement.
	OriginalIncrementID  string `json:"original_increment_id,omitempty"`
	EditIncrement        int64  `json:"edit_increment,omitempty"`
	RelationParentID     string `json:"relation_parent_id,omitempty"`
	RelationParentRealID string `json:"relation_parent_real_id,omitempty"`
	RelationChildID      string `json:"relation_child_id,omitempty"`
	RelationChildRealID  string `json:"relation_child_real_id,omitempty"`

	HoldBeforeState  string `json:"hold_before_state"`
	HoldBeforeStatus string `json:"hold_before_status"`

	CustomerID         int64  `json:"customer_id"`
	CustomerIsGuest    int64  `json:"customer_is_guest"`
	CustomerGroupID    int64  `json:"customer_group_id"`
	CustomerGender     int64  `json:"customer_gender"`
	CustomerEmail      string `json:"customer_email"`
	CustomerPrefix     string `json:"customer_prefix"`
	CustomerFirstname  string `json:"customer_firstname"`
	CustomerMiddlename string `json:"customer_middlename"`
	CustomerLastname   string `json:"customer_lastname"`
	CustomerSuffix     string `json:"customer_suffix"`
	CustomerTaxvat     string `json:"customer_taxvat"`
	CustomerNote       string `json:"customer_note"`
	CustomerNoteNotify int64  `json:"customer_note_notify"`

	GlobalCurrency   string          `json:"global_currency_code"`
	BaseCurrency     string          `json:"base_currency_code"`
	StoreCurrency    string          `json:"store_currency_code"`
	OrderCurrency    string          `json:"order_currency_code"`
	BaseToGlobalRate decimal.Decimal `json:"base_to_global_rate"`
	BaseToOrderRate  decimal.Decimal `json:"base_to_order_rate"`
	StoreToBaseRate  decimal.Decimal `json:"store_to_base_rate"`
	StoreToOrderRate decimal.Decimal `json:"store_to_order_rate"`

	Subtotal             pair `json:"subtotal"`
	SubtotalInclTax      pair `json:"subtotal_incl_tax"`
	Discount             pair `json:"discount_amount"`
	Tax                  pair `json:"tax_amount"`
	Shipping             pair `json:"shipping_amount"`
	ShippingInclTax      pair `json:"shipping_incl_tax"`
	ShippingTax          pair `json:"shipping_tax_amount"`
	ShippingDiscount     pair `json:"shipping_discount_amount"`
	Compensation         pair `json:"discount_tax_compensation_amount"`
	ShippingCompensation pair `json:"shipping_discount_tax_compensation_amount"`
	GrandTotal           pair `json:"grand_total"`

	FPT             pair       `json:"fpt,omitzero"` // sum of weee_tax_applied_row_amount
	GiftWrap        giftWrap   `json:"gift_wrap,omitzero"`
	Surcharge       pair       `json:"handling_surcharge,omitzero"`
	SurchargeHidden bool       `json:"surcharge_hidden,omitempty"`
	GiftCards       []giftCard `json:"gift_cards,omitempty"`
	GiftCardsAmount pair       `json:"gift_cards_amount,omitzero"`
	CustomerBalance pair       `json:"customer_balance_amount,omitzero"`
	Reward          pair       `json:"reward_currency_amount,omitzero"`
	RewardPoints    int64      `json:"reward_points_balance,omitempty"`

	TotalDue      pair `json:"total_due"`
	TotalPaid     pair `json:"total_paid"`
	TotalInvoiced pair `json:"total_invoiced"`
	TotalCanceled pair `json:"total_canceled"`

	SubtotalInvoiced pair `json:"subtotal_invoiced"`
	DiscountInvoiced pair `json:"discount_invoiced"`
	TaxInvoiced      pair `json:"tax_invoiced"`
	ShippingInvoiced pair `json:"shipping_invoiced"`
	SubtotalCanceled pair `json:"subtotal_canceled"`
	DiscountCanceled pair `json:"discount_canceled"`
	TaxCanceled      pair `json:"tax_canceled"`
	ShippingCanceled pair `json:"shipping_canceled"`

	CompensationInvoiced pair `json:"discount_tax_compensation_invoiced,omitzero"`
	PrepaidInvoiced      pair `json:"prepaid_invoiced,omitzero"` // of gift cards, credit and reward
	FeesInvoiced         pair `json:"fees_invoiced,omitzero"`    // fixed product taxes, gift wrapping, surcharges

	Refunded orderRefunds `json:"refunded,omitzero"`

	CouponCode          string `json:"coupon_code"`
	DiscountDescription string `json:"discount_description"`
	AppliedRuleIDs      string `json:"applied_rule_ids"`

	TotalItemCount  int64           `json:"total_item_count"`
	TotalQtyOrdered decimal.Decimal `json:"total_qty_ordered"`
	Weight          decimal.Decimal `json:"weight"`
	IsVirtual       int64           `json:"is_virtual"`
	EmailSent       int64           `json:"email_sent"`

	ShippingDescription string `json:"shipping_description"`
	ShippingMethod      string `json:"shipping_method"`

	BillingAddressID int64           `json:"billing_address_id"`
	Items            []*orderItem    `json:"items"`
	Billing          orderAddress    `json:"billing_address"`
	ShippingTo       orderAddress    `json:"shipping_address"`
	Payment          payment         `json:"payment"`
	Histories        []history       `json:"status_histories"` // newest first
	TaxCode          string          `json:"tax_code"`
	TaxTitle         string          `json:"tax_title"`
	TaxPercent       decimal.Decimal `json:"tax_percent"`

	// Damage is done to the order when REST shows it.
	Damage damage `json:"damage,omitempty"`
	// Request is what was ordered, for an order that is made of this one.
	Request *PlaceOrder `json:"request,omitempty"`
}

// orderRefunds is what the credit memos of an order add up to.
type orderRefunds struct {
	Memos                                             int64
	Total, Online, Offline                            pair
	AdjustmentPositive, AdjustmentNegative            pair
	Subtotal, Tax, Shipping, ShippingTax, Discount    pair
	Compensation, ShippingCompensation, Fees, Prepaid pair
}

// giftWrap is what gift wrapping costs: of the order, of its rows, and the
// printed card.
type giftWrap struct {
	Price, Items, Card          pair
	PriceTax, ItemsTax, CardTax pair
}

func (g giftWrap) price() pair  { return g.Price.add(g.Items).add(g.Card) }
func (g giftWrap) tax() pair    { return g.PriceTax.add(g.ItemsTax).add(g.CardTax) }
func (g giftWrap) IsZero() bool { return g.price().IsZero() }

// giftCard is an account that paid a part of an order.
type giftCard struct {
	ID     int64  `json:"id"`
	Code   string `json:"code"`
	Amount pair   `json:"amount"`
}

// orderItem is a row of sales_order_item.
type orderItem struct {
	ItemID       int64  `json:"item_id"`
	OrderID      int64  `json:"order_id"`
	ParentItemID int64  `json:"parent_item_id"`
	QuoteItemID  int64  `json:"quote_item_id"`
	StoreID      int64  `json:"store_id"`
	ProductID    int64  `json:"product_id"`
	ProductType  string `json:"product_type"`
	SKU          string `json:"sku"`
	Name         string `json:"name"`
	CreatedAt    string `json:"created_at"`
	UpdatedAt    string `json:"updated_at"`
	RuleIDs      string `json:"applied_rule_ids"`
	IsVirtual    int64  `json:"is_virtual"`

	QtyOrdered  decimal.Decimal `json:"qty_ordered"`
	QtyInvoiced decimal.Decimal `json:"qty_invoiced"`
	QtyShipped  decimal.Decimal `json:"qty_shipped"`
	QtyRefunded decimal.Decimal `json:"qty_refunded"`
	QtyCanceled decimal.Decimal `json:"qty_canceled"`

	Weight          decimal.Decimal `json:"weight"`
	RowWeight       decimal.Decimal `json:"row_weight"`
	TaxPercent      decimal.Decimal `json:"tax_percent"`
	DiscountPercent decimal.Decimal `json:"discount_percent"`

	Price            pair `json:"price"`
	OriginalPrice    pair `json:"original_price"`
	PriceInclTax     pair `json:"price_incl_tax"`
	RowTotal         pair `json:"row_total"`
	RowTotalInclTax  pair `json:"row_total_incl_tax"`
	Tax              pair `json:"tax_amount"`
	Discount         pair `json:"discount_amount"`
	Compensation     pair `json:"discount_tax_compensation_amount"`
	RowInvoiced      pair `json:"row_invoiced"`
	TaxInvoiced      pair `json:"tax_invoiced"`
	DiscountInvoiced pair `json:"discount_invoiced"`
	AmountRefunded   pair `json:"amount_refunded"`

	TaxRefunded          pair `json:"tax_refunded,omitzero"`
	DiscountRefunded     pair `json:"discount_refunded,omitzero"`
	CompensationRefunded pair `json:"discount_tax_compensation_refunded,omitzero"`
	FPTRefunded          pair `json:"weee_refunded,omitzero"`
	// Deducted is what was shipped and not returned, by source; Released is what
	// was refunded before it was shipped.
	Deducted map[string]decimal.Decimal `json:"deducted,omitempty"`
	Released decimal.Decimal            `json:"released,omitzero"`

	// Separate marks a bundle whose parts are shipped one by one.
	Separate bool `json:"ship_separately,omitempty"`
	// Hollow marks the child of a configurable product or of a fixed bundle: its
	// parent has the money. Dynamic marks a bundle whose parts have it.
	Hollow  bool  `json:"hollow,omitempty"`
	Dynamic bool  `json:"dynamic,omitempty"`
	Decimal int64 `json:"is_qty_decimal,omitempty"`

	FPT                  pair `json:"weee_tax_applied_amount,omitzero"`
	FPTRow               pair `json:"weee_tax_applied_row_amount,omitzero"`
	GiftWrap             pair `json:"gw_price,omitzero"`
	GiftWrapTax          pair `json:"gw_tax_amount,omitzero"`
	CompensationInvoiced pair `json:"discount_tax_compensation_invoiced,omitzero"`

	Options       []optionValue   `json:"configurable_item_options,omitempty"`
	BundleOptions []bundleOption  `json:"bundle_options,omitempty"`
	CustomOptions []customOption  `json:"custom_options,omitempty"`
	Links         []int64         `json:"downloadable_links,omitempty"`
	GiftCard      *giftCardOption `json:"giftcard_item_option,omitempty"`
}

func (i *orderItem) toInvoice() decimal.Decimal {
	return decimal.Max(decimal.Zero, i.QtyOrdered.Sub(i.QtyInvoiced).Sub(i.QtyCanceled))
}

func (i *orderItem) toShip() decimal.Decimal {
	if i.IsVirtual == 1 {
		return decimal.Zero
	}
	return i.unshipped()
}

// unshipped is what could be shipped, were it not virtual. What is refunded
// counts as if it had not been shipped, even if it was and came back (Magento
// core, Sales/Model/Order/Item::getSimpleQtyToShip).
func (i *orderItem) unshipped() decimal.Decimal {
	return decimal.Max(decimal.Zero, i.QtyOrdered.Sub(i.QtyShipped).Sub(i.QtyRefunded).Sub(i.QtyCanceled))
}

func (i *orderItem) toCancel() decimal.Decimal { return decimal.Min(i.toInvoice(), i.unshipped()) }

func (i *orderItem) toRefund() decimal.Decimal {
	return decimal.Max(decimal.Zero, i.QtyInvoiced.Sub(i.QtyRefunded))
}

// per is how many of a part belong to one of its parent.
func (i *orderItem) per(parent *orderItem) decimal.Decimal {
	return i.QtyOrdered.Div(parent.QtyOrdered)
}

// optionValue is one choice of a configurable product: attribute and value.
type optionValue struct {
	OptionID string `json:"option_id"`
	Value    int64  `json:"option_value"`
}

// bundleOption is what was chosen for one option of a bundle.
type bundleOption struct {
	OptionID   int64           `json:"option_id"`
	Qty        decimal.Decimal `json:"option_qty"`
	Selections []int64         `json:"option_selections"`
}

// customOption is the answer to a question that a product asks.
type customOption struct {
	OptionID string `json:"option_id"`
	Value    string `json:"option_value"`
}

// giftCardOption says for whom a gift card is bought.
type giftCardOption struct {
	Amount                        string
	SenderName, SenderEmail       string
	RecipientName, RecipientEmail string
}

// orderAddress is a row of sales_order_address.
type orderAddress struct {
	EntityID          int64 `json:"entity_id"`
	CustomerAddressID int64 `json:"customer_address_id"`
	Address
}

// payment is a row of sales_order_payment.
type payment struct {
	Method           string        `json:"method"`
	Info             []paymentInfo `json:"additional_information"`
	AmountOrdered    pair          `json:"amount_ordered"`
	AmountAuthorized pair          `json:"amount_authorized"`
	AmountPaid       pair          `json:"amount_paid"`
	AmountCanceled   pair          `json:"amount_canceled"`
	AmountRefunded   pair          `json:"amount_refunded,omitzero"`
	ShippingAmount   pair          `json:"shipping_amount"`
	LastTransID      string        `json:"last_trans_id"`
	CCTransID        string        `json:"cc_trans_id"`
	CCLast4          string        `json:"cc_last4"`
	CCType           string        `json:"cc_type"`
	CCExpMonth       string        `json:"cc_exp_month"`
	CCExpYear        string        `json:"cc_exp_year"`
	PONumber         string        `json:"po_number"`
}

// paymentInfo is one entry of additional_information. REST shows the values
// without their keys there, and both in payment_additional_info.
type paymentInfo struct {
	Key   string `json:"key"`
	Value string `json:"value"` // "" is null
}

// history is a row of sales_order_status_history.
type history struct {
	EntityID    int64  `json:"entity_id"`
	ParentID    int64  `json:"parent_id"`
	Comment     string `json:"comment"`
	CreatedAt   string `json:"created_at"`
	EntityName  string `json:"entity_name"`
	Status      string `json:"status"`
	Notified    *int64 `json:"is_customer_notified"`
	VisibleOnFE int64  `json:"is_visible_on_front"`
}

func (o *order) item(id int64) *orderItem {
	if id == 0 {
		return nil
	}
	for _, it := range o.Items {
		if it.ItemID == id {
			return it
		}
	}
	return nil
}

// children yields the rows below a configurable product or a bundle.
func (o *order) children(parent *orderItem) (out []*orderItem) {
	for _, it := range o.Items {
		if it.ParentItemID == parent.ItemID {
			out = append(out, it)
		}
	}
	return out
}

// unnumbered is the parent of a row whose parent has no id yet: the last row
// before it that has none.
const unnumbered = -1

// goods are the rows that take stock: simple products, sold alone or as a part.
func (o *order) goods() (out []*orderItem) {
	for n, it := range o.Items {
		parent := it.ItemID != 0 && len(o.children(it)) > 0
		if it.ParentItemID == 0 && n+1 < len(o.Items) && o.Items[n+1].ParentItemID == unnumbered {
			parent = true
		}
		if it.IsVirtual == 0 && !parent {
			out = append(out, it)
		}
	}
	return out
}

// shipsAlone reports whether a row is given to a shipment: a part of a bundle
// that ships together isn't, and a bundle whose parts ship separately isn't.
func (o *order) shipsAlone(it *orderItem) bool {
	if parent := o.item(it.ParentItemID); parent != nil {
		return parent.Separate
	}
	return !it.Separate
}

// carriesMoney reports whether a row is given to a refund: the parts of a
// dynamic bundle, and everything else that has no parent.
func (o *order) carriesMoney(it *orderItem) bool {
	if parent := o.item(it.ParentItemID); parent != nil {
		return parent.Dynamic
	}
	return !it.Dynamic
}
