package gp

func readSalesOrder(n *node) (SalesOrder, error) {
	d, err := readSalesDocument(n)
	return SalesOrder(d), err
}

func readSalesInvoice(n *node) (SalesInvoice, error) {
	d, err := readSalesDocument(n)
	return SalesInvoice(d), err
}

func readSalesReturn(n *node) (SalesReturn, error) {
	d, err := readSalesDocument(n)
	return SalesReturn(d), err
}

func readSalesDocument(n *node) (SalesDocument, error) {
	var r reading
	d := SalesDocument{
		Number: n.text("Key", "Id"), DocumentTypeID: n.text("DocumentTypeKey", "Id"), Date: r.date(n, "Date"),
		CustomerID: n.text("CustomerKey", "Id"), CustomerName: n.text("CustomerName"), CustomerPO: n.text("CustomerPONumber"),
		BatchID: n.text("BatchKey", "Id"), WarehouseID: n.text("WarehouseKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
		Freight: r.amount(n, "FreightAmount"), Miscellaneous: r.amount(n, "MiscellaneousAmount"),
		Tax: r.amount(n, "TaxAmount"), TradeDiscount: r.amount(n, "TradeDiscount", "Amount"),
		ShippingMethodID: n.text("ShippingMethodKey", "Id"), PaymentTermsID: n.text("PaymentTermsKey", "Id"),
		TaxScheduleID: n.text("TaxScheduleKey", "Id"), PriceLevelID: n.text("PriceLevelKey", "Id"),
		SalespersonID: n.text("SalespersonKey", "Id"), TerritoryID: n.text("SalesTerritoryKey", "Id"),
		Reference: n.text("Reference"), Comment: n.text("Comment"), Note: n.text("Note"),
		RequestedShipDate: r.date(n, "RequestedShipDate"), ShipTo: readAddress(n.child("ShipToAddress")),
		ShipToAddressID: n.text("ShipToAddressKey", "Id"), BillToAddressID: n.text("BillToAddressKey", "Id"),
		UserDefined:      readUserDefined(&r, n.child("UserDefined")),
		TransactionState: n.text("TransactionState"), Voided: n.yes("IsVoided"),
		LineTotal: r.amount(n, "LineTotalAmount"), Total: r.amount(n, "TotalAmount"),
		Payment: r.amount(n, "PaymentAmount"), Deposit: r.amount(n, "DepositAmount"),
		FreightTax: r.amount(n, "FreightTaxAmount"), MiscellaneousTax: r.amount(n, "MiscellaneousTaxAmount"),
		ExchangeRate: r.decimal(n, "ExchangeRate"), MasterNumber: r.int(n, "MasterNumber"), Original: readOriginal(n),
		ShipComplete: n.yes("ShipCompleteOnly"), FulfillDate: r.date(n, "FulfillDate"), ActualShipDate: r.date(n, "ActualShipDate"),
		InvoiceDate: r.date(n, "InvoiceDate"), BackorderDate: r.date(n, "BackorderDate"), ReturnDate: r.date(n, "ReturnDate"),
		Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
		PostedDate: r.date(n, "PostedDate"), PostedBy: n.text("PostedBy"), LedgerPostingDate: r.date(n, "GeneralLedgerPostingDate"),
		TermsDiscountTaken:    r.amount(n, "TermsDiscountReturnedAmount"),
		ShippingProcessStatus: n.text("ShippingProcessStatus"),
	}
	for _, l := range n.all("Lines") {
		d.Lines = append(d.Lines, readLine(&r, l))
	}
	for _, p := range n.all("Payments") {
		d.Payments = append(d.Payments, readPayment(&r, p))
	}
	for _, t := range n.all("Taxes") {
		d.Taxes = append(d.Taxes, DocumentTax{DetailID: t.text("Key", "TaxDetailKey", "Id"), Amount: r.amount(t, "TaxAmount")})
	}
	for _, t := range n.all("TrackingNumbers") {
		d.TrackingNumbers = append(d.TrackingNumbers, t.text("Key", "Id"))
	}
	return d, r.err
}

// readOriginal finds the type as text, or in a key.
func readOriginal(n *node) SalesRef {
	ref := SalesRef{Type: n.text("OriginalSalesDocumentType"), Number: n.text("OriginalSalesDocumentKey", "Id")}
	if ref.Type == "" {
		ref.Type = n.text("OriginalSalesDocumentType", "Type")
	}
	if ref.Number == "" {
		return SalesRef{}
	}
	return ref
}

func readLine(r *reading, n *node) SalesLine {
	return SalesLine{
		Sequence: r.int(n, "Key", "LineSequenceNumber"), ItemNumber: n.text("ItemKey", "Id"), Description: n.text("ItemDescription"),
		Quantity: r.quantity(n, "Quantity"), UnitPrice: r.amount(n, "UnitPrice"), Total: r.amount(n, "TotalAmount"),
		Discount: r.amount(n, "Discount", "Amount"), Tax: r.amount(n, "TaxAmount"),
		UofM: n.text("UofM"), WarehouseID: n.text("WarehouseKey", "Id"),
		ShippingMethodID: n.text("ShippingMethodKey", "Id"), TaxScheduleID: n.text("TaxScheduleKey", "Id"),
		PriceLevelID: n.text("PriceLevelKey", "Id"), Comment: n.text("Comment"), RequestedShipDate: r.date(n, "RequestedShipDate"),
		SalesAccount: n.text("SalesGLAccountKey", "Id"), NonInventory: n.yes("IsNonInventory"), DropShip: n.yes("IsDropShip"), Delete: n.yes("DeleteOnUpdate"),
		Return: ReturnQuantities{
			OnHand: r.quantity(n, "ReturnQuantity", "OnHandQuantity"), Returned: r.quantity(n, "ReturnQuantity", "ReturnedQuantity"),
			InUse: r.quantity(n, "ReturnQuantity", "InUseQuantity"), InService: r.quantity(n, "ReturnQuantity", "InServiceQuantity"),
			Damaged: r.quantity(n, "ReturnQuantity", "DamagedQuantity"),
		},
		UnitCost:          r.amount(n, "UnitCost"),
		QuantityAllocated: r.quantity(n, "QuantityAllocated"), QuantityToBackorder: r.quantity(n, "QuantityToBackorder"),
		QuantityToInvoice: r.quantity(n, "QuantityToInvoice"), QuantityCanceled: r.quantity(n, "QuantityCanceled"),
		QuantityFulfilled: r.quantity(n, "QuantityFulfilled"), QuantityBilled: r.quantity(n, "BillingQuantity"),
		FulfillDate: r.date(n, "FulfillDate"), ActualShipDate: r.date(n, "ActualShipDate"),
	}
}

func readPayment(r *reading, n *node) Payment {
	return Payment{
		Sequence: r.int(n, "Key", "SequenceNumber"), Type: PaymentType(n.text("Type")), Amount: r.amount(n, "PaymentAmount"),
		Date: r.date(n, "Date"), Number: n.text("Number"), CheckbookID: n.text("BankAccountKey", "Id"),
		CardID: n.text("PaymentCardTypeKey", "Id"), CheckNumber: n.text("CheckNumber"),
		AuthorizationCode: n.text("AuthorizationCode"), Delete: n.yes("DeleteOnUpdate"),
	}
}

func readUserDefined(r *reading, n *node) UserDefined {
	u := UserDefined{Date1: r.date(n, "Date01"), Date2: r.date(n, "Date02")}
	for i, name := range userLists {
		u.Lists[i] = n.text(name)
	}
	for i, name := range userTexts {
		u.Texts[i] = n.text(name)
	}
	return u
}

func readSummary(r *reading, n *node) SalesSummary {
	return SalesSummary{
		Number: n.text("Key", "Id"), DocumentTypeID: n.text("DocumentTypeKey", "Id"),
		CustomerID: n.text("CustomerKey", "Id"), CustomerName: n.text("CustomerName"), CustomerPO: n.text("CustomerPONumber"),
		BatchID: n.text("BatchKey", "Id"), CurrencyISO: n.text("CurrencyKey", "ISOCode"), SalespersonID: n.text("SalespersonKey", "Id"),
		MasterNumber: r.int(n, "MasterNumber"),
		Date:         r.date(n, "Date"), Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"),
		LineTotal: r.amount(n, "LineTotalAmount"), TradeDiscount: r.amount(n, "TradeDiscountAmount"),
		Freight: r.amount(n, "FreightAmount"), Miscellaneous: r.amount(n, "MiscellaneousAmount"),
		Tax: r.amount(n, "TaxAmount"), Total: r.amount(n, "TotalAmount"),
		TransactionState: n.text("TransactionState"), LastModified: r.time(n, "LastModifiedDate"),
	}
}
