package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/gp"
	"github.com/magpie-integration/magpie/services/sandbox/fault"
	company "github.com/magpie-integration/magpie/services/sandbox/gp"
	shop "github.com/magpie-integration/magpie/services/sandbox/magento"
)

// world is both sandboxes, set up otherwise than they should be.
type world struct {
	shop    func(*shop.Config)
	company func(*company.Config)
	pair    func(*config.Pair)
	orders  int
	// documentType, when set, is a document id that an order in GP has.
	documentType string
	// faults of the two.
	shopFaults, companyFaults fault.Faults
	// front of the store, such as a proxy.
	front func(http.Handler) http.Handler
}

// examine opens the world and gives the findings of both systems.
func (w world) examine(t *testing.T) []finding {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sc := shop.Config{Products: 20, Customers: 10, Seed: 1, CommitDelay: -1, Logger: slog.New(slog.DiscardHandler)}
	if w.shop != nil {
		w.shop(&sc)
	}
	store, err := shop.New(sc)
	must(err)
	t.Cleanup(func() { must(store.Close()) })
	for range w.orders {
		_, err := store.Place(t.Context(), shop.PlaceOrder{Store: "default", PaymentMethod: "checkmo", ShippingMethod: "flatrate_flatrate"})
		must(err)
	}
	products, err := store.SKUs(t.Context())
	must(err)
	injector := fault.New(1)
	cc := company.Config{User: "magpie", Password: "secret", Middleware: injector.Wrap, Logger: slog.New(slog.DiscardHandler)}
	for _, p := range products {
		cc.Items = append(cc.Items, company.Item{ItemNumber: p.SKU, Description: p.Name, Price: p.Price, OnHand: map[string]decimal.Decimal{"WAREHOUSE": decimal.NewFromInt(100)}})
	}
	if w.company != nil {
		w.company(&cc)
	}
	dynamics, err := company.New(cc)
	must(err)
	t.Cleanup(func() { must(dynamics.Close()) })

	front := store.Handler()
	if w.front != nil {
		front = w.front(front)
	}
	left, right := httptest.NewServer(front), httptest.NewServer(dynamics.Handler())
	t.Cleanup(left.Close)
	t.Cleanup(right.Close)
	cfg, _, err := config.Load("", []string{
		"MAGPIE_PAIRS_0_MAGENTO_URL=" + left.URL, "MAGPIE_PAIRS_0_MAGENTO_TOKEN=" + store.Token(),
		"MAGPIE_PAIRS_0_GP_URL=" + right.URL, "MAGPIE_PAIRS_0_GP_PASSWORD=secret",
	})
	must(err)
	pair := cfg.Pairs[0]
	if w.pair != nil {
		w.pair(&pair)
	}
	if w.documentType != "" {
		w.order(t, pair, products[0].SKU)
	}
	must(store.Fault().Set(w.shopFaults))
	must(injector.Set(w.companyFaults))
	limit := 2 * time.Second
	s := newSample(t.Context(), &config.Config{NATS: config.NATS{URL: "nats://127.0.0.1:1"}}, pair, limit)
	return examine(t.Context(), limit, []part{magentoPart(pair, s), gpPart(pair, s)})
}

// order writes an order with the world's document id into GP.
func (w world) order(t *testing.T, pair config.Pair, sku string) {
	t.Helper()
	c, err := newGP(pair)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	one := decimal.NewFromInt(1)
	if err := c.CreateCustomer(t.Context(), gp.Customer{ID: "DOCTOR", Name: "D"}); err != nil {
		t.Fatal(err)
	}
	err = c.CreateSalesOrder(t.Context(), gp.SalesOrder{
		Number: "D1", DocumentTypeID: w.documentType, CustomerID: "DOCTOR", BatchID: "D", Date: gp.DateOf(time.Now()), WarehouseID: "WAREHOUSE",
		Lines: []gp.SalesLine{{Sequence: gp.LineStep, ItemNumber: strings.ToUpper(sku), Quantity: one, UnitPrice: gp.Amount(one), Total: gp.Amount(one), WarehouseID: "WAREHOUSE"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorFindsNothingWhereAllIsWell(t *testing.T) {
	found := world{orders: 3, documentType: "STDORD", pair: func(p *config.Pair) {
		p.Flows = map[string]any{"tables": map[string]any{"shipping": map[string]any{"flatrate_flatrate": "GROUND"}}}
	}}.examine(t)
	for _, f := range found {
		probed := !strings.HasPrefix(f.What, "operation ") // writes are not probed
		if f.Verdict != isOK && (probed || f.Verdict != skipped) {
			t.Errorf("got %+v", f)
		}
	}
	for _, want := range []expectation{
		{"magento", "token", isOK, "is taken", ""},
		{"magento", "permission Magento_Sales::comment", isOK, "an empty body, which is refused after the permission is checked", ""},
		{"magento", "clock", isOK, "agrees", ""},
		{"magento", "website", isOK, "base", ""},
		{"magento", "payment methods", isOK, "the newest 3 orders use 1", ""},
		{"gp", "company", isOK, "Fabrikam", ""},
		{"gp", "document id STDORD", isOK, "orders have it", ""},
		{"gp", "operation GetItemByKey", isOK, "is allowed", ""},
		{"gp", "operation CreateSalesOrder", skipped, "not probed, since it would write", ""},
		{"gp", "behaviour Create Batch", isOK, "", ""},
		{"gp", "site WAREHOUSE", isOK, "is there", ""},
		{"gp", "items", isOK, "that were sold lately are in GP", ""},
		{"gp", "currency USD", isOK, "GP has it", ""},
	} {
		want.meets(t, found)
	}
}

func TestTheDoctorFinds(t *testing.T) {
	no := false
	for name, tt := range map[string]struct {
		world
		want []expectation
	}{
		"a token that is wrong": {world{pair: func(p *config.Pair) { p.Magento.Token = config.NewSecret("wrong") }}, []expectation{
			{"magento", "token", failed, "takes this caller for a guest at all 4 endpoints", "enable_integration_as_bearer 1"},
			{"magento", "token", failed, "wrong, revoked or inactive", "take the access token anew"},
			{"magento", "website", skipped, "see token", ""},
			{"gp", "items", skipped, "needs the store's newest orders", ""},
			{"gp", "site WAREHOUSE", isOK, "", ""},
		}},
		"Bearer tokens that are off": {world{shop: func(c *shop.Config) { c.BearerOff = true }}, []expectation{
			{"magento", "token", failed, "while Bearer tokens are off", "enable_integration_as_bearer 1"},
		}},
		"a permission that is missing": {world{shop: func(c *shop.Config) {
			c.Resources = []string{"Magento_Backend::store", "Magento_Sales::actions_view", "Magento_Sales::comment"}
		}}, []expectation{
			{"magento", "token", isOK, "", ""},
			{"magento", "permission Magento_Sales::create", failed, "POST /V1/orders is not allowed", "give the integration the resource Magento_Sales::create"},
		}},
		"a permission that is missing and not needed": {world{
			shop: func(c *shop.Config) {
				c.Resources = []string{"Magento_Backend::store", "Magento_Sales::actions_view", "Magento_Sales::comment"}
			},
			pair: func(p *config.Pair) { p.Magento.WriteBack = "comment" },
		}, []expectation{{"magento", "permission Magento_Sales::create", skipped, "not needed while write_back is comment", ""}}},
		"a website that isn't there": {world{pair: func(p *config.Pair) { p.Magento.Website = "nope" }}, []expectation{
			{"magento", "website", failed, `no website "nope"`, "write one of base"},
		}},
		"methods without a row": {world{orders: 2, shop: func(c *shop.Config) {}}, []expectation{
			{"magento", "shipping methods", warned, "flatrate_flatrate: used in the newest 2 orders", "flows.tables.shipping"},
		}},
		"a store without orders": {world{}, []expectation{
			{"magento", "payment methods", skipped, "no order yet", ""}, {"gp", "items", skipped, "no order yet", ""},
			{"gp", "currency USD", isOK, "", ""},
			{"gp", "document id STDORD", warned, "no document of the last 60 days has it", "Sales Document Setup"},
		}},
		"a store behind a redirect": {world{front: func(http.Handler) http.Handler {
			return http.RedirectHandler("https://www.shop.example/", http.StatusMovedPermanently)
		}}, []expectation{
			{"magento", "address", failed, "redirects to https://www.shop.example/", "set magento.url"},
			{"magento", "permissions", skipped, "see address", ""}, {"gp", "site WAREHOUSE", isOK, "", ""},
		}},
		"a store whose clock is off": {world{front: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
				next.ServeHTTP(w, r)
			})
		}}, []expectation{{"magento", "clock", warned, "behind of this machine's: a sweep ends where", "NTP"}}},
		"a store that is down": {world{shopFaults: fault.Faults{Down: fault.DownRefuse}}, []expectation{
			{"magento", "address", failed, "nothing answers", "start the server"}, {"magento", "website", skipped, "see address", ""},
			{"gp", "company", isOK, "", ""}, {"gp", "currencies", skipped, "needs the store's settings", ""},
		}},
		"a company that is down": {world{companyFaults: fault.Faults{Down: fault.DownRefuse}}, []expectation{
			{"gp", "company", failed, "the connection broke", "see whether GP's server is up"}, {"gp", "site", skipped, "see company", ""}, {"magento", "token", isOK, "", ""},
		}},
		"a company that hangs": {world{companyFaults: fault.Faults{Down: fault.DownHang}}, []expectation{
			{"gp", "company", failed, "no answer within 2s", ""}, {"magento", "token", isOK, "", ""},
		}},
		"a password that is wrong": {world{company: func(c *company.Config) { c.Password = "other" }}, []expectation{
			{"gp", "company", failed, "GP refused the account for GetCompanyList (401", "check user and password"}, {"gp", "items", skipped, "see company", ""},
		}},
		"another company": {world{pair: func(p *config.Pair) { p.GP.Company = "TWO" }}, []expectation{
			{"gp", "company", failed, `the account sees no company "TWO"`, "correct the company, or give the account access"},
		}},
		"a path without a service": {world{pair: func(p *config.Pair) {
			p.GP.Paths = config.Paths{Sales: "/no", Customer: "/no", Inventory: "/no", Ledger: "/no"}
		}}, []expectation{
			{"gp", "company", failed, "no service at", "correct the URL, or the paths"},
		}},
		"a site that isn't there": {world{pair: func(p *config.Pair) { p.GP.Order.Site = "NORTH" }}, []expectation{
			{"gp", "site NORTH", failed, "GP has no such site", "create the site"},
		}},
		"items that GP lacks": {world{orders: 2, company: func(c *company.Config) { c.Items = nil }}, []expectation{
			{"gp", "item ", warned, "is not in GP: its orders are refused", "create the item, or add a row"}, {"gp", "items", isOK, "0 of ", ""},
		}},
		"items that are at another site": {world{orders: 2, company: func(c *company.Config) {
			c.Sites = []company.Entry{{ID: "WAREHOUSE"}, {ID: "NORTH"}}
			for i := range c.Items {
				c.Items[i].OnHand = map[string]decimal.Decimal{"NORTH": decimal.NewFromInt(1)}
			}
		}}, []expectation{{"gp", "item ", warned, "is not assigned to the site WAREHOUSE", "assign it"}}},
		"items that are discontinued": {world{orders: 2, company: func(c *company.Config) {
			for i := range c.Items {
				c.Items[i].Discontinued = true
			}
		}}, []expectation{{"gp", "item ", warned, "is discontinued in GP", ""}}},
		"a currency that GP lacks": {world{company: func(c *company.Config) {
			c.Currencies = []company.Currency{{ISOCode: "EUR", Name: "Euro", Decimals: 2}}
		}}, []expectation{
			{"gp", "currency USD", failed, "GP does not have it", "Multicurrency Access"},
		}},
		"a company where nothing listens": {world{pair: func(p *config.Pair) { p.GP.URL = "http://127.0.0.1:1" }}, []expectation{
			{"gp", "address", failed, "connection refused", "start the server, or correct gp.url"}, {"gp", "site", skipped, "see address", ""},
		}},
		"a document id of no order": {world{pair: func(p *config.Pair) { p.GP.Order.DocID = "WEBORD" }, documentType: "STDORD"}, []expectation{
			{"gp", "document id WEBORD", warned, "no document of the last 60 days has it", ""},
		}},
		"a policy that does otherwise": {world{company: func(c *company.Config) {
			c.PolicyCreatesBatches, c.PolicyAllocates, c.CalculatesUnitPrice = &no, &no, true
		}}, []expectation{
			{"gp", "behaviour Create Batch", failed, "makes the batch WEB{{date}}", "choose that batches are created"},
			{"gp", "behaviour Allocate Quantities", warned, "nothing is allocated", "choose that quantities are allocated"},
			{"gp", "behaviour Calculate Unit Price", warned, "prices of its own list", "choose that it is not calculated"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			found := tt.examine(t)
			for _, want := range tt.want {
				want.meets(t, found)
			}
			if slices.ContainsFunc(found, func(f finding) bool {
				return f.Verdict == failed && f.Fix == "" && !strings.Contains(f.Text, "no answer within")
			}) {
				t.Errorf("a failure without a next step: %+v", found)
			}
		})
	}
}

func TestADocumentIDOfAnotherTypeIsNotAnOrders(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = io.WriteString(w, `<Envelope><Body><GetSalesDocumentListResponse><GetSalesDocumentListResult>
			<SalesDocumentSummary><DocumentTypeKey><Type>Invoice</Type><Id>STDORD</Id></DocumentTypeKey></SalesDocumentSummary>
			</GetSalesDocumentListResult></GetSalesDocumentListResponse></Body></Envelope>`)
	}))
	defer server.Close()
	cfg, _, err := config.Load("", []string{"MAGPIE_PAIRS_0_GP_URL=" + server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newGP(cfg.Pairs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := &notes{part: "gp"}
	checkDocumentID(t.Context(), n, cfg.Pairs[0], c)
	expectation{"gp", "document id STDORD", failed, "is of the type Invoice, and must be of the type Order", "set gp.order.docid"}.meets(t, n.all)
}

func TestReadsThatOnlyTheDoctorNeedsMayBeForbidden(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, `<Envelope><Body><Fault><faultstring>Access is denied.</faultstring></Fault></Body></Envelope>`)
	}))
	defer server.Close()
	cfg, _, err := config.Load("", []string{"MAGPIE_PAIRS_0_GP_URL=" + server.URL})
	if err != nil {
		t.Fatal(err)
	}
	c, err := newGP(cfg.Pairs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n := &notes{part: "gp"}
	checkSite(t.Context(), n, cfg.Pairs[0], c)
	checkDocumentID(t.Context(), n, cfg.Pairs[0], c)
	checkCurrencies(t.Context(), n, c, func() (sample, error) { return sample{currencies: []string{"USD"}}, nil })
	checkOperations(t.Context(), n, c)
	for _, want := range []expectation{
		{"gp", "site WAREHOUSE", skipped, "may not use GetWarehouseByKey, which only the doctor needs", ""},
		{"gp", "document id STDORD", skipped, "GetSalesDocumentList", ""},
		{"gp", "currency USD", skipped, "GetCurrencyByKey", ""},
		{"gp", "operation GetSalesOrderByKey", failed, "Access is denied", "Dynamics Security"},
		{"gp", "operation CreateSalesOrder", failed, "Access is denied", "Dynamics Security"},
	} {
		want.meets(t, n.all)
	}
}
