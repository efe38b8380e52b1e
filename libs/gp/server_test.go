package gp

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeGP answers operations with prepared bodies and keeps what it was sent.
type fakeGP struct {
	*httptest.Server
	mu      sync.Mutex
	handle  map[string]http.HandlerFunc
	sent    map[string]string // the last message by operation
	paths   map[string]string
	calls   map[string]int
	headers map[string]http.Header
}

func newFakeGP(t *testing.T) *fakeGP {
	t.Helper()
	f := &fakeGP{
		handle: map[string]http.HandlerFunc{}, sent: map[string]string{}, paths: map[string]string{},
		calls: map[string]int{}, headers: map[string]http.Header{},
	}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	f.answers("GetPolicyByOperation", policyAnswer)
	return f
}

func (f *fakeGP) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	operation := action[strings.LastIndex(action, "/")+1:]
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.sent[operation], f.paths[operation], f.headers[operation] = string(body), r.URL.Path, r.Header
	f.calls[operation]++
	handle := f.handle[operation]
	f.mu.Unlock()
	if handle == nil {
		soap(w, 200, "<"+operation+`Response xmlns="`+nsGP+`"/>`)
		return
	}
	handle(w, r)
}

// answers sets the content of the response element.
func (f *fakeGP) answers(operation, content string) {
	f.handle[operation] = func(w http.ResponseWriter, _ *http.Request) {
		soap(w, 200, fmt.Sprintf(`<%[1]sResponse xmlns="%[2]s">%[3]s</%[1]sResponse>`, operation, nsGP, content))
	}
}

func (f *fakeGP) faults(operation, fault string) {
	f.handle[operation] = func(w http.ResponseWriter, _ *http.Request) { soap(w, 500, fault) }
}

func soap(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>`, nsSOAP, body)
}

func (f *fakeGP) client(t *testing.T, change ...func(*Config)) *Client {
	t.Helper()
	cfg := Config{URL: f.URL, Paths: "gp-service", Company: "-1"}
	for _, c := range change {
		c(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// policyAnswer has odd prefixes, a foreign namespace, a nil and padded text: all
// must come back as they were.
const policyAnswer = `<g:GetPolicyByOperationResult xmlns:g="` + nsGP + `" xmlns:i="` + nsXSI + `" xmlns:q="` + nsDyn + `">
  <g:Key><g:Id>4d060bdc-fa1e-4ea1-9e89-e1d19a5cb2ce</g:Id></g:Key>
  <g:Behaviors>
    <g:Behavior>
      <g:Key><g:PolicyKey><g:Id>4d060bdc-fa1e-4ea1-9e89-e1d19a5cb2ce</g:Id></g:PolicyKey><g:Id>dc788b46-e2ae-4b7a-80c2-00cb40dcf76f</g:Id></g:Key>
      <g:Name>Assign Batch Prefix</g:Name>
      <g:Internal>true</g:Internal>
      <g:Options>
        <g:BehaviorOption><g:Key><g:Id>1</g:Id></g:Key><g:Name>No Prefix</g:Name></g:BehaviorOption>
        <g:BehaviorOption><g:Key><g:Id>2</g:Id></g:Key><g:Name>Specify Prefix</g:Name></g:BehaviorOption>
      </g:Options>
      <g:SelectedOption i:type="g:BehaviorOption"><g:Key><g:Id>2</g:Id></g:Key><g:Name>Specify Prefix</g:Name>
        <g:Parameters><g:Parameter><g:Name>Prefix</g:Name><g:Value>W &amp; M </g:Value></g:Parameter></g:Parameters>
      </g:SelectedOption>
    </g:Behavior>
    <g:Behavior><g:Name>Create Batch</g:Name><g:Internal i:nil="true"/><q:Note i:type="q:Text">kept</q:Note><o:Other xmlns:o="urn:other" o:a="1" b="2"><o:In/><g:Back/></o:Other></g:Behavior>
  </g:Behaviors>
  <g:Name>CreateSalesOrder</g:Name>
</g:GetPolicyByOperationResult>`
