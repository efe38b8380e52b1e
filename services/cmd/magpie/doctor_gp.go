package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

// gpPart examines a pair's company.
func gpPart(pair config.Pair, s func() (sample, error)) part {
	with := func(what string, look func(context.Context, *notes, *gp.Client)) check {
		return check{what, func(ctx context.Context, n *notes) {
			company, err := newGP(pair)
			if err != nil {
				n.err(what, err)
				return
			}
			defer company.Close()
			look(ctx, n, company)
		}}
	}
	return part{
		name: "gp of pair " + pair.Name,
		gate: with("address", func(ctx context.Context, n *notes, c *gp.Client) { checkCompany(ctx, n, pair, c) }),
		rest: []check{
			with("operations", checkOperations),
			with("policy CreateSalesOrder", func(ctx context.Context, n *notes, c *gp.Client) { checkBehaviors(ctx, n, pair, c) }),
			with("capture", func(ctx context.Context, n *notes, c *gp.Client) { checkCapture(ctx, n, pair, c) }),
			with("document id", func(ctx context.Context, n *notes, c *gp.Client) { checkDocumentID(ctx, n, pair, c) }),
			with("site", func(ctx context.Context, n *notes, c *gp.Client) { checkSite(ctx, n, pair, c) }),
			with("items", func(ctx context.Context, n *notes, c *gp.Client) { checkItems(ctx, n, pair, c, s) }),
			with("currencies", func(ctx context.Context, n *notes, c *gp.Client) { checkCurrencies(ctx, n, c, s) }),
		},
	}
}

// checkCompany looks whether GP answers, in time and on time, and knows the
// account and the company.
func checkCompany(ctx context.Context, n *notes, pair config.Pair, c *gp.Client) {
	at, err := reach(ctx, pair.GP.URL, pair.GP.CA)
	answers(n, pair.GP.URL, "gp.url", at, err)
	if err != nil {
		return
	}
	if at.date.IsZero() {
		n.skip("clock", "GP's server sends no Date header")
	} else {
		clock(n, "GP's", at.skew(), "the times that GP itself stamps on records are off by it, and so are lists of what changed; orders carry the store's date", 0)
	}
	found, err := c.FindCompany(ctx, string(pair.GP.Company))
	if err != nil {
		n.err("company", err)
		return
	}
	n.ok("company", fmt.Sprintf("%s (%d); the account %s is let in", found.Name, found.ID, pair.GP.User))
}

// extra notes a failure of a read that only the doctor needs: an account that
// may not use it still writes orders.
func (n *notes) extra(what, operation string, err error) {
	if failure.Of(err).Code == "gp.unauthorized" {
		n.skip(what, "the account may not use "+operation+", which only the doctor needs")
		return
	}
	n.err(what, err)
}

// nothing is a key that no record has.
const nothing = "MAGPIE-DOCTOR"

// checkOperations asks for records that aren't there: who is told so may read.
// A write can't be tried without writing; its policy shows at least that the
// service has the operation for this account's role.
func checkOperations(ctx context.Context, n *notes, c *gp.Client) {
	for _, read := range []struct {
		operation string
		call      func() error
	}{
		{"GetSalesOrderByKey", func() error { _, err := c.SalesOrder(ctx, nothing); return err }},
		{"GetCustomerByKey", func() error { _, err := c.Customer(ctx, nothing); return err }},
		{"GetItemByKey", func() error { _, err := c.Item(ctx, nothing); return err }},
	} {
		if err := read.call(); err != nil && !errors.Is(err, gp.ErrNotFound) {
			n.err("operation "+read.operation, err)
		} else {
			n.ok("operation "+read.operation, "is allowed (asked for "+nothing+")")
		}
	}
	for _, operation := range []string{"CreateSalesOrder", "UpdateSalesOrder", "VoidSalesOrder", "CreateCustomer", "UpdateCustomer"} {
		policy, err := c.Policy(ctx, operation)
		if err != nil {
			n.err("operation "+operation, err)
			continue
		}
		n.skip("operation "+operation, "not probed, since it would write; the policy of the account's role can be read ("+policy.ID+
			"). Look in GP's Dynamics Security Console that a role of the account has the task for it")
	}
}

// checkCapture asks for what gp-capture lists, of the last minute, and says how
// late it sees what.
func checkCapture(ctx context.Context, n *notes, pair config.Pair, c *gp.Client) {
	lately := gp.TimeRange{From: time.Now().Add(-time.Minute)}
	for _, list := range []struct {
		operation string
		call      func() error
	}{
		{"GetSalesOrderList", func() error { _, err := c.SalesOrders(ctx, gp.SalesCriteria{LastModified: lately}); return err }},
		{"GetSalesInvoiceList", func() error { _, err := c.SalesInvoices(ctx, gp.SalesCriteria{LastModified: lately}); return err }},
		{"GetCustomerList", func() error { _, err := c.Customers(ctx, gp.CustomerCriteria{LastModified: lately}); return err }},
		{"GetItemList", func() error { _, err := c.Items(ctx, gp.ItemCriteria{LastModified: lately}); return err }},
		{"GetPricingList", func() error { _, err := c.Pricings(ctx, gp.PricingCriteria{LastModified: lately}); return err }},
	} {
		if err := list.call(); err != nil {
			n.err("operation "+list.operation, err)
		} else {
			n.ok("operation "+list.operation, "is allowed (asked for the last minute)")
		}
	}
	for _, d := range delays(pair.GP.Capture) {
		n.ok("delay of "+d[0], d[1])
	}
}

// delays says how late a change of GP is seen at most, beside the time that GP
// takes to be read.
func delays(c config.GPCapture) [][2]string {
	product := max(24*time.Hour, c.FullEvery)
	return [][2]string{
		{"orders", fmt.Sprintf("%s for orders and invoices that GP stamps; %s for what stamps nothing: lines, fulfilled quantities, "+
			"tracking numbers, of orders in work and of invoices in work or of the last %d days", c.Every, c.OpenEvery, c.OpenDays)},
		{"customers", fmt.Sprintf("%s; %s for their addresses and e-mails", c.Every, c.FullEvery)},
		{"products", fmt.Sprintf("%s for items and price levels; %s for list prices", c.Every, product)},
		{"stock", fmt.Sprintf("%s; %s where GP's triggers are off", c.Every, c.FullEvery)},
	}
}

// off tells whether a behavior's choice means that GP does not do it. GP's
// options are named "Do Not Calculate" and the like.
func off(option gp.Option) bool {
	name := strings.ToLower(option.Name)
	return strings.HasPrefix(name, "do not") || strings.HasPrefix(name, "don't") || name == "no" || name == "false"
}

// checkBehaviors looks at what the order policy does of itself.
func checkBehaviors(ctx context.Context, n *notes, pair config.Pair, c *gp.Client) {
	const policyFix = ` in the policy CreateSalesOrder of the account's role (Dynamics GP Web Services Policy console)`
	policy, err := c.Policy(ctx, "CreateSalesOrder")
	if err != nil {
		n.err("policy CreateSalesOrder", err)
		return
	}
	for _, b := range []struct {
		name     string
		wantsOff bool
		effect   string
		fix      string
	}{
		{name: "Create Batch", fix: "choose that batches are created," + policyFix, effect: fmt.Sprintf(
			"orders are refused (gp.batch.unknown) until somebody makes the batch %s, for each day where it has a date", pair.GP.Order.Batch)},
		{name: "Calculate Unit Price", wantsOff: true, fix: "choose that it is not calculated," + policyFix, effect: "GP may put the prices of its own list in place of the store's; outcomes then list the differences"},
		{name: "Calculate Total Amount", wantsOff: true, fix: "nothing, if totals arrive as they should", effect: "GP computes the total, and refuses an order whose parts it adds up otherwise"},
		{name: "Allocate Quantities", fix: "choose that quantities are allocated," + policyFix, effect: "orders are written and nothing is allocated to them"},
	} {
		what := "behaviour " + b.name
		behavior, ok := policy.Behavior(b.name)
		chosen := behavior.Selected.Name
		switch {
		case !ok:
			n.warn(what, "the policy does not have it", "look at the policy CreateSalesOrder"+policyFix)
		case chosen == "":
			n.warn(what, "no option is selected", "select one"+policyFix)
		case off(behavior.Selected) == b.wantsOff:
			n.ok(what, chosen)
		case b.name == "Create Batch":
			n.fail(what, chosen+": "+b.effect, b.fix)
		case b.name == "Calculate Total Amount":
			n.ok(what, chosen+": "+b.effect)
		default:
			n.warn(what, chosen+": "+b.effect, b.fix)
		}
	}
	for _, name := range []string{"Quantity Shortage", "Check Hold", "Check Credit Limit", "Default Document Type Id"} {
		if behavior, ok := policy.Behavior(name); ok && behavior.Selected.Name != "" {
			n.ok("behaviour "+name, behavior.Selected.Name)
		}
	}
}

// documentWindows are how far back documents are looked for, the shortest time
// first: GP's lists have no pages.
var documentWindows = []time.Duration{24 * time.Hour, 7 * 24 * time.Hour, 60 * 24 * time.Hour}

// checkDocumentID looks at documents that have the id, as no operation of the
// services tells which ids there are.
func checkDocumentID(ctx context.Context, n *notes, pair config.Pair, c *gp.Client) {
	id := pair.GP.Order.DocID
	what := "document id " + id
	const where = "GP: Tools, Setup, Sales, Sales Order Processing, Sales Document Setup"
	for _, window := range documentWindows {
		types, err := c.DocumentTypes(ctx, id, time.Now().Add(-window))
		if err != nil {
			n.extra(what, "GetSalesDocumentList", err)
			return
		}
		switch {
		case len(types) == 0:
			continue
		case slices.Contains(types, "Order"):
			n.ok(what, "orders have it")
		default:
			n.fail(what, "is of the type "+strings.Join(types, ", ")+", and must be of the type Order", "set gp.order.docid to an order's document id ("+where+")")
		}
		return
	}
	n.warn(what, "no document of the last 60 days has it, and GP's services list no document ids: whether it exists shows at the first order",
		"look that it is there, and of the type Order ("+where+")")
}

func checkSite(ctx context.Context, n *notes, pair config.Pair, c *gp.Client) {
	what := "site " + pair.GP.Order.Site
	site, err := c.Warehouse(ctx, pair.GP.Order.Site)
	switch {
	case errors.Is(err, gp.ErrNotFound):
		n.fail(what, "GP has no such site", "create the site, or name another in gp.order.site")
	case err != nil:
		n.extra(what, "GetWarehouseByKey", err)
	default:
		n.ok(what, "is there ("+site.Description+")")
	}
}

// sampleItems is how many items are looked up: each is a call.
const sampleItems = 5

// checkItems looks whether what the store sold last is in GP, and at the site.
func checkItems(ctx context.Context, n *notes, pair config.Pair, c *gp.Client, s func() (sample, error)) {
	seen, err := s()
	if err != nil {
		n.skip("items", "needs the store's newest orders: "+reason(err))
		return
	}
	numbers, err := tableRows(pair, "items", seen.published)
	if err != nil {
		n.err("items", err)
		return
	}
	skus := seen.skus[:min(len(seen.skus), sampleItems)]
	if len(skus) == 0 {
		n.skip("items", "the store has no order yet")
		return
	}
	well := 0
	for _, sku := range skus {
		number := sku
		if own, ok := numbers[sku].(string); ok {
			number = own
		}
		item, err := c.Item(ctx, number)
		_, at := item.At(pair.GP.Order.Site)
		switch {
		case errors.Is(err, gp.ErrNotFound):
			n.warn("item "+number, "was sold lately and is not in GP: its orders are refused (gp.item.unknown)",
				"create the item, or add a row "+sku+" to flows.tables.items of the pair")
		case err != nil:
			n.err("item "+number, err)
			return
		case !at && len(item.Stock) > 0:
			n.warn("item "+number, "is not assigned to the site "+pair.GP.Order.Site, "assign it (Cards, Inventory, Quantities/Sites)")
		case item.Discontinued:
			n.warn("item "+number, "was sold lately and is discontinued in GP", "see whether the store should still sell it")
		default:
			well++
		}
	}
	n.ok("items", fmt.Sprintf("%d of %d that were sold lately are in GP and at the site %s", well, len(skus), pair.GP.Order.Site))
}

// checkCurrencies looks whether GP knows each currency that orders come in.
func checkCurrencies(ctx context.Context, n *notes, c *gp.Client, s func() (sample, error)) {
	seen, err := s()
	if err != nil {
		n.skip("currencies", "needs the store's settings and newest orders: "+reason(err))
		return
	}
	if len(seen.currencies) == 0 {
		n.skip("currencies", "the store tells none")
	}
	for _, iso := range seen.currencies {
		found, err := c.Currency(ctx, iso)
		switch {
		case errors.Is(err, gp.ErrNotFound):
			n.fail("currency "+iso, "the store sells in it and GP does not have it: its orders are refused",
				"set it up in GP and give the company access (Setup, System, Currency and Multicurrency Access), or set order.currency to base under the pair's flows")
		case err != nil:
			n.extra("currency "+iso, "GetCurrencyByKey", err)
		default:
			n.ok("currency "+iso, fmt.Sprintf("GP has it (%s); whether it is the company's functional one, or the company has access to it, the services don't tell",
				strings.TrimSpace(found.ID+" "+found.Description)))
		}
	}
}
