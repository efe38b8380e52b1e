package gp

// salesWSDL is the part of the WSDL about sales documents.
const salesWSDL = `
SalesDocument < BusinessObject:
	Key:SalesDocumentKey Type!? Date!? FreightAmount:MoneyAmount MiscellaneousAmount:MoneyAmount
	TaxAmount:MoneyAmount TradeDiscount:MoneyPercentChoice DiscountAmount:MoneyAmount
	CustomerName=CUSTNAME CustomerPONumber=CSTPONBR UPSZone=UPSZONE MasterNumber!? Reference=REFRENCE
	CommissionAmount ExchangeRate!? ExchangeDate!? RequestedShipDate!? Comment=CMMTTEXT
	TaxExemptNumber1=TAXEXMT1 TaxExemptNumber2=TAXEXMT2 TaxRegistrationNumber=TXRGNNUM
	FreightTaxBasis!? MiscellaneousTaxBasis!? FreightTaxAmount:MoneyAmount MiscellaneousTaxAmount:MoneyAmount
	Note=NOTETEXT TransactionState!? TaxScheduleKey:TaxScheduleKey FreightTaxScheduleKey:TaxScheduleKey
	MiscellaneousTaxScheduleKey:TaxScheduleKey LineTotalAmount:MoneyAmount TotalAmount:MoneyAmount
	CreatedBy CreatedDate!? ModifiedDate!? LastModifiedDate!? CommissionBasedOn!? CommissionSaleAmount
	ActualShipDate!? FulfillDate!? QuoteDate!? AuditTrailCode IsIntrastatDocument!? IsVoided!?
	ShipCompleteOnly!? FrontOfficeIntegrationId IntegrationSource!? IntegrationId
	InvoiceDate!? BackorderDate!? ReturnDate!? OriginalSalesDocumentKey OriginalSalesDocumentType
	DocumentTypeKey:SalesDocumentTypeKey ShippingMethodKey:ShippingMethodKey WarehouseKey:WarehouseKey
	CustomerKey:CustomerKey SalesTerritoryKey:SalesTerritoryKey SalespersonKey:SalespersonKey BatchKey:BatchKey
	BillToAddressKey:CustomerAddressKey ShipToAddressKey:CustomerAddressKey PaymentTermsKey:PaymentTermsKey
	CurrencyKey:CurrencyKey CommentKey PriceLevelKey:PriceLevelKey ShipToAddress:BusinessAddress
	UserDefined:SalesUserDefined Commissions ProcessHolds Taxes:[SalesDocumentTax] FreightTaxes MiscellaneousTaxes TrackingNumbers

SalesOrder < SalesDocument:
	PaymentAmount:MoneyAmount DepositAmount:MoneyAmount ShippingProcessStatus!? IsRepeating!?
	DocumentFrequency!? TimesToRepeat!? DaysToIncrement!? WorkflowPriority!?
	Lines:[SalesOrderLine] Payments:[SalesPayment] Workflows

SalesLine < BusinessObject:
	Key:SalesLineKey UnitPrice:MoneyAmount TotalAmount:MoneyAmount Quantity:Quantity
	Discount:MoneyPercentChoice UnitCost ItemDescription=ITEMDESC IsNonInventory!? IsDropShip!?
	RequestedShipDate!? Comment=CMMTTEXT UofM=UOFM DeleteOnUpdate!? ExtendedCost
	ItemTaxScheduleKey:TaxScheduleKey TaxBasis!? TaxAmount:MoneyAmount TaxScheduleKey:TaxScheduleKey
	CostOfSalesGLAccountKey DamagedGLAccountKey InServiceGLAccountKey InUseGLAccountKey
	InventoryGLAccountKey DiscountGLAccountKey ReturnsGLAccountKey SalesGLAccountKey:GLAccountNumberKey
	FrontOfficeIntegrationId IntegrationSource!? IntegrationId WarehouseKey:WarehouseKey ItemKey:ItemKey
	ShippingMethodKey:ShippingMethodKey SalesTerritoryKey SalespersonKey CommentKey
	PriceLevelKey:PriceLevelKey ShipToAddressKey:CustomerAddressKey ShipToAddress:BusinessAddress Taxes

SalesOrderLine < SalesLine:
	QuantityToBackorder:Quantity QuantityToInvoice:Quantity QuantityCanceled:Quantity
	QuantityFulfilled:Quantity QuantityAllocated:Quantity FulfillDate!? ActualShipDate!?
	Components Serials Lots Bins

SalesPayment < BusinessObject:
	Key:SalesPaymentKey IsProcessElectronically!? Date!? PaymentAmount:MoneyAmount
	BankAccountKey:BankAccountKey PaymentCardTypeKey:PaymentCardTypeKey CheckNumber=CHEKNMBR
	PaymentCardNumber AuthorizationCode=AUTHCODE ExpirationDate!? Type!? Number=DOCNUMBR
	DeleteOnUpdate!? AuditTrailCode CurrencyKey:CurrencyKey

SalesDocumentTax < BusinessObject:
	TaxAmount:MoneyAmount TotalAmount:MoneyAmount TaxableAmount:MoneyAmount IsBackoutTax!? GLAccountKey
	IsTaxableTax!? TotalTaxPotentialAmount:MoneyAmount Key:SalesDocumentTaxKey

SalesUserDefined < BusinessObject:
	Date01!? Date02!? List01=USERDEF List02=USERDEF List03=USERDEF
	Text01=USERDEF Text02=USERDEF Text03=USERDEF Text04=USERDEF Text05=USERDEF

SalesReturn < SalesDocument:
	PaymentAmount:MoneyAmount TermsDiscountReturnedAmount GeneralLedgerPostingDate!? PostedDate!?
	PostedBy Lines:[SalesReturnLine] Payments:[SalesPayment] Distributions

SalesReturnLine < SalesLine:
	ReturnQuantity:SalesReturnQuantities Components Serials Lots Bins

SalesReturnQuantities:
	OnHandQuantity:Quantity ReturnedQuantity:Quantity InUseQuantity:Quantity
	InServiceQuantity:Quantity DamagedQuantity:Quantity

SalesOrderCriteria:
	TransactionState:ListRestrictionOfNullable DocumentId:LikeRestrictionOfString Date:BetweenRestrictionOfNullable
	CustomerId:LikeRestrictionOfString CustomerName:LikeRestrictionOfString
	CustomerPONumber:LikeRestrictionOfString BatchId:LikeRestrictionOfString
	DocumentTypeId:LikeRestrictionOfString SalespersonId:LikeRestrictionOfString
	MasterNumber:BetweenRestrictionOfNullable ModifiedDate:BetweenRestrictionOfNullable
	LastModifiedDate:BetweenRestrictionOfNullable CreatedDate:BetweenRestrictionOfNullable Scope!(Return All)
SalesInvoiceCriteria  < SalesOrderCriteria:
SalesReturnCriteria   < SalesOrderCriteria:
SalesDocumentCriteria < SalesOrderCriteria: Type
SalesOrderChangedKeyCriteria   < BaseChangedKeyCriteria: SalesDocumentKeyId:BetweenRestrictionOfString
SalesInvoiceChangedKeyCriteria < BaseChangedKeyCriteria: SalesDocumentKeyId:BetweenRestrictionOfString

CreateSalesOrder:     salesOrder!:SalesOrder context!:Context policy!
UpdateSalesOrder:     salesOrder!:SalesOrder context!:Context policy!
DeleteSalesOrder:     key!:SalesDocumentKey context!:Context policy!
VoidSalesOrder:       key!:SalesDocumentKey context!:Context policy!
GetSalesOrderByKey:   key!:SalesDocumentKey context!:Context
GetSalesOrderList:    criteria!:SalesOrderCriteria context!:Context
GetSalesDocumentList: criteria!:SalesDocumentCriteria context!:Context
GetSalesInvoiceByKey: key!:SalesDocumentKey context!:Context
GetSalesInvoiceList:  criteria!:SalesInvoiceCriteria context!:Context
CreateSalesReturn:    salesReturn!:SalesReturn context!:Context policy!
VoidSalesReturn:      key!:SalesDocumentKey context!:Context policy!
GetSalesReturnByKey:  key!:SalesDocumentKey context!:Context
GetSalesReturnList:   criteria!:SalesReturnCriteria context!:Context
GetChangedSalesOrderKeyList:   criteria!:SalesOrderChangedKeyCriteria context!:Context
GetChangedSalesInvoiceKeyList: criteria!:SalesInvoiceChangedKeyCriteria context!:Context
`
