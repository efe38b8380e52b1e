package gp

import (
	"fmt"
	"regexp"
	"strings"
)

// The namespaces of the service. An element belongs to the namespace of the
// type that declares it (GP Web Services WSDL: elementFormDefault is qualified).
const (
	nsGP   = "http://schemas.microsoft.com/dynamics/gp/2006/01"
	nsDyn  = "http://schemas.microsoft.com/dynamics/2006/01"
	nsXSI  = "http://www.w3.org/2001/XMLSchema-instance"
	nsSOAP = "http://schemas.xmlsoap.org/soap/envelope/"
)

// wsdl is the part of the GP Web Services WSDL that this package writes, one
// type a line, its elements in wire order:
//
//	Type < Base: Element ...
//
//	Element         may be left out
//	Element!        must be there
//	Element!?       must be there, and is xsi:nil when it has no value
//	Element!(text)  must be there, and is text when it has no value
//	Element:Type    is of a type (without one it is text)
//	Element:[Type]  is an ArrayOfType, whose children are called Type
//	Element:@Type   is of an abstract type, and xsi:type says Type
//	Element=COLUMN  is text under the rules of a column (lengths.go)
//
// "dyn." before a type puts what it declares in the dyn namespace. Operations
// are types too: their elements are the parameters. Elements whose type is not
// listed are here for their place and for their xsi:nil; they are never written.
const wsdl = `
dyn.CompanyKey:       Id
dyn.Context:          WorkOnBehalfOf OrganizationKey:@CompanyKey CultureName CurrencyType!(Transactional) RoleKey TenantName

MoneyAmount:          Currency=CURNCYID Value! DecimalDigits!
Quantity:             Value! DecimalDigits!
Percent:              Value! DecimalDigits!
MoneyPercentChoice:   Percent:Percent Amount:MoneyAmount
PhoneNumber:          Value=PHONE CountryCode Extension

GreatPlainsKey:       CompanyKey:CompanyKey
SalesDocumentKey     < GreatPlainsKey: Id=SOPNUMBE
SalesDocumentTypeKey < GreatPlainsKey: Type! Id=DOCID
SalesLineKey         < GreatPlainsKey: SalesDocumentKey:SalesDocumentKey LineSequenceNumber!
SalesPaymentKey      < GreatPlainsKey: SalesDocumentKey:SalesDocumentKey SequenceNumber!
CustomerKey          < GreatPlainsKey: Id=CUSTNMBR
CustomerAddressKey   < GreatPlainsKey: CustomerKey:CustomerKey Id=ADRSCODE
CustomerClassKey     < GreatPlainsKey: Id=CUSTCLAS
ItemKey              < GreatPlainsKey: Id=ITEMNMBR
WarehouseKey         < GreatPlainsKey: Id=LOCNCODE
TaxScheduleKey       < GreatPlainsKey: Id=TAXSCHID
PaymentTermsKey      < GreatPlainsKey: Id=PYMTRMID
ShippingMethodKey    < GreatPlainsKey: Id=SHIPMTHD
PriceLevelKey        < GreatPlainsKey: Id=PRCLEVEL
SalespersonKey       < GreatPlainsKey: Id=SLPRSNID
SalesTerritoryKey    < GreatPlainsKey: Id=SALSTERR
BankAccountKey       < GreatPlainsKey: Id=CHEKBKID
PaymentCardTypeKey   < GreatPlainsKey: Id=CARDNAME
CountryRegionCodeKey < GreatPlainsKey: Id=CCode
CurrencyKey          < GreatPlainsKey: ISOCode=CURNCYID
BatchKey             < GreatPlainsKey: Source Id=BACHNUMB CreatedDateTime!(0001-01-01T00:00:00)

BusinessObject:       Extensions

BusinessAddress < BusinessObject:
	Line1=ADDRESS1 Line2=ADDRESS2 Line3=ADDRESS3 City=CITY State=STATE PostalCode=ZIP
	CountryRegion=COUNTRY Phone1:PhoneNumber Phone2:PhoneNumber Phone3:PhoneNumber Fax:PhoneNumber
	CountryRegionCodeKey:CountryRegionCodeKey Name=ShipToName ContactPerson=CNTCPRSN

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
	UserDefined:SalesUserDefined Commissions ProcessHolds Taxes FreightTaxes MiscellaneousTaxes TrackingNumbers

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
	InventoryGLAccountKey DiscountGLAccountKey ReturnsGLAccountKey SalesGLAccountKey
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

SalesUserDefined < BusinessObject:
	Date01!? Date02!? List01=USERDEF List02=USERDEF List03=USERDEF
	Text01=USERDEF Text02=USERDEF Text03=USERDEF Text04=USERDEF Text05=USERDEF

Customer < BusinessObject:
	Key:CustomerKey IsOnHold!? IsActive!? ShipCompleteOnly!? Name=CUSTNAME Shortname=SHRTNAME
	StatementName=STMTNAME ClassKey:CustomerClassKey Priority!? DefaultAddressKey:CustomerAddressKey
	ShipToAddressKey:CustomerAddressKey BillToAddressKey:CustomerAddressKey
	StatementToAddressKey:CustomerAddressKey Comment1=COMMENT1 Comment2=COMMENT2 TradeDiscountPercent
	PaymentTermsKey:PaymentTermsKey DiscountGracePeriod!? DueDateGracePeriod!? PriceLevelKey:PriceLevelKey
	Notes=NOTETEXT BalanceType!? FinanceCharge MinimumPayment CreditLimit MaximumWriteoff
	AllowRevaluation!? PostResultsTo!(Receivables/Discount Account) OrderFullfillmentShortageDefault!?
	IncludeInDemandPlanning!? PaymentCardAccount BankName BankBranch UserLanguageKey TaxExemptNumbers
	TaxRegistrationNumber=TXRGNNUM CurrencyKey:CurrencyKey RateTypeKey StatementCycle!? HistoryOptions
	SendEmailStatements!? BankAccountKey:BankAccountKey DefaultCashAccountType!?
	CashGLAccountKey AccountsReceivableGLAccountKey SalesGLAccountKey CostOfGoodsSoldGLAccountKey
	InventoryGLAccountKey PaymentTermsDiscountTakenGLAccountKey PaymentTermsDiscountAvailableGLAccountKey
	FinanceChargesGLAccountKey WriteoffGLAccountKey SalesOrderReturnsGLAccountKey
	OverpaymentWriteoffGLAccountKey StatementRecipients CreatedDate!(0001-01-01T00:00:00)
	ModifiedDate!(0001-01-01T00:00:00) LastModifiedDate!(0001-01-01T00:00:00) CorporateAccountKey
	UserDefined1=USERDEF UserDefined2=USERDEF Addresses:[CustomerAddress]

ConstituentAddress < BusinessAddress:
	UPSZone=UPSZONE ShippingMethodKey:ShippingMethodKey TaxScheduleKey:TaxScheduleKey
	CreatedDate!(0001-01-01T00:00:00) ModifiedDate!(0001-01-01T00:00:00) LastModifiedDate!?
	UserDefined1=USERDEF UserDefined2=USERDEF InternetAddresses:InternetAddresses

CustomerAddress < ConstituentAddress:
	Key:CustomerAddressKey SalespersonKey:SalespersonKey SalesTerritoryKey:SalesTerritoryKey
	WarehouseKey:WarehouseKey DeleteOnUpdate!?

InternetAddresses:
	MessengerAddress EmailToAddress EmailCcAddress EmailBccAddress
	InternetField1=INET InternetField2=INET InternetField3=INET InternetField4=INET
	InternetField5=INET InternetField6=INET InternetField7=INET InternetField8=INET AdditionalInformation

CompanyCriteria:
RestrictionOfString:  EqualValue NotEqualValue
SalesOrderCriteria:
	TransactionState DocumentId Date CustomerId CustomerName CustomerPONumber:RestrictionOfString
	BatchId DocumentTypeId:RestrictionOfString SalespersonId MasterNumber ModifiedDate
	LastModifiedDate:BetweenRestrictionOfNullableOfDateTime CreatedDate Scope!(Return All)
SalesDocumentCriteria < SalesOrderCriteria: Type
BetweenRestrictionOfNullableOfDateTime:
	EqualValue!? NotEqualValue!? Items From!? To!? GreaterThan!? LessThan!?

CreateSalesOrder:     salesOrder!:SalesOrder context!:Context policy!
UpdateSalesOrder:     salesOrder!:SalesOrder context!:Context policy!
VoidSalesOrder:       key!:SalesDocumentKey context!:Context policy!
GetSalesOrderByKey:   key!:SalesDocumentKey context!:Context
GetSalesOrderList:    criteria!:SalesOrderCriteria context!:Context
GetSalesDocumentList: criteria!:SalesDocumentCriteria context!:Context
CreateCustomer:       customer!:Customer context!:Context policy!
UpdateCustomer:       customer!:Customer context!:Context policy!
GetCustomerByKey:     key!:CustomerKey context!:Context
GetItemByKey:         key!:ItemKey context!:Context
GetWarehouseByKey:    key!:WarehouseKey context!:Context
GetCurrencyByKey:     key!:CurrencyKey context!:Context
GetCompanyList:       criteria!:CompanyCriteria context!:Context
GetPolicyByOperation: operation! context!:Context
GetLoggedValidationResultByKey: logId! context!:Context
GetLoggedExceptionDataByKey:    logId! context!:Context
`

// element is one element of a complexType: what stands between its place in
// the order and the wire.
type element struct {
	name, ns string
	of       string // its type; "" is text
	abstract bool
	required bool
	nillable bool
	preset   string
	column   string
}

// schema is wsdl by name of type, each with its base's elements first.
var schema = parseSchema(wsdl)

var (
	typeLine    = regexp.MustCompile(`^(dyn\.)?(\w+)(?: +< +(\w+))?: *(.*)$`)
	elementWord = regexp.MustCompile(`^(\w+)(?:(!)(\?)?(?:\(([^)]*)\))?)?(?::(@)?\[?(\w+)\]?)?(?:=(\w+))?$`)
	// A preset may hold a blank.
	elementWords = regexp.MustCompile(`[^\s(]+(?:\([^)]*\))?`)
)

func parseSchema(text string) map[string][]element {
	types := map[string][]element{}
	ns, name := "", ""
	for line := range strings.Lines(text) {
		words := strings.TrimSpace(line)
		if head := typeLine.FindStringSubmatch(strings.TrimRight(line, "\n")); head != nil {
			ns, name = nsGP, head[2]
			if head[1] != "" {
				ns = nsDyn
			}
			types[name] = append([]element{}, types[head[3]]...)
			words = head[4]
		}
		for _, word := range elementWords.FindAllString(words, -1) {
			m := elementWord.FindStringSubmatch(word)
			if m == nil {
				panic(fmt.Sprintf("gp: schema of %s: %q", name, word))
			}
			types[name] = append(types[name], element{
				name: m[1], ns: ns, required: m[2] != "", nillable: m[3] != "", preset: m[4],
				abstract: m[5] != "", of: m[6], column: m[7],
			})
		}
	}
	return types
}
