package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/magpie-integration/magpie/events"
)

// pairs checks each pair, and that no two write into each other's documents.
func (v *validator) pairs(pairs []Pair) {
	if len(pairs) == 0 {
		v.fail("pairs", "", rule{"has no pair", "write at least one: a name, a magento and a gp"})
	}
	named, numbered := map[string]int{}, map[string]int{}
	for i := range pairs {
		pair, key := &pairs[i], index("pairs", i)
		v.name(key+".name", pair.Name)
		if first, taken := named[pair.Name]; taken && pair.Name != "" {
			v.fail(key+".name", pair.Name, rule{"is the name of " + index("pairs", first) + " too", "give each pair its own"})
		} else {
			named[pair.Name] = i
		}
		v.magento(key+".magento", pair.Magento)
		v.gp(key+".gp", pair.GP)
		numbers := documentNumbers(pair.GP)
		if first, taken := numbered[numbers]; taken {
			v.fail(key+".gp.order.prefix", pair.GP.Order.Prefix, rule{
				fmt.Sprintf("is the prefix of %s too, which writes into the same company: their SOP numbers would collide", index("pairs", first)),
				"give each pair of a company its own prefix",
			})
		} else {
			numbered[numbers] = i
		}
	}
}

// documentNumbers names the SOP numbers that a pair can make: equal texts are
// the same ones. GP compares ids without case.
func documentNumbers(g GP) string {
	server := strings.ToLower(strings.TrimRight(g.URL, "/"))
	if u, err := url.Parse(server); err == nil {
		server = u.Host
	}
	return strings.Join([]string{server, strings.ToUpper(string(g.Company)), strings.ToUpper(g.Order.Prefix)}, "\x00")
}

func (v *validator) name(key, name string) {
	switch {
	case name == "":
		v.fail(key, "", rule{"is missing", "write a short name, such as main"})
	case !events.ValidPair(name):
		v.fail(key, name, rule{"can't stand in a subject", `write at most 32 letters, digits, "-" and "_"`})
	}
}

// storeCode is what Magento itself takes as a store view's code.
var storeCode = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func (v *validator) magento(key string, m Magento) {
	u := v.url(key+".url", m.URL, "https://shop.example.com")
	if plainHTTP(u) && !m.Insecure {
		v.fail(key+".url", m.URL, rule{
			"would send the token in the clear", "write https, or insecure: true beside it if the network is trusted",
		})
	}
	if !storeCode.MatchString(m.Store) {
		v.fail(key+".store", m.Store, rule{"is not a store view's code", "write letters, digits and _, such as default"})
	}
	if m.Website != "" && !storeCode.MatchString(m.Website) {
		v.fail(key+".website", m.Website, rule{"is not a website's code", "write letters, digits and _, such as base"})
	}
	if m.Token.Empty() {
		v.warn(key+".token", "", rule{"is missing: roles that call Magento can't", "write ${MAGENTO_TOKEN} and set that variable"})
	}
	for i, w := range m.Webhooks {
		v.webhook(index(key+".webhooks", i), w)
	}
	v.positive(key+".sweep.every", m.Sweep.Every)
	v.positive(key+".timeout", m.Timeout)
	v.positive(key+".not_found_wait", m.NotFoundWait)
	v.positive(key+".edit_wait", m.EditWait)
	v.path(key+".ca", m.CA)
}

func (v *validator) gp(key string, g GP) {
	u := v.url(key+".url", g.URL, "https://gp.example.com:48620")
	if plainHTTP(u) && g.Auth == "basic" && !g.Insecure {
		v.fail(key+".url", g.URL, rule{
			"would send the password in the clear",
			"write https, auth: ntlm, or insecure: true beside it if the network is trusted",
		})
	}
	v.paths(key+".paths", g.Paths)
	v.timezone(key+".timezone", g.Timezone)
	if g.Company == "" {
		v.fail(key+".company", "", rule{"is missing", "write the company's number, such as -1, or its name"})
	}
	if g.User == "" || g.Password.Empty() {
		missing := "user"
		if g.User != "" {
			missing = "password"
		}
		v.warn(join(key, missing), "", rule{"is missing: roles that call GP can't", "write it, the password as ${GP_PASSWORD} or file:PATH"})
	}
	v.order(key+".order", g.Order)
	v.gpCapture(key+".capture", g.Capture)
	v.positive(key+".timeout", g.Timeout)
	v.positive(key+".work_time", g.WorkTime)
	v.path(key+".ca", g.CA)
}

// gpCapture wants times that can be kept to.
func (v *validator) gpCapture(key string, c GPCapture) {
	v.positive(key+".every", c.Every)
	v.positive(key+".open_every", c.OpenEvery)
	v.positive(key+".full_every", c.FullEvery)
	if c.Overlap < 0 {
		v.fail(key+".overlap", c.Overlap.String(), rule{"is less than nothing", `write a duration such as "10m"`})
	}
	if c.FullEvery > 0 && c.FullEvery < c.Every {
		v.fail(key+".full_every", c.FullEvery.String(), rule{
			"is shorter than every, " + c.Every.String() + ": everything would be read at each look", "write hours, such as 6h",
		})
	}
}

func (v *validator) paths(key string, p Paths) {
	if !p.anyExplicit() {
		if p.Preset == "" {
			v.fail(key, "", rule{"is empty", "write a preset, such as gp-service, or sales, customer, inventory and ledger"})
		}
		return
	}
	if p.Preset != "" {
		v.fail(key+".preset", p.Preset, rule{"stands beside paths of their own", "write one or the other"})
		return
	}
	explicit := p.explicit()
	for _, name := range slices.Sorted(maps.Keys(explicit)) {
		if explicit[name] == "" {
			v.fail(join(key, name), "", rule{"is missing beside the other paths", "write all four, or the name of a preset"})
		}
	}
}

func (v *validator) timezone(key, name string) {
	if name == "" {
		v.warn(key, "", rule{
			"is missing, and UTC is taken: orders of the evening get another day's date",
			"write the company's, such as America/New_York",
		})
		return
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		v.fail(key, name, rule{"is not a time zone", "write an IANA name, such as America/New_York"})
	}
}

const (
	sopNumberLength = 20 // of SOPNUMBE, as GP Web Services takes it
	// incrementIDLength has room for nine digits and the suffix of an order that
	// was edited: 000000123-12.
	incrementIDLength = 12
	prefixLength      = sopNumberLength - incrementIDLength
	batchLength       = 15
)

// gpID is what GP's ids are made of here: it folds case and cuts blanks, and
// other signs are not safe in every window of GP.
var gpID = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)

func (v *validator) order(key string, o Order) {
	if n := utf8.RuneCountInString(o.Prefix); n > prefixLength {
		v.fail(key+".prefix", o.Prefix, rule{
			fmt.Sprintf("has %d characters: with an increment id of %d the SOP number would pass GP's %d", n, incrementIDLength, sopNumberLength),
			fmt.Sprintf("the most is %d", prefixLength),
		})
	} else if !gpID.MatchString(o.Prefix) {
		v.fail(key+".prefix", o.Prefix, rule{"can't begin a SOP number", `write letters, digits, "-" and "_"`})
	}
	if o.DocID == "" {
		v.fail(key+".docid", "", rule{"is empty", "write the id of a document type, such as STDORD"})
	}
	if o.Site == "" {
		v.fail(key+".site", "", rule{"is empty", "write the id of a site, such as WAREHOUSE"})
	}
	batch := o.BatchOn(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	switch n := utf8.RuneCountInString(batch); {
	case batch == "":
		v.fail(key+".batch", "", rule{"is empty", "write a batch, such as WEB" + batchDate})
	case strings.Contains(batch, "{{") || strings.Contains(batch, "}}"):
		v.fail(key+".batch", o.Batch, rule{"has a placeholder that is not known", "the only one is " + batchDate})
	case n > batchLength:
		v.fail(key+".batch", o.Batch, rule{
			fmt.Sprintf("makes a batch of %d characters, such as %s", n, batch),
			fmt.Sprintf("the most is %d, of which %s takes 8", batchLength, batchDate),
		})
	}
}
