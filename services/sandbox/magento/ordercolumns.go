package magento

import "github.com/shopspring/decimal"

// column ties the name that REST, searches, and saves use to its place in a
// row. One table serves all three.
type column[Row, Value any] struct {
	name string
	of   func(*Row) *Value
	// null marks a column that is null, and so left out, until it is set.
	null bool
	// child marks one that a row without money of its own has too.
	child bool
	// base is the name of the base currency's column where it isn't base_name.
	base string
}

func (c column[Row, Value]) baseName() string {
	if c.base != "" {
		return c.base
	}
	return "base_" + c.name
}

var orderTexts = []column[order, string]{
	{name: "increment_id", of: func(o *order) *string { return &o.IncrementID }},
	{name: "protect_code", of: func(o *order) *string { return &o.ProtectCode }},
	{name: "store_name", of: func(o *order) *string { return &o.StoreName }},
	{name: "remote_ip", of: func(o *order) *string { return &o.RemoteIP }},
	{name: "ext_order_id", of: func(o *order) *string { return &o.ExtOrderID }},
	{name: "ext_customer_id", of: func(o *order) *string { return &o.ExtCustomer }},
	{name: "created_at", of: func(o *order) *string { return &o.CreatedAt }},
	{name: "updated_at", of: func(o *order) *string { return &o.UpdatedAt }},
	{name: "state", of: func(o *order) *string { return &o.State }},
	{name: "status", of: func(o *order) *string { return &o.Status }},
	{name: "original_increment_id", of: func(o *order) *string { return &o.OriginalIncrementID }},
	{name: "relation_parent_id", of: func(o *order) *string { return &o.RelationParentID }},
	{name: "relation_parent_real_id", of: func(o *order) *string { return &o.RelationParentRealID }},
	{name: "relation_child_id", of: func(o *order) *string { return &o.RelationChildID }},
	{name: "relation_child_real_id", of: func(o *order) *string { return &o.RelationChildRealID }},
	{name: "hold_before_state", of: func(o *order) *string { return &o.HoldBeforeState }},
	{name: "hold_before_status", of: func(o *order) *string { return &o.HoldBeforeStatus }},
	{name: "customer_email", of: func(o *order) *string { return &o.CustomerEmail }},
	{name: "customer_prefix", of: func(o *order) *string { return &o.CustomerPrefix }},
	{name: "customer_firstname", of: func(o *order) *string { return &o.CustomerFirstname }},
	{name: "customer_middlename", of: func(o *order) *string { return &o.CustomerMiddlename }},
	{name: "customer_lastname", of: func(o *order) *string { return &o.CustomerLastname }},
	{name: "customer_suffix", of: func(o *order) *string { return &o.CustomerSuffix }},
	{name: "customer_taxvat", of: func(o *order) *string { return &o.CustomerTaxvat }},
	{name: "customer_note", of: func(o *order) *string { return &o.CustomerNote }},
	{name: "global_currency_code", of: func(o *order) *string { return &o.GlobalCurrency }},
	{name: "base_currency_code", of: func(o *order) *string { return &o.BaseCurrency }},
	{name: "store_currency_code", of: func(o *order) *string { return &o.StoreCurrency }},
	{name: "order_currency_code", of: func(o *order) *string { return &o.OrderCurrency }},
	{name: "coupon_code", of: func(o *order) *string { return &o.CouponCode }},
	{name: "discount_description", of: func(o *order) *string { return &o.DiscountDescription }},
	{name: "applied_rule_ids", of: func(o *order) *string { return &o.AppliedRuleIDs }},
	{name: "shipping_description", of: func(o *order) *string { return &o.ShippingDescription }},
}

var orderInts = []column[order, int64]{
	{name: "entity_id", of: func(o *order) *int64 { return &o.EntityID }},
	{name: "quote_id", of: func(o *order) *int64 { return &o.QuoteID }, null: true},
	{name: "store_id", of: func(o *order) *int64 { return &o.StoreID }},
	{name: "customer_id", of: func(o *order) *int64 { return &o.CustomerID }, null: true},
	{name: "customer_is_guest", of: func(o *order) *int64 { return &o.CustomerIsGuest }},
	{name: "customer_group_id", of: func(o *order) *int64 { return &o.CustomerGroupID }},
	{name: "customer_gender", of: func(o *order) *int64 { return &o.CustomerGender }, null: true},
	{name: "customer_note_notify", of: func(o *order) *int64 { return &o.CustomerNoteNotify }},
	{name: "edit_increment", of: func(o *order) *int64 { return &o.EditIncrement }, null: true},
	{name: "total_item_count", of: func(o *order) *int64 { return &o.TotalItemCount }},
	{name: "is_virtual", of: func(o *order) *int64 { return &o.IsVirtual }},
	{name: "email_sent", of: func(o *order) *int64 { return &o.EmailSent }, null: true},
	{name: "billing_address_id", of: func(o *order) *int64 { return &o.BillingAddressID }},
}

var orderNumbers = []column[order, decimal.Decimal]{
	{name: "base_to_global_rate", of: func(o *order) *decimal.Decimal { return &o.BaseToGlobalRate }},
	{name: "base_to_order_rate", of: func(o *order) *decimal.Decimal { return &o.BaseToOrderRate }},
	{name: "store_to_base_rate", of: func(o *order) *decimal.Decimal { return &o.StoreToBaseRate }},
	{name: "store_to_order_rate", of: func(o *order) *decimal.Decimal { return &o.StoreToOrderRate }},
	{name: "total_qty_ordered", of: func(o *order) *decimal.Decimal { return &o.TotalQtyOrdered }},
	{name: "weight", of: func(o *order) *decimal.Decimal { return &o.Weight }},
}

var orderMoney = []column[order, pair]{
	{name: "subtotal", of: func(o *order) *pair { return &o.Subtotal }},
	{name: "subtotal_incl_tax", of: func(o *order) *pair { return &o.SubtotalInclTax }},
	{name: "discount_amount", of: func(o *order) *pair { return &o.Discount }},
	{name: "tax_amount", of: func(o *order) *pair { return &o.Tax }},
	{name: "shipping_amount", of: func(o *order) *pair { return &o.Shipping }},
	{name: "shipping_incl_tax", of: func(o *order) *pair { return &o.ShippingInclTax }},
	{name: "shipping_tax_amount", of: func(o *order) *pair { return &o.ShippingTax }},
	{name: "shipping_discount_amount", of: func(o *order) *pair { return &o.ShippingDiscount }},
	{name: "discount_tax_compensation_amount", of: func(o *order) *pair { return &o.Compensation }},
	{
		name: "shipping_discount_tax_compensation_amount", base: "base_shipping_discount_tax_compensation_amnt",
		of: func(o *order) *pair { return &o.ShippingCompensation },
	},
	{name: "grand_total", of: func(o *order) *pair { return &o.GrandTotal }},
	{name: "total_due", of: func(o *order) *pair { return &o.TotalDue }},
	{name: "total_paid", of: func(o *order) *pair { return &o.TotalPaid }, null: true},
	{name: "total_invoiced", of: func(o *order) *pair { return &o.TotalInvoiced }, null: true},
	{name: "total_canceled", of: func(o *order) *pair { return &o.TotalCanceled }, null: true},
	{name: "subtotal_invoiced", of: func(o *order) *pair { return &o.SubtotalInvoiced }, null: true},
	{name: "discount_invoiced", of: func(o *order) *pair { return &o.DiscountInvoiced }, null: true},
	{name: "tax_invoiced", of: func(o *order) *pair { return &o.TaxInvoiced }, null: true},
	{name: "shipping_invoiced", of: func(o *order) *pair { return &o.ShippingInvoiced }, null: true},
	{name: "subtotal_canceled", of: func(o *order) *pair { return &o.SubtotalCanceled }, null: true},
	{name: "discount_tax_compensation_invoiced", of: func(o *order) *pair { return &o.CompensationInvoiced }, null: true},
	{name: "discount_canceled", of: func(o *order) *pair { return &o.DiscountCanceled }, null: true},
	{name: "tax_canceled", of: func(o *order) *pair { return &o.TaxCanceled }, null: true},
	{name: "shipping_canceled", of: func(o *order) *pair { return &o.ShippingCanceled }, null: true},
	{name: "total_refunded", of: func(o *order) *pair { return &o.Refunded.Total }, null: true},
	{name: "total_online_refunded", of: func(o *order) *pair { return &o.Refunded.Online }, null: true},
	{name: "total_offline_refunded", of: func(o *order) *pair { return &o.Refunded.Offline }, null: true},
	{name: "adjustment_positive", of: func(o *order) *pair { return &o.Refunded.AdjustmentPositive }, null: true},
	{name: "adjustment_negative", of: func(o *order) *pair { return &o.Refunded.AdjustmentNegative }, null: true},
	{name: "subtotal_refunded", of: func(o *order) *pair { return &o.Refunded.Subtotal }, null: true},
	{name: "tax_refunded", of: func(o *order) *pair { return &o.Refunded.Tax }, null: true},
	{name: "shipping_refunded", of: func(o *order) *pair { return &o.Refunded.Shipping }, null: true},
	{name: "shipping_tax_refunded", of: func(o *order) *pair { return &o.Refunded.ShippingTax }, null: true},
	{name: "discount_refunded", of: func(o *order) *pair { return &o.Refunded.Discount }, null: true},
	{name: "discount_tax_compensation_refunded", of: func(o *order) *pair { return &o.Refunded.Compensation }, null: true},
}

var itemTexts = []column[orderItem, string]{
	{name: "product_type", of: func(i *orderItem) *string { return &i.ProductType }},
	{name: "sku", of: func(i *orderItem) *string { return &i.SKU }},
	{name: "name", of: func(i *orderItem) *string { return &i.Name }},
	{name: "created_at", of: func(i *orderItem) *string { return &i.CreatedAt }},
	{name: "updated_at", of: func(i *orderItem) *string { return &i.UpdatedAt }},
	{name: "applied_rule_ids", of: func(i *orderItem) *string { return &i.RuleIDs }},
}

var itemInts = []column[orderItem, int64]{
	{name: "item_id", of: func(i *orderItem) *int64 { return &i.ItemID }},
	{name: "order_id", of: func(i *orderItem) *int64 { return &i.OrderID }},
	{name: "parent_item_id", of: func(i *orderItem) *int64 { return &i.ParentItemID }, null: true},
	{name: "quote_item_id", of: func(i *orderItem) *int64 { return &i.QuoteItemID }},
	{name: "store_id", of: func(i *orderItem) *int64 { return &i.StoreID }},
	{name: "product_id", of: func(i *orderItem) *int64 { return &i.ProductID }, null: true},
	{name: "is_qty_decimal", of: func(i *orderItem) *int64 { return &i.Decimal }},
	{name: "is_virtual", of: func(i *orderItem) *int64 { return &i.IsVirtual }},
}

var itemNumbers = []column[orderItem, decimal.Decimal]{
	{name: "qty_ordered", of: func(i *orderItem) *decimal.Decimal { return &i.QtyOrdered }},
	{name: "qty_invoiced", of: func(i *orderItem) *decimal.Decimal { return &i.QtyInvoiced }},
	{name: "qty_shipped", of: func(i *orderItem) *decimal.Decimal { return &i.QtyShipped }},
	{name: "qty_refunded", of: func(i *orderItem) *decimal.Decimal { return &i.QtyRefunded }},
	{name: "qty_canceled", of: func(i *orderItem) *decimal.Decimal { return &i.QtyCanceled }},
	{name: "weight", of: func(i *orderItem) *decimal.Decimal { return &i.Weight }},
	{name: "row_weight", of: func(i *orderItem) *decimal.Decimal { return &i.RowWeight }},
	{name: "tax_percent", of: func(i *orderItem) *decimal.Decimal { return &i.TaxPercent }},
	{name: "discount_percent", of: func(i *orderItem) *decimal.Decimal { return &i.DiscountPercent }},
}

var itemMoney = []column[orderItem, pair]{
	{name: "price", of: func(i *orderItem) *pair { return &i.Price }, child: true},
	{name: "original_price", of: func(i *orderItem) *pair { return &i.OriginalPrice }},
	{name: "price_incl_tax", of: func(i *orderItem) *pair { return &i.PriceInclTax }},
	{name: "row_total", of: func(i *orderItem) *pair { return &i.RowTotal }, child: true},
	{name: "row_total_incl_tax", of: func(i *orderItem) *pair { return &i.RowTotalInclTax }},
	{name: "tax_amount", of: func(i *orderItem) *pair { return &i.Tax }, child: true},
	{name: "discount_amount", of: func(i *orderItem) *pair { return &i.Discount }, child: true},
	{name: "discount_tax_compensation_amount", of: func(i *orderItem) *pair { return &i.Compensation }},
	{name: "discount_tax_compensation_invoiced", of: func(i *orderItem) *pair { return &i.CompensationInvoiced }, null: true},
	{name: "weee_tax_applied_amount", of: func(i *orderItem) *pair { return &i.FPT }, null: true},
	{
		name: "weee_tax_applied_row_amount", base: "base_weee_tax_applied_row_amnt", null: true,
		of: func(i *orderItem) *pair { return &i.FPTRow },
	},
	{name: "row_invoiced", of: func(i *orderItem) *pair { return &i.RowInvoiced }, child: true},
	{name: "tax_invoiced", of: func(i *orderItem) *pair { return &i.TaxInvoiced }, child: true},
	{name: "discount_invoiced", of: func(i *orderItem) *pair { return &i.DiscountInvoiced }, child: true},
	{name: "amount_refunded", of: func(i *orderItem) *pair { return &i.AmountRefunded }, child: true},
	{name: "tax_refunded", of: func(i *orderItem) *pair { return &i.TaxRefunded }, null: true},
	{name: "discount_refunded", of: func(i *orderItem) *pair { return &i.DiscountRefunded }, null: true},
	{name: "discount_tax_compensation_refunded", of: func(i *orderItem) *pair { return &i.CompensationRefunded }, null: true},
}
