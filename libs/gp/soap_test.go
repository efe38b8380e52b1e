package gp

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// both calls a write and a read, whose failures differ.
func both(t *testing.T, c *Client) (write, read *failure.Error) {
	t.Helper()
	write = failure.Of(c.CreateCustomer(t.Context(), sampleCustomer))
	_, err := c.Customer(t.Context(), "A")
	read = failure.Of(err)
	if write == nil || read == nil {
		t.Fatalf("no failure: %v, %v", write, read)
	}
	return write, read
}

func (f *fakeGP) both(handle http.HandlerFunc) {
	f.handle["CreateCustomer"], f.handle["GetCustomerByKey"] = handle, handle
}

func TestHeaders(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t, func(cfg *Config) { cfg.Auth, cfg.User, cfg.Password = "basic", `GP\web`, "secret" })
	if err := c.VoidSalesOrder(t.Context(), "A"); err != nil {
		t.Fatal(err)
	}
	h := f.headers["VoidSalesOrder"]
	if got := h.Get("SOAPAction"); got != `"`+nsGP+`/VoidSalesOrder"` {
		t.Errorf("SOAPAction %s", got)
	}
	if got := h.Get("Content-Type"); got != "text/xml; charset=utf-8" {
		t.Errorf("Content-Type %s", got)
	}
	if user, password, _ := (&http.Request{Header: h}).BasicAuth(); user != `GP\web` || password != "secret" {
		t.Errorf("credentials %s %s", user, password)
	}
}

func TestStatus(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		header  [2]string
		body    string
		code    string
		kind    failure.Kind
		system  bool
		unsent  bool
		unknown bool // of a write
		after   time.Duration
	}{
		"unauthorized":   {status: 401, code: "gp.unauthorized", kind: failure.KindTransient, system: true, unsent: true},
		"forbidden":      {status: 403, code: "gp.unauthorized", kind: failure.KindTransient, system: true, unsent: true},
		"redirect":       {status: 302, header: [2]string{"Location", "https://login.example.com/x?token=1"}, code: "gp.redirected", kind: failure.KindTransient, system: true, unsent: true},
		"no service":     {status: 404, body: "<html>", code: "gp.no_service", kind: failure.KindTransient, system: true, unsent: true},
		"too many":       {status: 429, header: [2]string{"Retry-After", "7"}, code: "gp.busy", kind: failure.KindTransient, system: true, after: 7 * time.Second},
		"unavailable":    {status: 503, code: "gp.busy", kind: failure.KindTransient, system: true},
		"bad gateway":    {status: 502, body: "<html>", code: "gp.gateway", kind: failure.KindTransient, system: true, unknown: true},
		"gateway silent": {status: 504, code: "gp.gateway", kind: failure.KindTransient, system: true, unknown: true},
		"HTML 500":       {status: 500, body: "<html><body>Server Error<br></html>", code: "gp.gateway", kind: failure.KindTransient, system: true, unknown: true},
		"too large":      {status: 413, code: "gp.too_large", kind: failure.KindRejected},
		"bad request":    {status: 400, code: "gp.status", kind: failure.KindTransient},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.both(func(w http.ResponseWriter, _ *http.Request) {
				if tt.header[0] != "" {
					w.Header().Set(tt.header[0], tt.header[1])
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			})
			write, read := both(t, f.client(t))
			for who, e := range map[string]*failure.Error{"write": write, "read": read} {
				if e.Code != tt.code || e.Kind != tt.kind || e.System != tt.system || e.Unsent != tt.unsent || e.After != tt.after {
					t.Errorf("%s: got %+v", who, e)
				}
			}
			if errors.Is(write, failure.ErrUnknownOutcome) != tt.unknown || errors.Is(read, failure.ErrUnknownOutcome) {
				t.Errorf("unknown: write %v, read %v", write, read)
			}
			if strings.Contains(write.Error(), "token=1") {
				t.Error("the redirect's query is shown")
			}
		})
	}
}

func TestNoConnection(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t)
	f.Close()
	write, read := both(t, c)
	for _, e := range []*failure.Error{write, read} {
		if e.Code != "gp.unreachable" || !e.System || !e.Unsent || errors.Is(e, failure.ErrUnknownOutcome) {
			t.Errorf("got %+v", e)
		}
	}
}

// cut drops the connection after it has read the request.
func cut(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

func TestConnectionCut(t *testing.T) {
	f := newFakeGP(t)
	f.both(cut)
	write, read := both(t, f.client(t))
	if !errors.Is(write, failure.ErrUnknownOutcome) || write.Code != "gp.no_answer" || write.Unsent {
		t.Errorf("write: %+v", write)
	}
	if errors.Is(read, failure.ErrUnknownOutcome) || read.Code != "gp.no_answer" || !read.System {
		t.Errorf("read: %+v", read)
	}
}

func TestAnswerCut(t *testing.T) {
	f := newFakeGP(t)
	f.both(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "<s:Envelope>")
		cut(w, r)
	})
	write, read := both(t, f.client(t))
	if !errors.Is(write, failure.ErrUnknownOutcome) || errors.Is(read, failure.ErrUnknownOutcome) {
		t.Errorf("write: %v, read: %v", write, read)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	f := newFakeGP(t)
	f.both(func(w http.ResponseWriter, _ *http.Request) {
		chunk := strings.Repeat(" ", 1<<20)
		for range maxAnswer>>20 + 1 {
			if _, err := io.WriteString(w, chunk); err != nil {
				return
			}
		}
	})
	write, read := both(t, f.client(t))
	if !errors.Is(write, failure.ErrUnknownOutcome) || !strings.Contains(read.Reason, "larger than 32 MiB") {
		t.Errorf("write: %v, read: %v", write, read)
	}
}

func TestNoAnswerInTime(t *testing.T) {
	f := newFakeGP(t)
	f.both(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	write, read := both(t, f.client(t, func(cfg *Config) { cfg.Timeout = 50 * time.Millisecond }))
	if !errors.Is(write, failure.ErrUnknownOutcome) || !errors.Is(write, context.DeadlineExceeded) {
		t.Errorf("write: %v", write)
	}
	if read.Code != "gp.no_answer" || read.Kind != failure.KindTransient || errors.Is(read, failure.ErrUnknownOutcome) {
		t.Errorf("read: %v", read)
	}
}

func TestGivenUp(t *testing.T) {
	f := newFakeGP(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.both(func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	c := f.client(t)
	if err := c.CreateCustomer(ctx, sampleCustomer); !errors.Is(err, failure.ErrUnknownOutcome) || !errors.Is(err, context.Canceled) {
		t.Errorf("after it was sent: %v", err)
	}
	if e := failure.Of(c.CreateCustomer(ctx, sampleCustomer)); e.Code != "gp.cancelled" || !e.Unsent || !errors.Is(e, context.Canceled) {
		t.Errorf("before it was sent: %+v", e)
	}
}

// roundTrip is a transport that fires none of httptrace's hooks.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportWithoutTrace(t *testing.T) {
	f := newFakeGP(t)
	c := f.client(t, func(cfg *Config) {
		cfg.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if strings.Contains(r.Header.Get("SOAPAction"), "CreateCustomer") {
				return nil, errors.New("lost")
			}
			return http.DefaultTransport.RoundTrip(r)
		})
	})
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if err := c.CreateCustomer(t.Context(), sampleCustomer); !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("nobody can know what was sent, but: %v", err)
	}
}

func TestConfig(t *testing.T) {
	good := Config{URL: "http://gp:48620/", Paths: "dynamics-gp", Company: "-1"}
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no URL":         {func(c *Config) { c.URL = "gp:48620" }, "URL"},
		"a password":     {func(c *Config) { c.URL = "http://u:p@gp" }, "User and Password"},
		"a wrong preset": {func(c *Config) { c.Paths = "gp" }, "Paths"},
		"a path missing": {func(c *Config) { c.Paths, c.Services = "", Services{Sales: "/a", Customer: "/b", Ledger: "/d"} }, "Services.Inventory"},
		"no company":     {func(c *Config) { c.Company = " " }, "Company"},
		"no user":        {func(c *Config) { c.Auth = "ntlm" }, "User"},
		"kerberos":       {func(c *Config) { c.Auth = "kerberos" }, "Auth"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	c, err := New(good)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.services.of("CreateSalesItem"); got != "http://gp:48620/DynamicsGPWebServices/DynamicsGPService.asmx" {
		t.Errorf("got %s", got)
	}
}

func TestServiceOfOperation(t *testing.T) {
	s := Services{Sales: "sales", Customer: "customer", Inventory: "inventory", Ledger: "ledger"}
	for operation, want := range map[string]string{
		"CreateSalesOrder": "sales", "GetCompanyList": "sales", "UpdateCustomer": "customer",
		"GetCustomerReceivablesSummaryByKey": "customer", "GetItemByKey": "inventory", "CreateSalesItem": "inventory",
		"GetWarehouseByKey": "inventory", "CreateGLTransaction": "ledger", "CreateCashReceipt": "ledger",
	} {
		if got := s.of(operation); got != want {
			t.Errorf("%s goes to %s", operation, got)
		}
	}
}

// ntlm is a web server which authenticates connections, as IIS does. Each step
// must come on the connection of the step before it.
type ntlm struct {
	mu    sync.Mutex
	state map[string]int // by the client's address
	calls int
	cut   func(*http.Request) bool // drops an authenticated call
	next  http.Handler
}

func (n *ntlm) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	token, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "NTLM "))
	n.mu.Lock()
	state := n.state[r.RemoteAddr]
	switch {
	case len(token) > 8 && token[8] == 1:
		state = 1
	case len(token) > 8 && token[8] == 3 && state == 1:
		state = 2
	}
	n.state[r.RemoteAddr] = state
	if state == 2 {
		n.calls++
	}
	n.mu.Unlock()
	switch state {
	case 0:
		w.Header().Set("WWW-Authenticate", "NTLM")
		w.WriteHeader(401)
		_, _ = io.WriteString(w, "<html>401</html>")
	case 1:
		w.Header().Set("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString(challenge()))
		w.WriteHeader(401)
		_, _ = io.WriteString(w, "<html>401</html>")
	default:
		if n.cut != nil && n.cut(r) {
			cut(w, r)
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		n.next.ServeHTTP(w, r)
	}
}

// challenge is the smallest NTLM CHALLENGE_MESSAGE.
func challenge() []byte {
	const unicodeFlag, ntlmFlag, targetInfoFlag = 0x1, 0x200, 0x800000
	m := make([]byte, 48)
	copy(m, "NTLMSSP\x00")
	binary.LittleEndian.PutUint32(m[8:], 2)
	binary.LittleEndian.PutUint32(m[16:], 48)
	binary.LittleEndian.PutUint32(m[20:], unicodeFlag|ntlmFlag|targetInfoFlag)
	copy(m[24:], "12345678")
	binary.LittleEndian.PutUint16(m[40:], 4)
	binary.LittleEndian.PutUint16(m[42:], 4)
	binary.LittleEndian.PutUint32(m[44:], 48)
	return append(m, 0, 0, 0, 0)
}

func newNTLM(t *testing.T) (*ntlm, *Client) {
	t.Helper()
	f := newFakeGP(t)
	f.answers("GetCustomerByKey", "<GetCustomerByKeyResult><Key><Id>A</Id></Key></GetCustomerByKeyResult>")
	n := &ntlm{state: map[string]int{}, next: f}
	s := httptest.NewServer(n)
	t.Cleanup(s.Close)
	return n, f.client(t, func(cfg *Config) {
		cfg.URL, cfg.Auth, cfg.User, cfg.Password, cfg.Connections = s.URL, "ntlm", `GP\web`, "secret", 3
	})
}

func TestNTLM(t *testing.T) {
	n, c := newNTLM(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := c.Customer(t.Context(), "A"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(n.state) > 6 { // reads have twice as many lanes as writes
		t.Errorf("%d connections for 6 lanes", len(n.state))
	}
	if n.calls != 20 {
		t.Errorf("%d calls were made for 20", n.calls)
	}
}

// The negotiator answers with the first 401 when its last round trip breaks.
// GP may have done the work by then.
func TestNTLMCutIsNoRefusal(t *testing.T) {
	n, c := newNTLM(t)
	if _, err := c.Policy(t.Context(), "CreateCustomer"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	n.cut = func(r *http.Request) bool { return strings.Contains(r.Header.Get("SOAPAction"), "CreateCustomer") }
	err := c.CreateCustomer(t.Context(), sampleCustomer)
	if e := failure.Of(err); !errors.Is(err, failure.ErrUnknownOutcome) || e.Unsent || e.Code != "gp.no_answer" {
		t.Errorf("got %+v", e)
	}
}

func TestNTLMWrongPassword(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", "NTLM "+base64.StdEncoding.EncodeToString(challenge()))
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", "NTLM")
		}
		w.WriteHeader(401)
	}))
	defer s.Close()
	c, err := New(Config{URL: s.URL, Paths: "gp-web-services", Company: "-1", Auth: "ntlm", User: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Companies(t.Context()); failure.Of(err).Code != "gp.unauthorized" {
		t.Errorf("got %v", err)
	}
}

// A transport of the caller's own kind can't be cloned: one call at a time.
func TestNTLMWithForeignTransport(t *testing.T) {
	block := make(chan struct{})
	entered := make(chan struct{}, 1)
	c, err := New(Config{
		URL: "http://gp", Paths: "gp-service", Company: "-1", Auth: "ntlm", User: "u", Timeout: 20 * time.Millisecond,
		Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			entered <- struct{}{}
			<-block
			return nil, net.ErrClosed
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() { _, _ = c.Companies(t.Context()) })
	<-entered
	_, err = c.Companies(t.Context())
	if e := failure.Of(err); e.Code != "gp.crowded" || !e.Unsent {
		t.Errorf("got %+v", e)
	}
	close(block)
	wait.Wait()
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-1": 0, "x": 0, "99999999999": 24 * time.Hour, "1000000": 24 * time.Hour,
		"Tue, 24 Nov 2026 06:01:00 GMT": time.Minute, "Tue, 24 Nov 2026 05:00:00 GMT": 0,
	} {
		if got := retryAfter(header, now); got != want {
			t.Errorf("%q: got %v, want %v", header, got, want)
		}
	}
}
