// Package gp is a client of the web services of Microsoft Dynamics GP: SOAP 1.1
// at the legacy endpoint (BasicHttpBinding). The native endpoint needs
// WS-SecureConversation with Windows credentials, which Go has no library for;
// eConnect needs Windows, or procedures that only a database owner may call.
// Take this package whenever something is read from or written to GP and its
// rules must hold; read SQL directly only for what the services don't offer.
//
// What the service demands of its callers, and where it is kept here:
//
//   - elements in the exact order and in one of three namespaces (schema.go,
//     one text in the notation of the WSDL; encode.go writes by it);
//   - values which fit columns of fixed length in code page 1252 (lengths.go,
//     text.go), and money with its currency's own decimals (money.go);
//   - a policy with every write (policy.go);
//   - errors which carry only the id of a log entry (fault.go fetches the text).
//
// What it does not give, and what a caller must do about it:
//
//   - A write is answered with nothing. Send your own key, and read it back.
//   - There are no request ids. A write that was sent and not answered is
//     failure.ErrUnknownOutcome: look for the document before sending it again.
//   - A document may be in work or in history; reads here look at both.
//
// Every error is a *failure.Error. Answers are read liberally (by local name,
// with blanks cut at the right, 1900-01-01 as no date), messages are written
// strictly.
//
// # Records
//
// Records are what a flow sees of GP: SalesOrder, SalesInvoice, SalesReturn,
// Customer, CustomerAddress, Item, ItemCurrency, Pricing, CashReceipt and
// GLTransaction marshal to JSON as these shapes. They are a contract with flows:
// names may be added, and are not changed. testdata/records has one of each.
//
//   - Amounts, quantities, percents and rates are texts, without zeros at their
//     end ("65", "7.5"). Sequences and counts are numbers.
//   - Dates are yyyy-mm-dd in the company's calendar; lastModified is RFC 3339 in
//     UTC.
//   - Quantities and yes/no are always there. A text that is empty, a date that
//     is none and an amount that GP didn't answer with are left out.
//
// Sales documents (orders, invoices, returns):
//
//	type number documentType state voided date batch site currency customerPO reference comment note
//	customer{number name} masterNumber original{type number} paymentTerms shippingMethod taxSchedule
//	priceLevel salesperson territory shipComplete shippingStatus subtotal discount freight misc tax
//	freightTax miscTax total paymentAmount depositAmount exchangeRate requestedShipDate fulfillDate
//	actualShipDate invoiceDate backorderDate returnDate postedDate postedBy ledgerPostingDate
//	termsDiscount shipTo{address} billTo{code} trackingNumbers[] created modified lastModified
//	lines[]{sequence item description quantity unit unitPrice unitCost extended discount tax site
//	  shippingMethod taxSchedule priceLevel comment salesAccount nonInventory dropShip requestedShipDate
//	  fulfillDate actualShipDate quantityAllocated quantityFulfilled quantityToBackorder quantityCanceled
//	  quantityToInvoice (orders) quantityBilled (invoices)
//	  returnQuantity{onHand returned inUse inService damaged} (returns)}
//	payments[]{sequence type amount date number checkbook card reference authorization}
//	taxes[]{detail amount}
//	userDefined{date1 date2 list1..list3 text1..text5}
//
// Addresses; those of customers have the second part too, and customer where
// they stand alone:
//
//	code name contact line1 line2 line3 city state postalCode country countryCode
//	phone phoneExtension phone2 phone3 fax
//
//	customer{number} email emailCC emailBCC internet[] shippingMethod taxSchedule salesperson territory site
//	upsZone userDefined1 userDefined2 created modified lastModified
//
// Customers; email and salesperson are those of the default address:
//
//	number name shortName statementName class onHold active shipComplete email salesperson currency
//	paymentTerms priceLevel discountPercent creditLimit{special amount} taxRegistration comment1 comment2
//	note userDefined1 userDefined2 defaultAddress shipToAddress billToAddress statementAddress
//	addresses[] created modified lastModified
//
// Items, list prices and price lists:
//
//	number description shortDescription genericDescription kind type class discontinued unitSchedule
//	sellingUnit purchaseUnit weight priceMethod priceLevel site taxBasis taxSchedule valuation tracking
//	allowsBackOrders quantityDecimals currencyDecimals standardCost currentCost costCurrency categories[]
//	quantities[]{site onHand allocated available onOrder backOrdered inUse inService returned damaged}
//	created modified lastModified
//
//	item currency decimals listPrice
//
//	item currency priceLevel unit unitOption breaks[]{toQuantity price percent} lastModified
//
// Cash receipts, and journals, whose number is a text too:
//
//	number type customer{number} date amount currency batch checkbook card reference description voided
//	voidDate postedDate postedBy ledgerPostingDate exchangeRate modified modifiedBy auditTrail
//
//	number date batch currency reference source state ledger voided fiscalYear recurringSequence
//	exchangeRate modified modifiedBy postedBy auditTrail lines[]{sequence account description debit credit}
//
// # Sources
//
// In the comments "GP Web Services WSDL" is the one that the legacy endpoint
// publishes; "SDK" is Microsoft's documentation, Web Services for Microsoft
// Dynamics GP; lengths are those of the tables and of the eConnect schema.
package gp
