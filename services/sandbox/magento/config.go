package magento

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
)

// DefaultToken is the integration token of a sandbox that was given none.
const DefaultToken = "sandbox-integration-token"

// The versions whose behaviour the sandbox can show. They differ in what a
// comment may do to an order's status (Magento core,
// Sales/Model/Service/OrderService::addComment).
const (
	Version246 = "2.4.6" // any status is accepted and a missing one blanks the order's
	Version247 = "2.4.7" // only the current status is accepted
	Version248 = "2.4.8" // any status of the order's current state is accepted
	Version249 = "2.4.9"
)

// What random shoppers buy.
const (
	MixUsual = "usual" // what an integration takes without decisions of a merchant
	MixPlain = "plain" // simple and configurable products
	MixAll   = "all"   // every kind, each as often
)

// Config describes one store. The zero value is a working one.
type Config struct {
	// DB is the path of the SQLite database; empty means in memory.
	DB string
	// Token is the integration's access token; empty means DefaultToken.
	Token string
	// BearerOff plays a store whose enable_integration_as_bearer is off, the
	// default since 2.4.4: every caller is then a guest.
	BearerOff bool
	// Resources are the ACL resources the integration was granted; nil means
	// all.
	Resources []string
	// Version is one of the Version constants; empty means Version248.
	Version string
	// Stores are the store views; nil means DefaultStores.
	Stores []Store
	// Statuses adds merchant-defined statuses to a state, for example
	// {"new": ["erp_accepted"]}.
	Statuses map[string][]string
	// Webhooks are registered from the start; see Server.AddWebhook.
	Webhooks []Webhook
	// WebhookAttempts is how often a delivery is tried; 0 means 4.
	WebhookAttempts int
	// WebhookBackoff is the unit of the wait before try n+1, which is n²
	// times this; 0 means one second.
	WebhookBackoff time.Duration
	// Products and Customers are how many are made up when the database is
	// new; 0 means 240 and 600.
	Products  int
	Customers int
	// Mix is one of the Mix constants; empty means MixUsual.
	Mix string
	// Seed decides what is made up.
	Seed uint64
	// Generated is how many products GEN-000001, GEN-000002, … a new database
	// has beside those that are made up; see Server.Generate.
	Generated int
	// ProductAttributes and CustomerAttributes are a merchant's own; nil means
	// "upc", "erp_item_class" and "erp_customer_number".
	ProductAttributes, CustomerAttributes []string
	// WebsitePrices plays the price scope "website"; otherwise prices are global.
	WebsitePrices bool
	// Behaviour is how the store behaves from the start.
	Behaviour Behaviour
	// PageSizeLimit is another way to say Behaviour.PageSizeMax.
	PageSizeLimit int
	// CommitDelay is how long before its commit an order's save events are
	// sent; 0 means 3ms, negative means none.
	CommitDelay time.Duration
	// PendingPaymentAfter is how long a redirect payment stays unfinished
	// before the shopper has paid or cron cancels the order (default setting
	// sales/orders/delete_pending_after is 480 minutes); 0 means 20s.
	PendingPaymentAfter time.Duration
	// NoOrderLock plays a store before 2.4.6: shipments, invoices and credit memos
	// of one order don't wait for each other.
	NoOrderLock bool
	// Clerk is the merchant's customer service; the zero value does nothing.
	Clerk Clerk
	// NoiseEvery makes every n-th order print its amounts with 17 digits, such
	// as 29.949999999999999; 0 means 5, negative means never.
	NoiseEvery int
	// Fault is put in front of the REST API, never of the admin API; nil means
	// an injector of its own that is seeded with Seed.
	Fault *fault.Injector
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger gets warnings; nil means none.
	Logger *slog.Logger
}

// Store is one store view with its website.
type Store struct {
	ID          int64  `json:"id"`
	Code        string `json:"code"`
	Name        string `json:"name"`
	WebsiteID   int64  `json:"website_id"`
	WebsiteCode string `json:"website_code"`
	WebsiteName string `json:"website_name"`
	GroupName   string `json:"group_name"`
	Locale      string `json:"locale"`
	Timezone    string `json:"timezone"`
	// BaseCurrency is the website's currency, Currency the shopper's; Rate
	// turns the first into the second.
	BaseCurrency string          `json:"base_currency"`
	Currency     string          `json:"currency"`
	Rate         decimal.Decimal `json:"rate"`
	// Rates are other currencies that a shopper can choose.
	Rates map[string]decimal.Decimal `json:"rates"`
	// Country limits the tax to its addresses; empty taxes everybody.
	Country string `json:"country"`
	// TaxPercent applies to goods, and to freight when TaxShipping is set.
	TaxPercent  decimal.Decimal `json:"tax_percent"`
	TaxShipping bool            `json:"tax_shipping"`
	// PricesIncludeTax makes prices gross, those of freight too when it is
	// taxed. TaxRounding is one of the Round constants; empty means RoundRow.
	PricesIncludeTax bool   `json:"prices_include_tax"`
	TaxRounding      string `json:"tax_rounding"`
}

// rates are those of one day, from US dollars.
func rates() map[string]decimal.Decimal {
	return map[string]decimal.Decimal{
		"EUR": decimal.New(92, -2), "GBP": decimal.New(785, -3), "CAD": decimal.New(13642, -4), "CHF": decimal.New(8834, -4),
	}
}

// DefaultStores are a US store view in dollars and a European one in a second
// website that sells in euros and also taxes freight.
func DefaultStores() []Store {
	return []Store{
		{
			ID: 1, Code: "default", Name: "Default Store View", WebsiteID: 1, WebsiteCode: "base", WebsiteName: "Main Website",
			GroupName: "Main Website Store", Locale: "en_US", Timezone: "America/Chicago",
			BaseCurrency: "USD", Currency: "USD", Rate: decimal.New(1, 0), Rates: rates(), Country: "US", TaxPercent: decimal.New(825, -2),
		},
		{
			ID: 2, Code: "en_eu", Name: "European View", WebsiteID: 2, WebsiteCode: "eu", WebsiteName: "European Website",
			GroupName: "European Store", Locale: "en_GB", Timezone: "Europe/Amsterdam",
			BaseCurrency: "USD", Currency: "EUR", Rate: decimal.New(92, -2), Rates: rates(), TaxPercent: decimal.New(21, 0), TaxShipping: true,
		},
	}
}

func (c Config) withDefaults() (Config, error) {
	if c.Token == "" {
		c.Token = DefaultToken
	}
	if c.Version == "" {
		c.Version = Version248
	}
	if !knownVersion(c.Version) {
		return c, fmt.Errorf("magento: version %q is not one of %v", c.Version, versions)
	}
	if c.Stores == nil {
		c.Stores = DefaultStores()
	}
	switch c.Mix = orText(c.Mix, MixUsual); c.Mix {
	case MixUsual, MixPlain, MixAll:
	default:
		return c, fmt.Errorf("magento: mix %q is not %q, %q or %q", c.Mix, MixUsual, MixPlain, MixAll)
	}
	if err := c.Clerk.check(); err != nil {
		return c, err
	}
	seen := map[string]bool{"all": true}
	for _, st := range c.Stores {
		if st.ID <= 0 || st.Code == "" || seen[st.Code] {
			return c, fmt.Errorf("magento: store %d %q needs a positive id and a code of its own", st.ID, st.Code)
		}
		if st.Rate.Sign() <= 0 {
			return c, fmt.Errorf("magento: store %q needs a currency rate", st.Code)
		}
		seen[st.Code] = true
	}
	setDefault(&c.WebhookAttempts, 4)
	setDefault(&c.WebhookBackoff, time.Second)
	setDefault(&c.Products, 240)
	setDefault(&c.Customers, 600)
	setDefault(&c.CommitDelay, 3*time.Millisecond)
	setDefault(&c.PendingPaymentAfter, 20*time.Second)
	setDefault(&c.NoiseEvery, 5)
	if c.ProductAttributes == nil {
		c.ProductAttributes = []string{"upc", "erp_item_class"}
	}
	if c.CustomerAttributes == nil {
		c.CustomerAttributes = []string{"erp_customer_number"}
	}
	setDefault(&c.Behaviour.PageSizeMax, c.PageSizeLimit)
	c.PageSizeLimit = 0
	if err := c.Behaviour.validate(); err != nil {
		return c, err
	}
	if c.Generated < 0 {
		return c, fmt.Errorf("magento: %d generated products can't be", c.Generated)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Fault == nil {
		c.Fault = fault.New(c.Seed, FaultOptions())
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

var versions = []string{Version246, Version247, Version248, Version249}

func knownVersion(v string) bool { return slices.Contains(versions, v) }
