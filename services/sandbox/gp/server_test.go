package gp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM's password hash is MD4
)

var oneDollar = decimal.NewFromInt(1)

func stockAt(site string) map[string]decimal.Decimal {
	return map[string]decimal.Decimal{site: decimal.NewFromInt(1000000)}
}

func TestBasicAuthentication(t *testing.T) {
	s := start(t, func(c *Config) { c.User, c.Password = `CORP\magpie`, "secret" })
	for _, tt := range []struct {
		user, password string
		status         int
	}{{"", "", 401}, {`CORP\magpie`, "wrong", 401}, {`CORP\magpie`, "secret", 200}} {
		r := s.request()
		if tt.user != "" {
			r.SetBasicAuth(tt.user, tt.password)
		}
		if status, _ := s.do(r); status != tt.status {
			t.Errorf("%q with %q: status %d, want %d", tt.user, tt.password, status, tt.status)
		}
	}
}

func (s *sandbox) request() *http.Request {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+everything, strings.NewReader(envelope("GetCompanyList", "CONTEXT")))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	r.Header.Set("SOAPAction", `"`+nsGP+`/GetCompanyList"`)
	return r
}

// TestNTLMKnownAnswer is the NTLMv2 example of [MS-NLMP] 4.2.4.
func TestNTLMKnownAnswer(t *testing.T) {
	hash := md4.New()
	hash.Write(utf16le("Password"))
	key := hmacMD5(hash.Sum(nil), append(utf16le("USER"), utf16le("Domain")...))
	want := []byte{0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93, 0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0, 0x2e, 0x3f}
	if !bytes.Equal(key, want) {
		t.Errorf("NTOWFv2 %x, want %x", key, want)
	}
}

func TestNTLM(t *testing.T) {
	s := start(t, func(c *Config) { c.User, c.Password, c.NTLM = "magpie", "secret", true })
	send := func(token []byte) (int, string) {
		r := s.request()
		if token != nil {
			r.Header.Set("Authorization", "NTLM "+base64.StdEncoding.EncodeToString(token))
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close() //nolint:errcheck // drained below
		var sink bytes.Buffer
		_, _ = sink.ReadFrom(res.Body) // keeps the connection
		return res.StatusCode, res.Header.Get("WWW-Authenticate")
	}
	if status, header := send(nil); status != http.StatusUnauthorized || header != "NTLM" {
		t.Fatalf("first answer %d %q", status, header)
	}
	handshake := func(password string) int {
		status, header := send(append([]byte(ntlmSignature), 1, 0, 0, 0, 0, 0, 0, 0))
		token, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(header, "NTLM "))
		if status != http.StatusUnauthorized || err != nil || len(token) < 32 {
			t.Fatalf("type 2: %d %q %v", status, header, err)
		}
		status, _ = send(type3("Magpie", "CORP", password, token[24:32]))
		return status
	}
	if status := handshake("wrong"); status != http.StatusUnauthorized {
		t.Errorf("wrong password: status %d", status)
	}
	if status := handshake("secret"); status != http.StatusOK {
		t.Errorf("right password: status %d", status)
	}
	if status, _ := send(nil); status != http.StatusOK {
		t.Errorf("next request of the connection: status %d", status)
	}
	http.DefaultClient.CloseIdleConnections()
	if status, _ := send(nil); status != http.StatusUnauthorized {
		t.Errorf("another connection: status %d", status)
	}
}

// type3 is a client's answer to a challenge.
func type3(user, domain, password string, challenge []byte) []byte {
	hash := md4.New()
	hash.Write(utf16le(password))
	key := hmacMD5(hash.Sum(nil), append(utf16le(strings.ToUpper(user)), utf16le(domain)...))
	blob := append([]byte{1, 1, 0, 0, 0, 0, 0, 0}, make([]byte, 24)...)
	response := append(hmacMD5(key, append(append([]byte(nil), challenge...), blob...)), blob...)
	const header = 64
	fields := [][]byte{nil, response, utf16le(domain), utf16le(user), nil, nil}
	b := binary.LittleEndian.AppendUint32([]byte(ntlmSignature), 3)
	offset := header
	for _, f := range fields {
		b = appendBuffer(b, len(f), offset)
		offset += len(f)
	}
	b = append(b, make([]byte, header-len(b))...)
	for _, f := range fields {
		b = append(b, f...)
	}
	return b
}

func TestVerifyAuthenticateRefusesGarbage(t *testing.T) {
	good := type3("magpie", "", "secret", make([]byte, 8))
	if err := verifyAuthenticate(good, [8]byte{}, `CORP\magpie`, "secret"); err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if err := verifyAuthenticate(good[:n], [8]byte{}, "magpie", "secret"); err == nil {
			t.Fatalf("a message cut at %d is let in", n)
		}
	}
}

// TestWorkOutlivesTheCaller: a caller that goes away doesn't undo a create.
func TestWorkOutlivesTheCaller(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := start(t, func(c *Config) {
		c.Middleware = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				close(entered)
				<-release
				next.ServeHTTP(w, r)
			})
		}
	})
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, everything, strings.NewReader(envelope("CreateSalesOrder", order(t))))
	r.Header.Set("Content-Type", "text/xml")
	r.Header.Set("SOAPAction", nsGP+"/CreateSalesOrder")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { s.Handler().ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx)) })
	<-entered
	cancel()
	close(release)
	wg.Wait()
	if o := s.oneOrder(); o.Number != "WEB100000417" {
		t.Errorf("order %+v", o)
	}
}

func TestCallsTellOverlap(t *testing.T) {
	s := start(t, nil)
	s.must("CreateSalesOrder", order(t))
	s.must("VoidSalesOrder", "<key><Id>WEB100000417</Id></key>CONTEXT")
	if status, _ := s.call("CreateSalesOrder", order(t)); status != http.StatusInternalServerError {
		t.Errorf("status %d", status)
	}
	var n, overlapping int
	if err := s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM calls WHERE key = 'WEB100000417' AND begin <= "end"`).Scan(&n); err != nil || n != 3 {
		t.Errorf("%d calls recorded, error %v, want 3", n, err)
	}
	if err := s.DB().QueryRowContext(t.Context(), `SELECT count(*) FROM calls a JOIN calls b ON a.key = b.key AND a.id < b.id AND b.begin < a."end"`).Scan(&overlapping); err != nil || overlapping != 0 {
		t.Errorf("%d overlaps, error %v", overlapping, err)
	}
}

func TestReopen(t *testing.T) {
	path := t.TempDir() + "/gp.db"
	cfg := Config{DB: path, Customers: []Customer{{ID: "A", Name: "Ada"}}, Items: []Item{{ItemNumber: "MUG"}}}
	for range 2 {
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := s.DB().QueryRowContext(t.Context(), "SELECT count(*) FROM RM00101").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d customers, error %v", n, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
		if w.Code != http.StatusServiceUnavailable {
			t.Errorf("after Close: status %d", w.Code)
		}
	}
}

func TestBadConfig(t *testing.T) {
	for name, cfg := range map[string]Config{
		"shortage": {Shortage: "Shrug"}, "fault shape": {FaultShape: "round"},
		"document type": {DocumentTypes: []DocumentType{{"Wish", "W", ""}}},
		"item site":     {Items: []Item{{ItemNumber: "A", OnHand: stockAt("MOON")}}},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := New(cfg); err == nil {
				t.Error("accepted", s.Close())
			}
		})
	}
}

func TestRowStamp(t *testing.T) {
	for ms, want := range map[int]int{0: 0, 1: 0, 2: 3, 4: 3, 5: 7, 6: 7, 8: 7, 9: 10, 318: 317, 999: 1000} {
		got := rowStamp(at.Truncate(time.Second).Add(time.Duration(ms) * time.Millisecond))
		if d := got.Sub(at.Truncate(time.Second)); d != time.Duration(want)*time.Millisecond {
			t.Errorf("%d ms becomes %s, want %d ms", ms, d, want)
		}
	}
}

func TestWorkTime(t *testing.T) {
	for _, tt := range []struct {
		under int64
		want  time.Duration
	}{{1, 100 * time.Millisecond}, {8, 100 * time.Millisecond}, {16, 200 * time.Millisecond}, {80, time.Second}} {
		if got := workTime(100*time.Millisecond, 0.5, tt.under, 8); got != tt.want {
			t.Errorf("%d calls: %s, want %s", tt.under, got, tt.want)
		}
	}
}

func BenchmarkCreateSalesOrder(b *testing.B) {
	cfg := Config{DB: b.TempDir() + "/gp.db", CreateTime: time.Nanosecond, Customers: []Customer{{ID: "A", Name: "Ada"}},
		DocumentTypes: []DocumentType{{"Order", "STDORD", ""}}, Items: []Item{{ItemNumber: "MUG", Price: oneDollar, OnHand: stockAt("WAREHOUSE")}}}
	s, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // a benchmark
	h := s.Handler()
	body := envelope("CreateSalesOrder", `<salesOrder><DocumentTypeKey><Type>Order</Type><Id>STDORD</Id></DocumentTypeKey><CustomerKey><Id>A</Id></CustomerKey><BatchKey><Id>B</Id></BatchKey><Lines><SalesOrderLine><Quantity><Value>1</Value><DecimalDigits>0</DecimalDigits></Quantity><ItemKey><Id>MUG</Id></ItemKey></SalesOrderLine></Lines></salesOrder>CONTEXT`)
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, everything, strings.NewReader(body))
		r.Header.Set("Content-Type", "text/xml")
		r.Header.Set("SOAPAction", nsGP+"/CreateSalesOrder")
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
}
