package gp

import "context"

// register adds an operation; see operationsByName.
type register func(area, kind, object, name, params, result string, run operate) *operation

// addMasterOperations adds the operations of master records and setup that
// aren't needed for orders.
func addMasterOperations(add register) {
	create := func(object, param, key string, run operate) {
		add(areaInventory, "Create", object, "Create"+object, param+":"+object+" context:Context policy:Policy", "", run).key = param + "." + key
	}
	remove := func(area, verb, object, keyType string, run operate) {
		add(area, "Delete", object, verb+object, "key:"+keyType+" context:Context policy:Policy", "", run).key = "key.Id"
	}
	byKey := func(area, object, keyType string, run operate) {
		add(area, "GetByKey", object, "Get"+object+"ByKey", "key:"+keyType+" context:Context", object, run)
	}
	list := func(area, object, criteria, entry string, run operate) {
		add(area, "GetList", object, "Get"+object+"List", "criteria:"+criteria+" context:Context", "["+entry+"]", run)
	}

	remove(areaCustomer, "Delete", "Customer", "CustomerKey", deleteCustomer)
	remove(areaCustomer, "Delete", "CustomerAddress", "CustomerAddressKey", deleteCustomerAddress)
	list(areaCustomer, "CustomerAddress", "CustomerAddressCriteria", "CustomerAddressSummary", listCustomerAddresses)

	create("SalesItem", "salesItem", "Key.Id", createSalesItem)
	remove(areaInventory, "Discontinue", "SalesItem", "ItemKey", discontinueSalesItem)
	create("ItemWarehouse", "itemWarehouse", "Key.ItemKey.Id", createItemWarehouse)
	byKey(areaInventory, "ItemWarehouse", "ItemWarehouseKey", getItemWarehouse)
	list(areaInventory, "ItemWarehouse", "ItemWarehouseCriteria", "ItemWarehouseSummary", listItemWarehouses)
	create("ItemCurrency", "itemCurrency", "Key.ItemKey.Id", createItemCurrency)
	byKey(areaInventory, "ItemCurrency", "ItemCurrencyKey", getItemCurrency)
	list(areaInventory, "ItemCurrency", "ItemCurrencyCriteria", "ItemCurrency", listItemCurrencies)
	create("Pricing", "pricing", "Key.ItemKey.Id", createPricing)
	list(areaInventory, "Pricing", "PricingCriteria", "PricingSummary", listPricing)
	list(areaInventory, "PriceLevel", "any", "PriceLevel", listPriceLevels)
	byKey(areaInventory, "UofMSchedule", "UofMScheduleKey", getUofMSchedule)
	list(areaInventory, "UofMSchedule", "UofMScheduleCriteria", "UofMScheduleSummary", listUofMSchedules)

	list(areaCommon, "Currency", "any", "Currency", listCurrencies)
	list(areaCommon, "TaxSchedule", "any", "TaxSchedule", listTaxSchedules)
	list(areaCommon, "Bank", "any", "Bank", listBanks)
	byKey(areaCommon, "Salesperson", "SalespersonKey", getSalesperson)
	list(areaCommon, "Salesperson", "any", "SalespersonSummary", listSalespersons)
}

func listPriceLevels(_ context.Context, c *call) (any, error) {
	return entries("PriceLevel", c.cfg.PriceLevels)
}

func listCurrencies(_ context.Context, c *call) (any, error) {
	list := []any{}
	for i, k := range c.cfg.Currencies {
		list = append(list, newObject("Currency").set("Key.ISOCode", k.ISOCode).set("Description", k.Name).set("Index", int64(i)).set("Id", k.ISOCode))
	}
	return list, nil
}

func listTaxSchedules(_ context.Context, c *call) (any, error) {
	list := []any{}
	for _, e := range c.cfg.TaxSchedules {
		list = append(list, newObject("TaxSchedule").set("TaxScheduleKey.Id", e.ID).set("TaxScheduleDescription", e.Description))
	}
	return list, nil
}

// listBanks lists the banks of the checkbooks, as getBank has them.
func listBanks(_ context.Context, c *call) (any, error) {
	list := []any{}
	for _, e := range c.cfg.Checkbooks {
		list = append(list, described("Bank", e.Entry).set("Name", e.Description))
	}
	return list, nil
}

func salesperson(typ string, e Entry) *object {
	return newObject(typ).set("Key.Id", e.ID).set("LastName", e.Description).set("IsActive", true)
}

func getSalesperson(_ context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	e, ok := find(c.cfg.Salespersons, id)
	if !ok {
		return nil, c.notFound("Salesperson", id)
	}
	return salesperson("Salesperson", e), nil
}

func listSalespersons(_ context.Context, c *call) (any, error) {
	list := []any{}
	for _, e := range c.cfg.Salespersons {
		list = append(list, salesperson("SalespersonSummary", e))
	}
	return list, nil
}
