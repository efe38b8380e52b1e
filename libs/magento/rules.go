package magento

import (
	"cmp"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// rule is a refusal (400) that people should read in words of their trade. Texts
// are known in English only; where the store answers in another language a call
// gets the last rule of its subject, which has none.
type rule struct {
	about string   // the subject of the call
	texts []string // any of them
	kind  failure.Kind
	code  string
	field string
	fix   string
}

// Subjects of calls.
const (
	ofShipment = "shipment"
	ofInvoice  = "invoice"
	ofOrder    = "order"
	ofCustomer = "customer"
	ofProduct  = "product"
	ofPrice    = "price"
	ofSource   = "source"
)

// rules are tried from the top (Magento core, Sales/Model/Order/**/Validation,
// Customer/Model/ResourceModel/CustomerRepository, Catalog/Model/ProductRepository;
// magento/inventory, Inventory/Model/SourceItem).
var rules = []rule{
	{ofShipment, []string{"must not be greater than the unshipped quantity"}, failure.KindRejected, "magento.shipment.too_much", "qty",
		"see what the order has shipped already; correct the shipment in the source"},
	{ofShipment, []string{"does not allow a shipment", "when an order has a status of"}, failure.KindRejected, "magento.shipment.not_allowed", "state",
		"see the order's state in Magento: it may be shipped, canceled, closed or on hold; release the hold, or drop the shipment"},
	{ofShipment, []string{"not part of the original order"}, failure.KindRejected, "magento.shipment.foreign_item", "order_item_id",
		"send only lines of the order; a configurable's line is its parent row"},
	{ofShipment, []string{"enter a tracking number"}, failure.KindRejected, "magento.shipment.no_track_number", "track_number",
		"give each parcel a tracking number, or leave the parcel out"},
	{ofShipment, []string{"Not all of your products are available", "Negative quantity", "not enough", "Not enough"}, failure.KindRejected, "magento.shipment.no_stock", "source_code",
		"correct the source's quantity in Magento, or map the site to the source that shipped"},
	{ofShipment, []string{"Could not save a shipment"}, failure.KindTransient, "magento.shipment.not_saved", "",
		"the store's var/log/exception.log has the cause"},
	{ofShipment, nil, failure.KindRejected, "magento.shipment.refused", "", "compare the shipment with the order in Magento"},

	{ofInvoice, []string{"must not be greater than the uninvoiced quantity"}, failure.KindRejected, "magento.invoice.too_much", "qty",
		"see what is invoiced already; correct the invoice in the source"},
	{ofInvoice, []string{"does not allow an invoice", "when an order has a status of"}, failure.KindRejected, "magento.invoice.not_allowed", "state",
		"see the order's state in Magento: it may be invoiced, canceled, closed or on hold; release the hold, or drop the invoice"},
	{ofInvoice, []string{"Could not save an invoice"}, failure.KindTransient, "magento.invoice.not_saved", "",
		"the store's var/log/exception.log has the cause; a payment gateway may have refused the capture"},
	{ofInvoice, nil, failure.KindRejected, "magento.invoice.refused", "", "compare the invoice with the order in Magento"},

	{ofOrder, []string{"hold action is not available", "cannot remove the hold"}, failure.KindRejected, "magento.order.hold_refused", "state",
		"see the order's state in Magento: only open orders are held, only held ones released"},

	{ofCustomer, []string{"customer with the same email"}, failure.KindConflict, "magento.customer.duplicate", "email",
		"look the customer up by e-mail in the website and link the two records, or give one another e-mail"},
	{ofCustomer, []string{"customer group id does not exist"}, failure.KindRejected, "magento.customer.group_unknown", "group_id",
		"make the group in Magento (Customers, Customer Groups), or map the class to one that exists"},
	{ofCustomer, nil, failure.KindRejected, "magento.customer.invalid", "", "correct the named fields of the customer in the source, or in the flow"},

	{ofProduct, []string{"attribute value is empty", "Invalid product data"}, failure.KindRejected, "magento.product.invalid", "",
		"fill the named attribute of the product in the source, or in the flow"},
	{ofProduct, nil, failure.KindRejected, "magento.product.refused", "", "correct the product in the source, or the flow that made the change"},

	{ofPrice, nil, failure.KindRejected, "magento.price.refused", "", "correct the prices in the source, or the flow that made the change"},

	{ofSource, []string{"Validation Failed"}, failure.KindRejected, "magento.source_item.invalid", "",
		"correct the named value: an SKU and a source code without blanks, a number as quantity"},
	{ofSource, nil, failure.KindRejected, "magento.source_item.refused", "", "see the store's var/log/exception.log"},
}

// ruled gives the failure of the first rule that fits, or nil.
func ruled(req call, m message, text string) error {
	for _, r := range rules {
		if r.about != req.about || r.texts != nil && !containsAny(text, r.texts) {
			continue
		}
		return &failure.Error{Kind: r.kind, Code: r.code, Field: cmp.Or(r.field, m.field()), Reason: req.name() + ": " + text, Fix: r.fix}
	}
	return nil
}

func containsAny(text string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}
