package gp

import "slices"

// Mappings of the GP tables that the sandbox keeps (CREATE TABLE scripts of
// company databases). Header and line tables exist twice: work and history.

var headerColumns = []column{
	{"SOPNUMBE", "Key.Id"}, {"DOCDATE", "Date"},
	{"FRTAMNT", "FreightAmount"}, {"MISCAMNT", "MiscellaneousAmount"}, {"TAXAMNT", "TaxAmount"},
	{"TRDISAMT", "TradeDiscount.Amount"}, {"TRDISPCT", "TradeDiscount.Percent"},
	{"CUSTNAME", "CustomerName"}, {"CSTPONBR", "CustomerPONumber"}, {"UPSZONE", "UPSZone"},
	{"MSTRNUMB", "MasterNumber"}, {"REFRENCE", "Reference"}, {"XCHGRATE", "ExchangeRate"},
	{"EXCHDATE", "ExchangeDate"}, {"ReqShipDate", "RequestedShipDate"},
	{"TAXEXMT1", "TaxExemptNumber1"}, {"TAXEXMT2", "TaxExemptNumber2"}, {"TXRGNNUM", "TaxRegistrationNumber"},
	{"FRTTXAMT", "FreightTaxAmount"}, {"MSCTXAMT", "MiscellaneousTaxAmount"}, {"NOTETEXT", "Note"},
	{"TAXSCHID", "TaxScheduleKey.Id"}, {"FRTSCHID", "FreightTaxScheduleKey.Id"}, {"MSCSCHID", "MiscellaneousTaxScheduleKey.Id"},
	{"SUBTOTAL", "LineTotalAmount"}, {"DOCAMNT", "TotalAmount"},
	{"USER2ENT", "CreatedBy"}, {"CREATDDT", "CreatedDate"}, {"MODIFDT", "ModifiedDate"}, {stampColumn, "LastModifiedDate"},
	{"ACTLSHIP", "ActualShipDate"}, {"FUFILDAT", "FulfillDate"}, {"QUOTEDAT", "QuoteDate"},
	{"TRXSORCE", "AuditTrailCode"}, {"VOIDSTTS", "IsVoided"}, {"SHIPCOMPLETE", "ShipCompleteOnly"},
	{"GPSFOINTEGRATIONID", "FrontOfficeIntegrationId"}, {"INTEGRATIONSOURCE", "IntegrationSource"}, {"INTEGRATIONID", "IntegrationId"},
	{"INVODATE", "InvoiceDate"}, {"BACKDATE", "BackorderDate"}, {"RETUDATE", "ReturnDate"},
	{"ORIGNUMB", "OriginalSalesDocumentKey.Id"}, {"DOCID", "DocumentTypeKey.Id"},
	{"SHIPMTHD", "ShippingMethodKey.Id"}, {"LOCNCODE", "WarehouseKey.Id"}, {"CUSTNMBR", "CustomerKey.Id"},
	{"SALSTERR", "SalesTerritoryKey.Id"}, {"SLPRSNID", "SalespersonKey.Id"},
	{"BCHSOURC", "BatchKey.Source"}, {"BACHNUMB", "BatchKey.Id"},
	{"PRBTADCD", "BillToAddressKey.Id"}, {"PRSTADCD", "ShipToAddressKey.Id"},
	{"PYMTRMID", "PaymentTermsKey.Id"}, {"CURNCYID", "CurrencyKey.ISOCode"},
	{"COMMNTID", "CommentKey.Id"}, {"PRCLEVEL", "PriceLevelKey.Id"},
	{"ADDRESS1", "ShipToAddress.Line1"}, {"ADDRESS2", "ShipToAddress.Line2"}, {"ADDRESS3", "ShipToAddress.Line3"},
	{"CITY", "ShipToAddress.City"}, {"STATE", "ShipToAddress.State"}, {"ZIPCODE", "ShipToAddress.PostalCode"},
	{"COUNTRY", "ShipToAddress.CountryRegion"}, {"CCode", "ShipToAddress.CountryRegionCodeKey.Id"},
	{"PHNUMBR1", "ShipToAddress.Phone1.Value"}, {"PHNUMBR2", "ShipToAddress.Phone2.Value"},
	{"PHONE3", "ShipToAddress.Phone3.Value"}, {"FAXNUMBR", "ShipToAddress.Fax.Value"},
	{"ShipToName", "ShipToAddress.Name"}, {"CNTCPRSN", "ShipToAddress.ContactPerson"},
}

var lineColumns = []column{
	{"LNITMSEQ", "Key.LineSequenceNumber"},
	{"UNITPRCE", "UnitPrice"}, {"XTNDPRCE", "TotalAmount"}, {"QUANTITY", "Quantity"},
	{"MRKDNAMT", "Discount.Amount"}, {"MRKDNPCT", "Discount.Percent"},
	{"UNITCOST", "UnitCost"}, {"EXTDCOST", "ExtendedCost"}, {"ITEMDESC", "ItemDescription"},
	{"NONINVEN", "IsNonInventory"}, {"DROPSHIP", "IsDropShip"}, {"ReqShipDate", "RequestedShipDate"},
	{"CMMTTEXT", "Comment"}, {"UOFM", "UofM"}, {"ITMTSHID", "ItemTaxScheduleKey.Id"},
	{"IVITMTXB", "TaxBasis"}, {"TAXAMNT", "TaxAmount"}, {"TAXSCHID", "TaxScheduleKey.Id"},
	{"GPSFOINTEGRATIONID", "FrontOfficeIntegrationId"}, {"INTEGRATIONSOURCE", "IntegrationSource"}, {"INTEGRATIONID", "IntegrationId"},
	{"LOCNCODE", "WarehouseKey.Id"}, {"ITEMNMBR", "ItemKey.Id"}, {"SHIPMTHD", "ShippingMethodKey.Id"},
	{"SALSTERR", "SalesTerritoryKey.Id"}, {"SLPRSNID", "SalespersonKey.Id"}, {"PRCLEVEL", "PriceLevelKey.Id"},
	{"PRSTADCD", "ShipToAddressKey.Id"},
}

// What orders have beyond other documents; kinds.go has the others' columns.
var (
	orderColumns = []column{{"PYMTRCVD", "PaymentAmount"}, {"DEPRECVD", "DepositAmount"}, {"SOPSTATUS", "ShippingProcessStatus"}}
	orderLines   = []column{
		{"QTYTBAOR", "QuantityToBackorder"}, {"QTYTOINV", "QuantityToInvoice"}, {"QTYCANCE", "QuantityCanceled"},
		{"QTYFULFI", "QuantityFulfilled"}, {"ATYALLOC", "QuantityAllocated"},
		{"FUFILDAT", "FulfillDate"}, {"ACTLSHIP", "ActualShipDate"},
	}
)

const noDateColumn = " TEXT NOT NULL DEFAULT '1900-01-01 00:00:00.000'"

var (
	headerExtra = []string{"SOPTYPE INTEGER NOT NULL DEFAULT 2", "PSTGSTUS INTEGER NOT NULL DEFAULT 0", "ORIGTYPE INTEGER NOT NULL DEFAULT 0"}
	lineExtra   = []string{
		"SOPTYPE INTEGER NOT NULL DEFAULT 2", "SOPNUMBE TEXT NOT NULL COLLATE NOCASE",
		"CMPNTSEQ INTEGER NOT NULL DEFAULT 0", "QTYBSUOM TEXT NOT NULL DEFAULT '1'", "DECPLQTY INTEGER NOT NULL DEFAULT 1",
		"QTYPRINV TEXT NOT NULL DEFAULT '0'", "ORGSEQNM INTEGER NOT NULL DEFAULT 0", stampColumn + " TEXT NOT NULL DEFAULT ''",
	}
	// What only invoices and returns show lies in the same tables.
	headerOthers = append([]string{
		"GLPOSTDT" + noDateColumn, "POSTEDDT" + noDateColumn, "PTDUSRID TEXT NOT NULL DEFAULT ''", "REMSUBTO TEXT NOT NULL DEFAULT '0'",
	}, headerExtra...)
	lineOthers = append([]string{
		"QTYONHND TEXT NOT NULL DEFAULT '0'", "QTYRTRND TEXT NOT NULL DEFAULT '0'", "QTYINUSE TEXT NOT NULL DEFAULT '0'",
		"QTYINSVC TEXT NOT NULL DEFAULT '0'", "QTYDMGED TEXT NOT NULL DEFAULT '0'",
	}, lineExtra...)
	documentKey = []string{"SOPNUMBE", "SOPTYPE"}
	lineKey     = []string{"SOPNUMBE", "SOPTYPE", "CMPNTSEQ", "LNITMSEQ"}

	headerWork    = table{"SOP10100", "SalesOrder", slices.Concat(headerColumns, orderColumns), headerOthers, documentKey}
	headerHistory = table{"SOP30200", "SalesOrder", slices.Concat(headerColumns, orderColumns), headerOthers, documentKey}
	lineWork      = table{"SOP10200", "SalesOrderLine", slices.Concat(lineColumns, orderLines), lineOthers, lineKey}
	lineHistory   = table{"SOP30300", "SalesOrderLine", slices.Concat(lineColumns, orderLines), lineOthers, lineKey}
)

var documentExtra = []string{"SOPTYPE INTEGER NOT NULL DEFAULT 2", "SOPNUMBE TEXT NOT NULL COLLATE NOCASE"}

// The tables below hold work and history in one.

// documentTaxes holds tax rows of the document (LNITMSEQ 0); TAXTYPE is 0 for
// goods, 1 for freight, and 2 for miscellaneous.
var documentTaxes = table{"SOP10105", "SalesDocumentTax", []column{
	{"SEQNUMBR", "Key.SequenceNumber"}, {"TAXDTLID", "Key.TaxDetailKey.Id"},
	{"STAXAMNT", "TaxAmount"}, {"TAXDTSLS", "TotalAmount"}, {"TDTTXSLS", "TaxableAmount"},
}, append([]string{"LNITMSEQ INTEGER NOT NULL DEFAULT 0", "TAXTYPE INTEGER NOT NULL DEFAULT 0"}, documentExtra...),
	[]string{"SOPTYPE", "SOPNUMBE", "LNITMSEQ", "TAXTYPE", "SEQNUMBR", "TAXDTLID"}}

// lineTaxes is the part of the same table that belongs to lines.
var lineTaxes = table{"SOP10105", "SalesLineTax", []column{
	{"TAXDTLID", "Key.TaxDetailKey.Id"},
	{"STAXAMNT", "TaxAmount"}, {"TAXDTSLS", "TotalAmount"}, {"TDTTXSLS", "TaxableAmount"},
}, documentTaxes.extra, documentTaxes.key}

var payments = table{"SOP10103", "SalesPayment", []column{
	{"SEQNUMBR", "Key.SequenceNumber"}, {"DOCDATE", "Date"}, {"AMNTPAID", "PaymentAmount"},
	{"CHEKBKID", "BankAccountKey.Id"}, {"CARDNAME", "PaymentCardTypeKey.Id"}, {"CHEKNMBR", "CheckNumber"},
	{"RCTNCCRD", "PaymentCardNumber"}, {"AUTHCODE", "AuthorizationCode"}, {"EXPNDATE", "ExpirationDate"},
	{"PYMTTYPE", "Type"}, {"DOCNUMBR", "Number"}, {"CURNCYID", "CurrencyKey.ISOCode"}, {"TRXSORCE", "AuditTrailCode"},
}, append([]string{"DEPSTATS INTEGER NOT NULL DEFAULT 0"}, documentExtra...), []string{"SOPTYPE", "SOPNUMBE", "SEQNUMBR"}}

var userDefined = table{"SOP10106", "SalesOrder", []column{
	{"USRDAT01", "UserDefined.Date01"}, {"USRDAT02", "UserDefined.Date02"},
	{"USRTAB01", "UserDefined.List01"}, {"USRTAB09", "UserDefined.List02"}, {"USRTAB03", "UserDefined.List03"},
	{"USERDEF1", "UserDefined.Text01"}, {"USERDEF2", "UserDefined.Text02"}, {"USRDEF03", "UserDefined.Text03"},
	{"USRDEF04", "UserDefined.Text04"}, {"USRDEF05", "UserDefined.Text05"}, {"CMMTTEXT", "Comment"},
}, documentExtra, documentKey}

var tracking = table{"SOP10107", "SalesTrackingNumber", []column{
	{"Tracking_Number", "Key.Id"},
}, documentExtra, []string{"SOPNUMBE", "SOPTYPE", "Tracking_Number"}}

var customers = table{"RM00101", "Customer", []column{
	{"CUSTNMBR", "Key.Id"}, {"HOLD", "IsOnHold"}, {"SHIPCOMPLETE", "ShipCompleteOnly"},
	{"CUSTNAME", "Name"}, {"SHRTNAME", "Shortname"}, {"STMTNAME", "StatementName"}, {"CUSTCLAS", "ClassKey.Id"},
	{"CUSTPRIORITY", "Priority"}, {"ADRSCODE", "DefaultAddressKey.Id"}, {"PRSTADCD", "ShipToAddressKey.Id"},
	{"PRBTADCD", "BillToAddressKey.Id"}, {"STADDRCD", "StatementToAddressKey.Id"},
	{"COMMENT1", "Comment1"}, {"COMMENT2", "Comment2"}, {"CUSTDISC", "TradeDiscountPercent"},
	{"PYMTRMID", "PaymentTermsKey.Id"}, {"DISGRPER", "DiscountGracePeriod"}, {"DUEGRPER", "DueDateGracePeriod"},
	{"PRCLEVEL", "PriceLevelKey.Id"}, {"NOTETEXT", "Notes"}, {"BALNCTYP", "BalanceType"},
	{"BNKBRNCH", "BankBranch"}, {"BANKNAME", "BankName"}, {"TXRGNNUM", "TaxRegistrationNumber"},
	{"CURNCYID", "CurrencyKey.ISOCode"}, {"RATETPID", "RateTypeKey.Id"}, {"STMTCYCL", "StatementCycle"},
	{"CHEKBKID", "BankAccountKey.Id"}, {"CREATDDT", "CreatedDate"}, {"MODIFDT", "ModifiedDate"}, {stampColumn, "LastModifiedDate"},
	{"CPRCSTNM", "CorporateAccountKey.Id"}, {"USERDEF1", "UserDefined1"}, {"USERDEF2", "UserDefined2"},
	{"POSTRESULTSTO", "PostResultsTo"}, {"ORDERFULFILLDEFAULT", "OrderFullfillmentShortageDefault"},
	{"CRLMTTYP", "CreditLimit.SpecialAmount"}, {"CRLMTAMT", "CreditLimit.Amount"},
}, []string{
	"INACTIVE INTEGER NOT NULL DEFAULT 0", "TAXEXMT1 TEXT NOT NULL DEFAULT ''", "TAXEXMT2 TEXT NOT NULL DEFAULT ''",
}, []string{"CUSTNMBR"}}

var addresses = table{"RM00102", "CustomerAddress", []column{
	{"CUSTNMBR", "Key.CustomerKey.Id"}, {"ADRSCODE", "Key.Id"},
	{"ADDRESS1", "Line1"}, {"ADDRESS2", "Line2"}, {"ADDRESS3", "Line3"}, {"CITY", "City"}, {"STATE", "State"},
	{"ZIP", "PostalCode"}, {"COUNTRY", "CountryRegion"}, {"CCode", "CountryRegionCodeKey.Id"},
	{"PHONE1", "Phone1.Value"}, {"PHONE2", "Phone2.Value"}, {"PHONE3", "Phone3.Value"}, {"FAX", "Fax.Value"},
	{"ShipToName", "Name"}, {"CNTCPRSN", "ContactPerson"}, {"UPSZONE", "UPSZone"},
	{"SHIPMTHD", "ShippingMethodKey.Id"}, {"TAXSCHID", "TaxScheduleKey.Id"},
	{"CREATDDT", "CreatedDate"}, {"MODIFDT", "ModifiedDate"}, {stampColumn, "LastModifiedDate"},
	{"USERDEF1", "UserDefined1"}, {"USERDEF2", "UserDefined2"},
	{"SLPRSNID", "SalespersonKey.Id"}, {"SALSTERR", "SalesTerritoryKey.Id"}, {"LOCNCODE", "WarehouseKey.Id"},
}, nil, []string{"CUSTNMBR", "ADRSCODE"}}

// internet holds e-mail: a customer has none of its own, an address has.
var internet = table{"SY01200", "InternetAddresses", []column{
	{"Messenger_Address", "MessengerAddress"}, {"EmailToAddress", "EmailToAddress"},
	{"EmailCcAddress", "EmailCcAddress"}, {"EmailBccAddress", "EmailBccAddress"},
	{"INET1", "InternetField1"}, {"INET2", "InternetField2"}, {"INET3", "InternetField3"}, {"INET4", "InternetField4"},
	{"INET5", "InternetField5"}, {"INET6", "InternetField6"}, {"INET7", "InternetField7"}, {"INET8", "InternetField8"},
	{"INETINFO", "AdditionalInformation"},
}, []string{
	"Master_Type TEXT NOT NULL DEFAULT 'CUS'", "Master_ID TEXT NOT NULL COLLATE NOCASE", "ADRSCODE TEXT NOT NULL COLLATE NOCASE",
	stampColumn + " TEXT NOT NULL DEFAULT '1900-01-01 00:00:00.000'",
}, []string{"Master_Type", "Master_ID", "ADRSCODE"}}

var journals = table{"GL10000", "GLTransaction", []column{
	{"JRNENTRY", "Key.JournalId"}, {"TRXDATE", "Key.Date"}, {"BCHSOURC", "BatchKey.Source"}, {"BACHNUMB", "BatchKey.Id"},
	{"CURNCYID", "CurrencyKey.ISOCode"}, {"REFRENCE", "Reference"}, {"SOURCDOC", "SourceDocumentKey.Id"},
	{"MODIFDT", "ModifiedDate"}, {"LSTDTEDT", "ModifiedBy"},
}, []string{stampColumn + " TEXT NOT NULL"}, []string{"JRNENTRY"}}

// postedJournals is the header part of GL20000, the open year.
var postedJournals = table{"GL20000", "GLTransaction", append(slices.Clone(journals.columns),
	column{"TRXSORCE", "AuditTrailCode"}, column{"USWHPSTD", "PostedBy"}), append([]string{"OPENYEAR INTEGER NOT NULL DEFAULT 0"}, journals.extra...), journals.key}

var receipts = table{"RM10201", "CashReceipt", []column{
	{"CUSTNMBR", "CustomerKey.Id"}, {"DOCNUMBR", "Key.Id"}, {"CHEKNMBR", "CheckCardNumber"}, {"CRCARDID", "PaymentCardTypeKey.Id"},
	{"BCHSOURC", "BatchKey.Source"}, {"BACHNUMB", "BatchKey.Id"}, {"CSHRCTYP", "Type"}, {"CHEKBKID", "BankAccountKey.Id"},
	{"DOCDATE", "Date"}, {"GLPOSTDT", "GeneralLedgerPostingDate"}, {"ORTRXAMT", "Amount"}, {"TRXDSCRN", "Description"},
	{"CURNCYID", "CurrencyKey.ISOCode"}, {"MODIFDT", "ModifiedDate"},
}, []string{stampColumn + " TEXT NOT NULL"}, []string{"DOCNUMBR"}}

// postedReceipts holds posted receipts (RMDTYPAL 9 of RM20101); receivables.go
// has the invoices and returns that share the table.
var postedReceipts = table{"RM20101", "CashReceipt", append(slices.Clone(receipts.columns),
	column{"TRXSORCE", "AuditTrailCode"}, column{"POSTDATE", "PostedDate"}, column{"PSTUSRID", "PostedBy"},
	column{"VOIDSTTS", "IsVoided"}, column{"VOIDDATE", "VoidDate"}),
	append([]string{"RMDTYPAL INTEGER NOT NULL DEFAULT 9", "CURTRXAM TEXT NOT NULL DEFAULT '0'"}, receipts.extra...), []string{"DOCNUMBR", "RMDTYPAL"}}

// mapped are the tables that their mapping creates. lineTaxes shares a table.
var mapped = []table{
	headerWork, headerHistory, lineWork, lineHistory, documentTaxes, payments, userDefined, tracking,
	customers, addresses, internet, journals, postedJournals, receipts, postedReceipts,
}
