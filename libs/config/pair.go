package config

import (
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a scratch image and Windows have no time zones of their own
)

// Pair is one integration pair: a Magento website and a GP company.
type Pair struct {
	// Name stands in subjects and metrics: letters, digits, "-" and "_".
	Name string `yaml:"name" jsonschema:"pattern=^[A-Za-z0-9_-]+$,maxLength=32"`
	// Magento is the shop.
	Magento Magento `yaml:"magento"`
	// GP is the company in Dynamics GP.
	GP GP `yaml:"gp"`
	// Flows are settings that the pair's flows read, by any name.
	Flows map[string]any `yaml:"flows"`
}

// Magento is one website of a Magento store.
type Magento struct {
	// URL is the shop's base URL; REST is below it, under /rest/<store>/V1.
	URL string `yaml:"url"`
	// Store is the code of the store view whose data is read.
	Store string `yaml:"store" jsonschema:"default=default"`
	// Website is the code of the website whose orders are taken; the store's if absent.
	Website string `yaml:"website"`
	// Token is an integration's access token.
	Token Secret `yaml:"token"`
	// Webhooks are the forms of webhook that ingest accepts for this pair.
	Webhooks []Webhook `yaml:"webhooks"`
	// Sweep finds what no webhook told.
	Sweep Sweep `yaml:"sweep"`
	// Timeout bounds one call.
	Timeout time.Duration `yaml:"timeout" jsonschema:"default=30s"`
	// Parallel is how many calls run at once.
	Parallel int `yaml:"parallel" jsonschema:"minimum=1,maximum=256,default=4"`
	// WriteBack says how an order learns where it went: "save" sets its state and
	// comments on it, "comment" sends the status with the comment and leaves the state.
	WriteBack string `yaml:"write_back" jsonschema:"enum=save,enum=comment,default=save"`
	// NotFoundWait is how long a noticed record may stay unfound: webhooks can be
	// sent before the shop commits.
	NotFoundWait time.Duration `yaml:"not_found_wait" jsonschema:"default=15m"`
	// EditWait is how long editing an order may take: an order that was made from
	// one that is alive, and may be about to replace it, is held back until it is this old.
	EditWait time.Duration `yaml:"edit_wait" jsonschema:"default=1m"`
	// CA is the path of a PEM file that verifies the shop instead of the system's roots.
	CA string `yaml:"ca"`
	// Insecure lets the token travel over plain http. Certificates are verified regardless.
	Insecure bool `yaml:"insecure"`
}

// The schemes of webhooks.
const (
	SchemeHMACSHA256        = "hmac-sha256"
	SchemeBearer            = "bearer"
	SchemeMageOSAsyncEvents = "mageos-async-events"
	SchemeAdobeWebhooks     = "adobe-webhooks"
	SchemeAdobeIO           = "adobe-io"
)

// Webhook is one form of webhook, and how it proves its sender.
type Webhook struct {
	// Scheme is hmac-sha256 for a signature of the body, bearer for a fixed token,
	// mageos-async-events for hmac-sha256 as Mage-OS Async Events sends it,
	// adobe-webhooks for Adobe Commerce's webhooks, adobe-io for Adobe I/O Events.
	Scheme string `yaml:"scheme" jsonschema:"enum=hmac-sha256,enum=bearer,enum=mageos-async-events,enum=adobe-webhooks,enum=adobe-io,default=hmac-sha256"`
	// Secret is the key of the signature, or the token. The adobe schemes have none.
	Secret Secret `yaml:"secret"`
	// PreviousSecrets are accepted too, while the sender changes over.
	PreviousSecrets []Secret `yaml:"previous_secrets"`
	// PublicKeys are for adobe-webhooks: the public key in PEM as the store's Admin
	// shows it, or file:PATH of it; two while the store changes over.
	PublicKeys []Secret `yaml:"public_keys"`
	// ClientID is for adobe-io: the client id of the project in Adobe's Developer
	// Console. Events for another one are refused.
	ClientID string `yaml:"client_id"`
	// Header has the signature or token. If absent: X-Hub-Signature-256,
	// Authorization for bearer, X-Magento-Signature for mageos-async-events.
	Header string `yaml:"header"`
	// Encoding is how a signature is written; hex if absent.
	Encoding string `yaml:"encoding" jsonschema:"enum=hex,enum=base64"`
	// Prefix comes before the signature or token. If absent: "sha256=" or
	// "Bearer " with the scheme's own header, nothing with another.
	Prefix *string `yaml:"prefix"`
	// EventIn is where the event's name is: body:FIELD, header:NAME, path (the
	// URL's last part) or none. If absent: body:event; for mageos-async-events and
	// adobe-webhooks the URL's last part, then body:eventName (Adobe's only), then
	// the record's shape.
	EventIn string `yaml:"event_in" jsonschema:"pattern=^(body:.+|header:.+|path|none)$"`
	// Event is the event's name where event_in is none. If absent the record is
	// recognised by its shape.
	Event string `yaml:"event"`
}

// Sweep looks for records that no webhook told of.
type Sweep struct {
	// Every is the time between two sweeps.
	Every time.Duration `yaml:"every" jsonschema:"default=5m"`
	// Overlap is how far each sweep looks back behind the last one, for commits
	// that came late.
	Overlap time.Duration `yaml:"overlap" jsonschema:"default=10m"`
}

// GP is one company of Dynamics GP, and how it is reached.
type GP struct {
	// Transport is how GP is reached.
	Transport string `yaml:"transport" jsonschema:"enum=web-services,default=web-services"`
	// Paths are the services' paths: the name of a preset, or all four.
	Paths Paths `yaml:"paths" jsonschema:"default=gp-service"`
	// URL is the server that has the services.
	URL string `yaml:"url"`
	// Timezone is the IANA name of the company's own: GP's dates and times have
	// none. UTC, with a warning, if absent.
	Timezone string `yaml:"timezone" jsonschema:"example=America/New_York"`
	// Company is the company's number (-1 is the sample company) or name.
	Company Company `yaml:"company"`
	// Auth is how the user logs on.
	Auth string `yaml:"auth" jsonschema:"enum=basic,enum=ntlm,default=basic"`
	// User logs on; with ntlm as DOMAIN\user.
	User string `yaml:"user"`
	// Password is the user's.
	Password Secret `yaml:"password"`
	// Order says how orders are entered.
	Order Order `yaml:"order"`
	// Capture says how often GP is asked what changed in it.
	Capture GPCapture `yaml:"capture"`
	// Timeout bounds one call.
	Timeout time.Duration `yaml:"timeout" jsonschema:"default=60s"`
	// WorkTime is the longest that GP may go on with a call after its caller is
	// gone: who takes over waits that long. Too short can make doubles.
	WorkTime time.Duration `yaml:"work_time" jsonschema:"default=60s"`
	// Parallel is how many writes run at once; twice as many reads run beside them.
	Parallel int `yaml:"parallel" jsonschema:"minimum=1,maximum=256,default=4"`
	// CA is the path of a PEM file that verifies GP's server instead of the system's roots.
	CA string `yaml:"ca"`
	// Insecure lets a basic password travel over plain http. Certificates are verified regardless.
	Insecure bool `yaml:"insecure"`
}

// Location is the company's time zone: UTC where none is set.
func (g GP) Location() *time.Location {
	location, err := time.LoadLocation(g.Timezone)
	if err != nil { // Load has refused it
		return time.UTC
	}
	return location
}

// Paths are the paths of GP's services below its URL: a preset, which may be
// written alone, or all four by themselves.
type Paths struct {
	// Preset names a set of paths that is in use somewhere.
	Preset string `yaml:"preset" config:"short" jsonschema:"enum=gp-service,enum=gp-web-services,enum=dynamics-gp"`
	// Sales has orders and invoices.
	Sales string `yaml:"sales"`
	// Customer has customers.
	Customer string `yaml:"customer"`
	// Inventory has items and stock.
	Inventory string `yaml:"inventory"`
	// Ledger has journals.
	Ledger string `yaml:"ledger"`
}

// explicit gives the paths that were written by themselves, by their names.
func (p Paths) explicit() map[string]string {
	return map[string]string{"sales": p.Sales, "customer": p.Customer, "inventory": p.Inventory, "ledger": p.Ledger}
}

// anyExplicit tells whether a path was written by itself.
func (p Paths) anyExplicit() bool { return p.Sales+p.Customer+p.Inventory+p.Ledger != "" }

// Company names a GP company by number or by name.
type Company string

// Number gives the company's number, if it is named by one.
func (c Company) Number() (int, bool) {
	n, err := strconv.Atoi(string(c))
	return n, err == nil
}

// Order says how sales orders are entered into GP.
type Order struct {
	// DocID is the document type's id (DOCID).
	DocID string `yaml:"docid" jsonschema:"maxLength=15,default=STDORD"`
	// Batch is the batch that orders are entered into (BACHNUMB); {{date}} is the
	// order's business date as yyyyMMdd.
	Batch string `yaml:"batch" jsonschema:"default=WEB{{date}}"`
	// Prefix comes before Magento's increment id to make the SOP number; another
	// for each pair that writes into the same company.
	Prefix string `yaml:"prefix" jsonschema:"default=WEB"`
	// Site is the site that orders are allocated from (LOCNCODE).
	Site string `yaml:"site" jsonschema:"maxLength=10,default=WAREHOUSE"`
}

// GPCapture says how often GP is asked what changed in it: it tells nobody.
type GPCapture struct {
	// Every is the time between two looks at what GP has stamped.
	Every time.Duration `yaml:"every" jsonschema:"default=30s"`
	// Overlap is how far each look goes back behind the last one: GP stamps a row
	// before it is committed, and its clock is another.
	Overlap time.Duration `yaml:"overlap" jsonschema:"default=10m"`
	// OpenEvery is the time between two readings of all orders in work and of all
	// open invoices, whose lines and tracking numbers stamp nothing.
	OpenEvery time.Duration `yaml:"open_every" jsonschema:"default=2m"`
	// OpenDays is for how many days after its date a posted invoice is still open:
	// may get a tracking number.
	OpenDays int `yaml:"open_days" jsonschema:"minimum=0,maximum=366,default=14"`
	// FullEvery is the time in which every customer and item is read once, for what
	// stamps nothing; item prices are read once a day at most.
	FullEvery time.Duration `yaml:"full_every" jsonschema:"default=6h"`
}

// batchDate is what a batch template may hold.
const batchDate = "{{date}}"

// BatchOn is the batch of orders with this business date. Magpie never lets
// the server's own zone decide: give the time in the company's.
func (o Order) BatchOn(date time.Time) string {
	return strings.ReplaceAll(o.Batch, batchDate, date.Format("20060102"))
}
