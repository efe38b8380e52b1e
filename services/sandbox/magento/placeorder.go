package magento

import (
	"errors"

	"github.com/shopspring/decimal"
)

// ErrInvalidOrder is wrapped by every refusal of Place.
var ErrInvalidOrder = errors.New("magento: order can't be placed")

// PlaceOrder is what a shopper decides. Whatever is left out is made up, so
// the zero value is a random shopper. Amounts are in the base currency.
type PlaceOrder struct {
	// Kind makes up an order of one of Kinds where the fields below leave room.
	Kind string `json:"kind,omitempty"`
	// Store is a store view's code.
	Store string `json:"store,omitempty"`
	// Currency is one that the store sells in; empty means the store's default.
	Currency string `json:"currency,omitempty"`
	// PricesIncludeTax and TaxRounding ("unit", "row" or "total") overrule the
	// store's settings for this order.
	PricesIncludeTax *bool  `json:"prices_include_tax,omitempty"`
	TaxRounding      string `json:"tax_rounding,omitempty"`
	// CustomerID is an account; Guest forbids one.
	CustomerID int64 `json:"customer_id,omitempty"`
	Guest      bool  `json:"guest,omitempty"`
	// Email is used for guests.
	Email string      `json:"email,omitempty"`
	Lines []PlaceLine `json:"lines,omitempty"`
	// CouponCode takes DiscountPercent off each row, or spreads DiscountAmount
	// over the rows; DiscountShipping lets it reach the freight. Given lines and
	// no coupon there is no discount.
	CouponCode       string          `json:"coupon_code,omitempty"`
	DiscountPercent  decimal.Decimal `json:"discount_percent,omitzero"`
	DiscountAmount   decimal.Decimal `json:"discount_amount,omitzero"`
	DiscountShipping bool            `json:"discount_shipping,omitempty"`
	ShippingMethod   string          `json:"shipping_method,omitempty"`
	// PaymentMethod becomes "free" when nothing is left to pay.
	PaymentMethod string `json:"payment_method,omitempty"`
	PONumber      string `json:"po_number,omitempty"`
	// GiftCards, StoreCredit and Reward pay first, as far as the order goes.
	GiftCards   []PlaceGiftCard `json:"gift_cards,omitempty"`
	StoreCredit decimal.Decimal `json:"store_credit,omitzero"`
	Reward      decimal.Decimal `json:"reward,omitzero"`
	// GiftWrap and GreetingCard are prices for the order as a whole.
	GiftWrap     decimal.Decimal `json:"gift_wrap,omitzero"`
	GreetingCard decimal.Decimal `json:"greeting_card,omitzero"`
	// Surcharge is a module's: it raises grand_total and stands only in the
	// extension attribute handling_surcharge, or nowhere with HideSurcharge.
	Surcharge     decimal.Decimal `json:"surcharge,omitzero"`
	HideSurcharge bool            `json:"hide_surcharge,omitempty"`
	Billing       *Address        `json:"billing_address,omitempty"`
	// Shipping defaults to Billing.
	Shipping *Address `json:"shipping_address,omitempty"`
	// AnyStock sells what nobody has, as a store with backorders does.
	AnyStock bool `json:"any_stock,omitempty"`
	// Comment is what the shopper wrote to the store.
	Comment string `json:"comment,omitempty"`
	// Damage makes REST answer the order as no store should: values by JSON
	// pointer, such as {"/items/0/qty_ordered": -1, "/billing_address": null};
	// null takes a field away.
	Damage damage `json:"damage,omitempty"`
}

// PlaceLine is one SKU in the basket. The child of a configurable product is
// sold through its parent and makes two rows; a bundle makes a row of its own
// and one for each part; a grouped product becomes its members.
type PlaceLine struct {
	SKU string          `json:"sku"`
	Qty decimal.Decimal `json:"qty,omitzero"` // 0 means 1
	// Price is a unit price; nil means the catalogue's. A gift card's is its
	// worth. A bundle with a dynamic price has none of its own.
	Price *decimal.Decimal `json:"price,omitempty"`
	// FPT is a fixed product tax per unit; nil means the catalogue's.
	FPT *decimal.Decimal `json:"fpt,omitempty"`
	// GiftWrap is the price of wrapping one unit.
	GiftWrap decimal.Decimal `json:"gift_wrap,omitzero"`
	// Options are custom options by option id, such as {"12": "Engrave: A.V."}.
	Options map[string]string `json:"options,omitempty"`
	// ShipSeparately makes the parts of a bundle what is shipped, one by one.
	ShipSeparately bool `json:"ship_separately,omitempty"`
	// Parts replaces what a bundle holds.
	Parts []PlacePart `json:"parts,omitempty"`
}

// PlacePart is a product in a bundle.
type PlacePart struct {
	SKU string          `json:"sku"`
	Qty decimal.Decimal `json:"qty,omitzero"` // in one bundle; 0 means 1
	// Price is a unit price of a part of a dynamic bundle.
	Price *decimal.Decimal `json:"price,omitempty"`
}

// PlaceGiftCard pays with a gift card account.
type PlaceGiftCard struct {
	Code   string          `json:"code,omitempty"`
	Amount decimal.Decimal `json:"amount"`
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
	// Replaces is the number of the order that this one was made of.
	Replaces string    `json:"relation_parent_real_id,omitempty"`
	Comments []Comment `json:"comments"` // newest first
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
		Replaces: o.RelationParentRealID, Comments: []Comment{},
	}
	for _, h := range o.Histories {
		row.Comments = append(row.Comments, Comment{h.Comment, h.Status, h.CreatedAt})
	}
	return row
}
