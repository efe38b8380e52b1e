package gp

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is when everything happens.
var at = time.Date(2026, 11, 24, 14, 30, 5, 318e6, time.UTC)

// sandbox is a server under test with a few items and customers.
type sandbox struct {
	*Server
	t   *testing.T
	url string
}

func start(t *testing.T, change func(*Config)) *sandbox {
	t.Helper()
	dec := decimal.RequireFromString
	cfg := Config{
		Items: []Item{
			{ItemNumber: "MUG-BLUE-11", Description: "Blue mug 11 oz", Class: "MUGS", Price: dec("32.50"), OnHand: map[string]decimal.Decimal{"MAIN": dec("140")},
				Units: []Unit{{"EACH", dec("1")}, {"CASE", dec("12")}}},
			{ItemNumber: "SCARCE", Description: "Scarce", Price: dec("10"), OnHand: map[string]decimal.Decimal{"MAIN": dec("3")}},
			{ItemNumber: "STRICT", Description: "Never back ordered", Price: dec("10"), NoBackorder: true, OnHand: map[string]decimal.Decimal{"MAIN": dec("0")}},
			{ItemNumber: "OLD", Description: "Old", Price: dec("10"), Discontinued: true, OnHand: map[string]decimal.Decimal{"MAIN": dec("1")}},
			{ItemNumber: "FEE", Description: "Fee", Type: "Flat Fee", Price: dec("5")},
		},
		Customers: []Customer{
			{ID: "WEB0000312", Name: "Ada Example", Address: Address{Name: "Ada Example", Line1: "1 Oak St", City: "Portland", State: "OR", PostalCode: "97201", Country: "US", Phone: "5035550100", Email: "ada@example.com"}},
			{ID: "HELD", Name: "Held", OnHold: true},
			{ID: "GONE", Name: "Gone", Inactive: true},
			{ID: "DISC", Name: "Discounted", DiscountPercent: dec("10")},
		},
		Sites:         []Entry{{"MAIN", "Main"}, {"EMPTY", "Nothing here"}},
		DocumentTypes: []DocumentType{{"Order", "WEBORD", "WEBORD000009"}, {"Invoice", "STDINV", ""}},
		CreateTime:    time.Nanosecond,
		Logger:        slog.New(slog.DiscardHandler),
		Now:           func() time.Time { return at },
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	s.newID = func() string { return fmt.Sprintf("5d0c6f3e-9a41-4f0e-8b7c-%012d", n.Add(1)) }
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &sandbox{s, t, web.URL}
}

const everything = "/DynamicsGPWebServices/DynamicsGPService.asmx"

const contextXML = `<context><d:OrganizationKey xsi:type="d:CompanyKey"><d:Id>-1</d:Id></d:OrganizationKey><d:CultureName>en-US</d:CultureName><d:CurrencyType>Transactional</d:CurrencyType></context>`

// envelope wraps an operation's parameters; CONTEXT stands for the usual one.
func envelope(op, params string) string {
	params = strings.ReplaceAll(params, "CONTEXT", contextXML)
	return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="http://schemas.microsoft.com/dynamics/2006/01"><s:Body><` +
		op + ` xmlns="http://schemas.microsoft.com/dynamics/gp/2006/01">` + params + `</` + op + `></s:Body></s:Envelope>`
}

func (s *sandbox) post(path, op, body string) (int, string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"http://schemas.microsoft.com/dynamics/gp/2006/01/`+op+`"`)
	return s.do(r)
}

func (s *sandbox) do(r *http.Request) (int, string) {
	s.t.Helper()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close() //nolint:errcheck // read to the end
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// call sends an operation to the endpoint that answers all.
func (s *sandbox) call(op, params string) (int, string) {
	s.t.Helper()
	return s.post(everything, op, envelope(op, params))
}

// must is a call that has to succeed.
func (s *sandbox) must(op, params string) string {
	s.t.Helper()
	status, body := s.call(op, params)
	if status != http.StatusOK {
		s.t.Fatalf("%s: status %d: %s\n%v", op, status, body, s.why(body))
	}
	return body
}

var guid = regexp.MustCompile(`<Message>([0-9a-f-]{36})</Message>`)

// why is the validation result behind a fault.
func (s *sandbox) why(faultBody string) string {
	s.t.Helper()
	m := guid.FindStringSubmatch(faultBody)
	if m == nil {
		return "system exception"
	}
	_, body := s.call("GetLoggedValidationResultByKey", "<logId>"+m[1]+"</logId>CONTEXT")
	return body
}

// admin sends JSON to the sandbox's own endpoints.
func (s *sandbox) admin(method, path, body string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+"/_sandbox"+path, bytes.NewBufferString(body))
	if err != nil {
		s.t.Fatal(err)
	}
	status, text := s.do(r)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: status %d: %s", method, path, status, text)
	}
	return text
}

// order is the worked message of an order with the given replacements, in
// pairs of old and new.
func order(t *testing.T, replacements ...string) string {
	t.Helper()
	b, err := os.ReadFile("testdata/order.xml")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			t.Fatalf("testdata/order.xml has no %s", replacements[i])
		}
		text = strings.Replace(text, replacements[i], replacements[i+1], 1)
	}
	return text + "CONTEXT"
}

// element is the text of the first element of this name.
func elementText(t *testing.T, body, name string) string {
	t.Helper()
	m := regexp.MustCompile(`<` + name + `(?: [^>]*)?>([^<]*)</` + name + `>`).FindStringSubmatch(body)
	if m == nil {
		t.Fatalf("no <%s> in %s", name, body)
	}
	return m[1]
}
