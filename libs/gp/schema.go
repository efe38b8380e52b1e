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
// The restrictions of nullable values (NullableOfDateTime, NullableOfBoolean, an
// enumeration...) differ in their values alone, and stand here once.
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
TaxDetailKey         < GreatPlainsKey: Id=TAXDTLID
GLAccountNumberKey   < GreatPlainsKey: Id=ACTNUMST IsEncrypted!(false)
SalesDocumentTaxKey  < GreatPlainsKey: SalesDocumentKey:SalesDocumentKey SequenceNumber! TaxDetailKey:TaxDetailKey
BatchKey             < GreatPlainsKey: Source Id=BACHNUMB CreatedDateTime!(0001-01-01T00:00:00)

BusinessObject:       Extensions

BusinessAddress < BusinessObject:
	Line1=ADDRESS1 Line2=ADDRESS2 Line3=ADDRESS3 City=CITY State=STATE PostalCode=ZIP
	CountryRegion=COUNTRY Phone1:PhoneNumber Phone2:PhoneNumber Phone3:PhoneNumber Fax:PhoneNumber
	CountryRegionCodeKey:CountryRegionCodeKey Name=ShipToName ContactPerson=CNTCPRSN

RestrictionOfString:        EqualValue NotEqualValue
ListRestrictionOfString    < RestrictionOfString: Items
BetweenRestrictionOfString < ListRestrictionOfString: From To GreaterThan LessThan
LikeRestrictionOfString    < BetweenRestrictionOfString: Like

RestrictionOfNullable:        EqualValue!? NotEqualValue!?
ListRestrictionOfNullable    < RestrictionOfNullable: Items
BetweenRestrictionOfNullable < ListRestrictionOfNullable: From!? To!? GreaterThan!? LessThan!?

BaseChangedKeyCriteria: LastModifiedDate:BetweenRestrictionOfNullable Action:RestrictionOfNullable

CompanyCriteria:

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

// schema is the whole text by name of type, each with its base's elements first.
var schema = parseSchema(wsdl + salesWSDL + customerWSDL + itemWSDL + ledgerWSDL)

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
