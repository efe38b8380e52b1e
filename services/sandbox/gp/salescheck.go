package gp

import (
	"context"
	"time"

	"github.com/shopspring/decimal"
)

// lineStep is the distance of line sequence numbers that GP gives.
const lineStep = 16384

// checkDocument adds every violation that doesn't need the document's sums, and
// fills in what GP takes from customer, item and setup.
func (c *call) checkDocument(ctx context.Context, d *document) error {
	checkText(&d.findings, d.object, "")
	if err := c.checkDocumentType(ctx, d); err != nil {
		return err
	}
	if err := c.checkOrderCustomer(ctx, d); err != nil {
		return err
	}
	if err := c.useBatch(ctx, &d.findings, salesBatches, d.str("BatchKey.Id")); err != nil {
		return err
	}
	d.set("BatchKey.Source", salesBatches)
	if err := c.checkDates(ctx, d); err != nil {
		return err
	}
	c.checkOrderCurrency(d)
	for path, list := range map[string][]Entry{
		"WarehouseKey.Id": c.cfg.Sites, "PaymentTermsKey.Id": c.cfg.PaymentTerms, "ShippingMethodKey.Id": c.cfg.ShippingMethods,
		"TaxScheduleKey.Id": c.cfg.TaxSchedules, "FreightTaxScheduleKey.Id": c.cfg.TaxSchedules,
		"MiscellaneousTaxScheduleKey.Id": c.cfg.TaxSchedules, "PriceLevelKey.Id": c.cfg.PriceLevels, "SalespersonKey.Id": c.cfg.Salespersons,
	} {
		checkReference(&d.findings, d.object, path, list)
	}
	if d.str("WarehouseKey.Id") == "" {
		d.set("WarehouseKey.Id", c.cfg.Sites[0].ID)
	}
	c.checkAmounts(d, d.object, "")
	return c.checkLines(ctx, d)
}

func (c *call) checkDocumentType(ctx context.Context, d *document) error {
	typ, id := d.str("DocumentTypeKey.Type"), d.str("DocumentTypeKey.Id")
	if typ == "" || id == "" {
		d.add(ruleMissing, "DocumentTypeKey", "The document type and its id are required.")
		return nil
	}
	n, err := count(ctx, c.q, "SOP40200 WHERE SOPTYPE = ? AND DOCID = ?", sopType(typ), id)
	if err != nil {
		return err
	}
	if n == 0 || typ != d.kind.name {
		d.add(ruleUnknown, "DocumentTypeKey", "The document type id %s does not exist for document type %s.", id, d.kind.name)
	}
	return nil
}

func (c *call) checkOrderCustomer(ctx context.Context, d *document) error {
	id := d.str("CustomerKey.Id")
	if id == "" {
		d.add(ruleMissing, "CustomerKey", "The customer id is required.")
		return nil
	}
	customer, err := c.loadCustomer(ctx, id)
	if err != nil {
		return err
	}
	if customer == nil {
		d.add(ruleUnknown, "CustomerKey", "The customer %s does not exist.", id)
		return nil
	}
	d.customer = customer
	if !customer.bool("IsActive") {
		d.add(ruleInactive, "CustomerKey", "The customer %s is inactive.", id)
	}
	if customer.bool("IsOnHold") && c.checksHold {
		d.add(ruleOnHold, "CustomerKey", "The customer %s is on hold.", id)
	}
	if d.get("CustomerName") == nil {
		d.set("CustomerName", customer.str("Name"))
	}
	for name, from := range map[string]string{"PaymentTermsKey.Id": "PaymentTermsKey.Id", "PriceLevelKey.Id": "PriceLevelKey.Id", "CurrencyKey.ISOCode": "CurrencyKey.ISOCode"} {
		if v := customer.str(from); d.str(name) == "" && v != "" {
			d.set(name, v)
		}
	}
	if d.object.object("TradeDiscount") == nil {
		if p := customer.object("TradeDiscountPercent"); p != nil {
			d.set("TradeDiscount.Percent", p)
		}
	}
	return c.checkOrderAddresses(ctx, d, id)
}

// checkOrderAddresses takes the customer's addresses where the order names
// none, and copies the ship-to address into the document.
func (c *call) checkOrderAddresses(ctx context.Context, d *document, customer string) error {
	list, err := c.loadAddresses(ctx, customer)
	if err != nil {
		return err
	}
	known := map[string]*object{}
	for _, a := range list {
		known[a.str("Key.Id")] = a
	}
	for _, name := range []string{"BillToAddressKey", "ShipToAddressKey"} {
		id := d.str(name + ".Id")
		if id == "" {
			if id = d.customer.str(name + ".Id"); id == "" {
				continue
			}
			d.set(name+".Id", id)
		}
		if known[id] == nil {
			d.add(ruleUnknown, name, "The address %s does not exist for customer %s.", id, customer)
		}
	}
	if a := known[d.str("ShipToAddressKey.Id")]; a != nil && d.object.object("ShipToAddress") == nil {
		ship := newObject("BusinessAddress")
		for _, f := range ship.typ.all {
			if v := a.values[f.name]; v != nil {
				ship.set(f.name, v)
			}
		}
		d.set("ShipToAddress", ship)
	}
	return nil
}

// checkDates takes a date of a closed fiscal period unless the site refuses it
// (Config.RefusesClosedPeriods): it is the batch that doesn't post then.
func (c *call) checkDates(ctx context.Context, d *document) error {
	date, ok := d.get("Date").(time.Time)
	if !ok {
		date = c.now
	}
	date = dateOf(date)
	d.set("Date", date)
	if date.Year() < 1900 {
		d.add(ruleClosed, "Date", "The date %s is not valid.", date.Format(time.DateOnly))
	}
	if !c.cfg.RefusesClosedPeriods {
		return nil
	}
	closed, err := periodClosed(ctx, c.q, c.cfg, date)
	if closed {
		d.add(ruleClosed, "Date", "The fiscal period of %s is closed.", date.Format(time.DateOnly))
	}
	return err
}

func (c *call) checkOrderCurrency(d *document) {
	c.checkCurrency(&d.findings, d.object)
	if d.str("CurrencyKey.ISOCode") == "" {
		d.set("CurrencyKey.ISOCode", c.cfg.Currencies[0].ISOCode)
	}
	d.currency, _ = c.cfg.currency(d.str("CurrencyKey.ISOCode"))
}

// checkAmounts refuses amounts below zero, in another currency than the
// document's or with more decimals than it, and choices with both or none.
func (c *call) checkAmounts(d *document, o *object, prefix string) {
	for _, f := range o.typ.all {
		v, name := o.object(f.name), prefix+f.name
		if f.kind != kindObject || v == nil {
			continue
		}
		switch f.typ.name {
		case "MoneyPercentChoice":
			if v.object("Percent") != nil && v.object("Amount") != nil {
				d.add(ruleChoice, name, "%s: give a percent or an amount, not both.", name)
			}
			c.checkAmounts(d, v, name+".")
		case "Percent":
			if p := v.value(); p.IsNegative() || p.GreaterThan(decimal.NewFromInt(100)) {
				d.add(ruleAmount, name, "%s: %s is not a percentage.", name, p)
			}
		case "MoneyAmount":
			places := d.currency.Decimals
			if f.name == "UnitPrice" || f.name == "UnitCost" {
				places = 5 // the item's decimals are looked at with the item
			}
			if iso := v.str("Currency"); iso != "" && iso != d.currency.ISOCode {
				d.add(ruleUnknown, name, "%s: the currency %s is not the currency %s of the document.", name, iso, d.currency.ISOCode)
			}
			checkDecimals(&d.findings, name, v.value(), places)
		}
	}
}

func checkDecimals(f *findings, name string, v decimal.Decimal, places int) {
	if v.IsNegative() {
		f.add(ruleAmount, name, "%s: %s is less than zero.", name, v)
	}
	if !v.Equal(v.Truncate(int32(places))) { //nolint:gosec // 0 to 5
		f.add(ruleAmount, name, "%s: %s has more than %d decimals.", name, v, places)
	}
}

func (c *call) checkLines(ctx context.Context, d *document) error {
	lines := d.list("Lines")
	if len(lines) == 0 {
		d.add(ruleMissing, "Lines", "The sales document needs at least one line.")
	}
	taken := map[int64]bool{}
	next := int64(0)
	for _, l := range lines {
		if n := l.int("Key.LineSequenceNumber"); n != 0 {
			if taken[n] {
				d.add(ruleDuplicate, "Lines.Key", "The line sequence number %d is there twice.", n)
			}
			taken[n] = true
			next = max(next, n)
		}
	}
	for _, l := range lines {
		if l.int("Key.LineSequenceNumber") == 0 {
			next += lineStep
			l.set("Key.LineSequenceNumber", next)
		}
		c.checkAmounts(d, l, "Lines.")
		if err := c.checkLine(ctx, d, l); err != nil {
			return err
		}
	}
	return nil
}

func (c *call) checkLine(ctx context.Context, d *document, o *object) error {
	l := &line{object: o}
	d.lines = append(d.lines, l)
	number := l.str("ItemKey.Id")
	if number == "" {
		d.add(ruleMissing, "Lines.ItemKey", "The item number is required.")
		return nil
	}
	if l.str("WarehouseKey.Id") == "" {
		l.set("WarehouseKey.Id", d.str("WarehouseKey.Id"))
	}
	site := l.str("WarehouseKey.Id")
	if _, ok := find(c.cfg.Sites, site); !ok {
		d.add(ruleUnknown, "Lines.WarehouseKey", "The site %s does not exist.", site)
	}
	for path, list := range map[string][]Entry{
		"ShippingMethodKey.Id": c.cfg.ShippingMethods, "TaxScheduleKey.Id": c.cfg.TaxSchedules,
		"ItemTaxScheduleKey.Id": c.cfg.TaxSchedules, "PriceLevelKey.Id": c.cfg.PriceLevels,
	} {
		checkReference(&d.findings, o, path, list)
	}
	if l.bool("IsNonInventory") {
		l.unit = Unit{Name: l.str("UofM"), BaseUnits: decimal.NewFromInt(1)}
		c.checkQuantity(d, l)
		return nil
	}
	item, found, err := loadItem(ctx, c.q, number)
	if err != nil {
		return err
	}
	if !found {
		d.add(ruleUnknown, "Lines.ItemKey", "The item %s does not exist.", number)
		return nil
	}
	l.item = item
	if item.Discontinued || item.Inactive {
		d.add(ruleInactive, "Lines.ItemKey", "The item %s is inactive or discontinued.", number)
	}
	if l.get("ItemDescription") == nil {
		l.set("ItemDescription", item.Description)
	}
	if item.stocked() {
		n, err := count(ctx, c.q, "IV00102 WHERE ITEMNMBR = ? AND LOCNCODE = ? AND RCRDTYPE = 2", number, site)
		if err != nil {
			return err
		}
		if n == 0 {
			d.add(ruleNoSite, "Lines.WarehouseKey", "The item %s is not assigned to the site %s.", number, site)
		}
	}
	c.checkUnit(d, l)
	c.checkQuantity(d, l)
	c.checkPrice(d, l)
	return nil
}

// checkUnit takes the selling unit when none is given. A unit is a name such
// as EACH, not the id of a schedule.
func (c *call) checkUnit(d *document, l *line) {
	name := l.str("UofM")
	if name == "" {
		l.unit = l.item.Units[0]
		l.set("UofM", l.unit.Name)
		return
	}
	var ok bool
	if l.unit, ok = l.item.unit(name); !ok {
		d.add(ruleUnit, "Lines.UofM", "The unit of measure %s is not in the schedule %s of item %s.", name, l.item.UofMSchedule, l.item.ItemNumber)
		l.unit = l.item.Units[0]
		return
	}
	l.set("UofM", l.unit.Name) // as the schedule spells it
}

func (c *call) checkQuantity(d *document, l *line) {
	q, sent := l.amount("Quantity")
	if !sent || q.IsZero() {
		d.add(ruleMissing, "Lines.Quantity", "The quantity of item %s is required.", l.str("ItemKey.Id"))
	}
	checkDecimals(&d.findings, "Lines.Quantity", q, l.item.QuantityDecimals)
	canceled, _ := l.amount("QuantityCanceled")
	if canceled.GreaterThan(q) {
		d.add(ruleAmount, "Lines.QuantityCanceled", "The quantity canceled is more than the quantity.")
	}
}

// checkPrice lets GP's own price win where the policy says so, and wants the
// sent one within the item's decimals.
func (c *call) checkPrice(d *document, l *line) {
	price, sent := l.amount("UnitPrice")
	if sent && !c.calculatesPrice {
		checkDecimals(&d.findings, "Lines.UnitPrice", price, l.item.CurrencyDecimals)
		return
	}
	own, ok := l.item.price(d.currency, c.cfg.Currencies[0], l.unit)
	if !ok {
		d.add(ruleUnknown, "Lines.UnitPrice", "The item %s has no price in %s per %s.", l.item.ItemNumber, d.currency.ISOCode, l.unit.Name)
		return
	}
	l.set("UnitPrice", money(d.currency, own))
	if c.calculatesPrice {
		l.drop("TotalAmount") // of the replaced price
	}
}
