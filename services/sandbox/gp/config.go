package gp

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// Config says what company the sandbox keeps and how its server behaves. The
// zero value of each field has the stated default.
type Config struct {
	// DB is the path of the SQLite file; "" keeps everything in memory.
	DB string
	// Company is the company's id; 0 means -1, the sample company.
	Company int
	// CompanyName defaults to "Fabrikam, Inc.".
	CompanyName string

	// User and Password guard the services; an empty User lets everybody in.
	User, Password string
	// NTLM asks for NTLM instead of basic authentication, as the WSDL's policy
	// of a real server does (NtlmAuthentication).
	NTLM bool

	// Items and Customers are put in when they aren't there yet.
	Items     []Item
	Customers []Customer
	// Sites defaults to WAREHOUSE. The first is the default site.
	Sites []Entry
	// DocumentTypes defaults to STDORD for orders; a kind of document that has
	// none gets STDINV for invoices, STDRTN for returns.
	DocumentTypes []DocumentType
	// Currencies defaults to USD, EUR, GBP, and CAD. The first is the functional one.
	Currencies []Currency
	// The lists below are what ids in documents are checked against.
	TaxSchedules    []Entry // USASTCITY-6*, WEBTAX
	TaxDetails      []Entry // WEBTAX
	ShippingMethods []Entry // GROUND, NEXT DAY
	PaymentTerms    []Entry // Net 30, WEB
	PriceLevels     []Entry // RETAIL
	CustomerClasses []Entry // WEB
	Salespersons    []Entry // none; the description is the last name
	// Checkbooks defaults to UPTOWN TRUST, and UPTOWN EUR and the like for the
	// other currencies.
	Checkbooks []Checkbook
	Accounts   []Account // a short chart of accounts
	CardTypes  []Entry   // VISA, MASTERCARD

	// ClassDefaults are what a new customer takes from its class, by class id.
	ClassDefaults map[string]ClassDefaults

	// LateCommits is the most by which a transaction commits after its rows
	// were stamped; 0 commits in the order of the stamps.
	LateCommits time.Duration
	// NoChangedKeys leaves eConnect_Out unfed, so that the lists of changed
	// keys are empty.
	NoChangedKeys bool

	// PolicyCreatesBatches is behavior Create Batch; nil means on. When it is
	// off, an unknown batch id is an error.
	PolicyCreatesBatches *bool
	// PolicyAllocates is behavior Allocate Quantities; nil means on.
	PolicyAllocates *bool
	// PolicyChecksHold is behavior Check Hold; nil means on.
	PolicyChecksHold *bool
	// CalculatesUnitPrice selects Calculate in behavior Calculate Unit Price:
	// GP replaces the sent price by its own.
	CalculatesUnitPrice bool
	// Shortage is the selected option of behavior Quantity Shortage; "" means
	// [ShortageBackorderBalance].
	Shortage Shortage
	// ClosedThrough is the last day of the closed fiscal periods.
	ClosedThrough time.Time
	// RefusesClosedPeriods refuses sales documents with a date in a closed
	// period. By default they are taken, and their batch doesn't post; journals
	// are refused in either case.
	RefusesClosedPeriods bool
	// TrackingOnOrder is the habit of a site that keeps tracking numbers under
	// the order instead of the invoice.
	TrackingOnOrder bool
	// PostTime is how long a batch is being posted, and so locked.
	PostTime time.Duration
	// People work in the company while [Server.Run] runs.
	People People

	// CreateTime and ReadTime are the mean work of a write and of a read; the
	// defaults are 2ms and none, where a real server needs 100ms and more.
	CreateTime, ReadTime time.Duration
	// WarmUp is added to the first call after start.
	WarmUp time.Duration
	// Parallel is how many calls the server works on without getting slower;
	// above it, work time grows with their number. 0 means 8.
	Parallel int

	// StrictOrder turns elements out of schema order, of an unknown name or in
	// a wrong namespace into a system exception. By default they are ignored,
	// as XmlSerializer does, so that the value is absent.
	StrictOrder bool
	// FaultShape picks one of the shapes that published sources leave open; ""
	// means [FaultExceptionDetail].
	FaultShape FaultShape
	// LockedBatchIsSystem answers a batch in use with a system exception
	// instead of a validation exception. Sources don't tell which one GP uses.
	LockedBatchIsSystem bool
	// PadText returns text as char columns hold it: padded with blanks.
	PadText bool
	// Location is the company's time zone; nil means UTC.
	Location *time.Location

	// Middleware wraps the service endpoints, not the admin ones.
	Middleware func(http.Handler) http.Handler
	// Admin is mounted at /_sandbox/faults.
	Admin http.Handler
	// Logger defaults to [slog.Default].
	Logger *slog.Logger
	// Now defaults to [time.Now].
	Now func() time.Time
}

// Entry is an id of a setup list, with what people call it.
type Entry struct {
	ID          string
	Description string
}

// Currency is a currency that the company may use.
type Currency struct {
	ISOCode  string
	Name     string
	Decimals int
}

// DocumentType is a document id of a sales document type (table SOP40200).
type DocumentType struct {
	Type       string // as SalesDocumentType spells it, such as "Order"
	ID         string
	NextNumber string // such as ORDST2225; "" makes one of the id
}

// Unit is a unit of measure and how many base units it holds.
type Unit struct {
	Name      string
	BaseUnits decimal.Decimal
}

// Item is an item of the inventory, its price list and its stock.
type Item struct {
	ItemNumber       string `json:"ITEMNMBR"`
	Description      string `json:"ITEMDESC"`
	ShortDescription string
	Generic          string
	Class            string
	Type             string // as ItemType spells it; "" means "Sales Item"
	UofMSchedule     string // "" means the name of the first unit
	Units            []Unit // none means EACH; the first is the selling unit
	Price            decimal.Decimal
	// Prices are list prices in other currencies than the functional one.
	Prices           map[string]decimal.Decimal
	Cost             decimal.Decimal
	QuantityDecimals int
	// CurrencyDecimals is how many decimals a unit price may have; 0 means 2.
	CurrencyDecimals int
	// Levels are the prices of one selling unit in the functional currency by
	// price level. The first level of the company is the list price when it
	// isn't among them; other levels have only what stands here.
	Levels map[string][]Break
	// Components are what one unit of a Kit takes from stock.
	Components   []Component
	NoBackorder  bool
	Discontinued bool
	Inactive     bool
	// OnHand is the stock per site; a site that isn't in it isn't assigned.
	OnHand map[string]decimal.Decimal
}

// Break is a price from a quantity on, up to the next break.
type Break struct {
	From  decimal.Decimal `json:"from"`
	Price decimal.Decimal `json:"price"`
}

// ClassDefaults are the fields of a customer class that a customer takes when
// it brings none.
type ClassDefaults struct {
	PaymentTerms, PriceLevel, Currency string
	DiscountPercent                    decimal.Decimal
	// CreditLimit is an amount in the functional currency; nil is unlimited.
	CreditLimit *decimal.Decimal
}

// Component is an item in a kit, in base units.
type Component struct {
	ItemNumber string          `json:"ITEMNMBR"`
	Quantity   decimal.Decimal `json:"QUANTITY"`
}

// Customer is a customer to start with; more comes with CreateCustomer.
type Customer struct {
	ID, Name         string
	Currency         string
	OnHold, Inactive bool
	// Class, PaymentTerms and PriceLevel are ids of setup lists.
	Class, PaymentTerms, PriceLevel string
	// DiscountPercent is the trade discount of every order that brings none.
	DiscountPercent decimal.Decimal
	// Address is created as PRIMARY and used for everything, when it has a Line1.
	Address Address
}

// Address is a postal address with the e-mail that hangs on it.
type Address struct {
	Name, Line1, Line2, City, State, PostalCode, Country, Phone, Email string
}

// Shortage is an option of behavior Quantity Shortage (eConnect's QtyShrtOpt).
type Shortage string

// The options of behavior Quantity Shortage.
const (
	ShortageRefuse           Shortage = "Do Not Allow"
	ShortageSellBalance      Shortage = "Sell Balance"
	ShortageOverride         Shortage = "Override Shortage"
	ShortageBackorderAll     Shortage = "Back Order All"
	ShortageBackorderBalance Shortage = "Back Order Balance"
	ShortageCancelAll        Shortage = "Cancel All"
	ShortageCancelBalance    Shortage = "Cancel Balance"
)

// shortages are the options in the order of their ids.
var shortages = []Shortage{
	ShortageRefuse, ShortageSellBalance, ShortageOverride, ShortageBackorderAll,
	ShortageBackorderBalance, ShortageCancelAll, ShortageCancelBalance,
}

// FaultShape is how a fault looks where published sources leave it open.
type FaultShape string

// The shapes of a fault.
const (
	// FaultExceptionDetail is WCF's ExceptionDetail, faultcode s:Client for a
	// validation exception and InternalServiceFault for a system exception.
	FaultExceptionDetail FaultShape = "exception-detail"
	// FaultDispatcher is the same with InternalServiceFault for both.
	FaultDispatcher FaultShape = "dispatcher"
	// FaultBareMessage has Message right under detail, and s:Server.
	FaultBareMessage FaultShape = "bare-message"
)

func (c Config) withDefaults() (Config, error) {
	if c.Company == 0 {
		c.Company = -1
	}
	orDefault(&c.CompanyName, "Fabrikam, Inc.")
	orDefault(&c.Shortage, ShortageBackorderBalance)
	orDefault(&c.FaultShape, FaultExceptionDetail)
	orDefault(&c.CreateTime, 2*time.Millisecond)
	orDefault(&c.Parallel, 8)
	on := true
	orDefault(&c.PolicyCreatesBatches, &on)
	orDefault(&c.PolicyAllocates, &on)
	orDefault(&c.PolicyChecksHold, &on)
	orDefault(&c.Location, time.UTC)
	orDefault(&c.Logger, slog.Default())
	listDefault(&c.Sites, Entry{"WAREHOUSE", "Main site"})
	listDefault(&c.DocumentTypes, DocumentType{"Order", "STDORD", ""})
	for _, d := range []DocumentType{{"Invoice", "STDINV", ""}, {"Return", "STDRTN", ""}} {
		if !slices.ContainsFunc(c.DocumentTypes, func(has DocumentType) bool { return has.Type == d.Type }) {
			c.DocumentTypes = append(slices.Clip(c.DocumentTypes), d)
		}
	}
	listDefault(&c.Currencies, Currency{"USD", "US dollars", 2}, Currency{"EUR", "Euros", 2},
		Currency{"GBP", "Pounds", 2}, Currency{"CAD", "Canadian dollars", 2})
	listDefault(&c.TaxSchedules, Entry{"USASTCITY-6*", "State and city sales tax"}, Entry{"WEBTAX", "Tax computed by the shop"})
	listDefault(&c.TaxDetails, Entry{"WEBTAX", "Tax computed by the shop"})
	listDefault(&c.ShippingMethods, Entry{"GROUND", "Ground"}, Entry{"NEXT DAY", "Next day"})
	listDefault(&c.PaymentTerms, Entry{"Net 30", ""}, Entry{"WEB", "Paid in the shop"})
	listDefault(&c.PriceLevels, Entry{"RETAIL", "Retail"})
	listDefault(&c.CustomerClasses, Entry{"WEB", "Web customers"})
	listDefault(&c.Checkbooks, sampleCheckbooks(c.Currencies)...)
	listDefault(&c.Accounts, sampleAccounts...)
	listDefault(&c.CardTypes, Entry{"VISA", ""}, Entry{"MASTERCARD", ""})
	if c.Middleware == nil {
		c.Middleware = func(h http.Handler) http.Handler { return h }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, c.validate()
}

func (c Config) validate() error {
	if shortageID(c.Shortage) < 0 {
		return fmt.Errorf("gp sandbox: Shortage %q is no option of Quantity Shortage", c.Shortage)
	}
	switch c.FaultShape {
	case FaultExceptionDetail, FaultDispatcher, FaultBareMessage:
	default:
		return fmt.Errorf("gp sandbox: FaultShape %q is none of the shapes", c.FaultShape)
	}
	for _, d := range c.DocumentTypes {
		if sopType(d.Type) == 0 {
			return fmt.Errorf("gp sandbox: document id %s: %q is no SalesDocumentType", d.ID, d.Type)
		}
	}
	return nil
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func listDefault[T any](field *[]T, values ...T) {
	if len(*field) == 0 {
		*field = values
	}
}

func shortageID(s Shortage) int {
	for i, v := range shortages {
		if v == s {
			return i
		}
	}
	return -1
}

// sopType is SOPTYPE's code of a SalesDocumentType; 0 is none.
func sopType(name string) int {
	for i, v := range schema["SalesDocumentType"].enum {
		if v == name {
			return i + 1
		}
	}
	return 0
}

// find is the entry with this id, whatever its case.
func find(list []Entry, id string) (Entry, bool) {
	for _, e := range list {
		if strings.EqualFold(e.ID, id) {
			return e, true
		}
	}
	return Entry{}, false
}

func (c Config) currency(isoCode string) (Currency, bool) {
	for _, k := range c.Currencies {
		if strings.EqualFold(k.ISOCode, isoCode) {
			return k, true
		}
	}
	return Currency{ISOCode: isoCode, Decimals: 2}, false
}

// units reads amounts in the functional currency unless a row says otherwise.
func (c Config) units() units {
	return units{
		currency: func(iso string) Currency { k, _ := c.currency(iso); return k },
		iso:      c.Currencies[0].ISOCode,
	}
}
