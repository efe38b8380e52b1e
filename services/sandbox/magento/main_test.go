package magento

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a running sandbox and a client that talks to it.
type store struct {
	*Server
	t   *testing.T
	url string
}

// open starts a small store without commit delay.
func open(t *testing.T, change ...func(*Config)) *store {
	t.Helper()
	cfg := Config{Products: 40, Customers: 20, Seed: 1, CommitDelay: -1}
	for _, fn := range change {
		fn(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		srv.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &store{Server: s, t: t, url: srv.URL}
}

// sharedKeys are made once: a key takes longer than most tests.
var sharedKeys = sync.OnceValue(func() map[string]signingKey {
	keys := map[string]signingKey{}
	for _, name := range []string{keyAdobe, keyIO1, keyIO2} {
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[name] = signingKey{uuid.NewString(), private}
	}
	return keys
})

// withKeys gives the store keys that other tests have too.
func (s *store) withKeys() {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	maps.Copy(s.keys.keys, sharedKeys())
}

// run starts the workers and stops them with the test.
func (s *store) run() {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Error(err)
		}
	})
}

// answer is what the store said.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request with the token; headers are name, value pairs.
func (s *store) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.Token())
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			req.Header.Del(headers[i])
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return answer{resp.StatusCode, resp.Header, string(raw)}
}

// get decodes a successful answer, numbers as they are spelled.
func get[T any](s *store, path string) T {
	s.t.Helper()
	a := s.do(http.MethodGet, path, "")
	if a.status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, a.status, a.body)
	}
	return decode[T](s.t, a.body)
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", body, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		t.Fatalf("more than one value in %s", body)
	}
	return v
}

// place puts an order into the store and fails the test if it can't.
func (s *store) place(p PlaceOrder) OrderRow {
	s.t.Helper()
	row, err := s.Place(s.t.Context(), p)
	if err != nil {
		s.t.Fatal(err)
	}
	return row
}

// offline is a random order that stays new.
func offline() PlaceOrder { return PlaceOrder{PaymentMethod: "checkmo"} }
