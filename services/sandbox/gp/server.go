package gp

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Server is the sandbox: a company in a database and the services over it.
// It is safe for use by many goroutines.
type Server struct {
	cfg        Config
	log        *slog.Logger
	store      *store
	operations map[string]*operation
	policies   []*policy
	ntlm       *ntlmGate
	newID      func() string // ids of logged exceptions

	started time.Time
	warm    atomic.Bool
	working atomic.Int64 // calls under way

	mu     sync.Mutex
	closed bool
	calls  sync.WaitGroup
	done   chan struct{} // closed by Close: work in progress hurries up
	counts map[string]map[string]int
}

// New opens the database, creates what is missing in it, and puts in the
// configured items and customers that aren't there yet.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx := context.Background() // opening a file can't be waited for any other way
	done := make(chan struct{})
	st, err := openStore(ctx, cfg.DB, newStamps(cfg, done))
	if err != nil {
		return nil, fmt.Errorf("gp sandbox: %w", err)
	}
	s := &Server{
		cfg: cfg, log: cfg.Logger, store: st, operations: operationsByName(), ntlm: newNTLMGate(cfg),
		newID: uuid.NewString, started: time.Now(), done: done, counts: map[string]map[string]int{},
	}
	s.policies = s.allPolicies()
	if err := s.seed(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("gp sandbox: %w", err), st.close())
	}
	return s, nil
}

// DB is the company database, for judges that read documents past the service.
// An in-memory database has one connection: close rows before the next call.
func (s *Server) DB() *sql.DB { return s.store.reader }

// Close waits for the calls under way and closes the database. Calls that come
// later are answered with 503.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	s.mu.Unlock()
	s.calls.Wait()
	return s.store.close()
}

// enter registers a request unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.calls.Add(1)
	return true
}

// The areas of the split services: each answers its own operations and the
// common ones.
const (
	areaSales     = "sales"
	areaCustomer  = "customer"
	areaInventory = "inventory"
	areaLedger    = "ledger"
	areaCommon    = "common"
	areaAll       = "all" // of the endpoint that answers everything
)

// endpoints are the paths in lower case: GP compares them without case.
var endpoints = map[string]string{
	"/dynamicsgpwebservices/dynamicsgpservice.asmx":  areaAll,
	"/dynamics/gpservice/sopservice.svc":             areaSales,
	"/dynamics/gpservice/customerservice.svc":        areaCustomer,
	"/dynamics/gpservice/inventoryservice.svc":       areaInventory,
	"/dynamics/gpservice/glservice.svc":              areaLedger,
	"/dynamics/gp/webservices/salesorderservice.svc": areaSales,
	"/dynamics/gp/webservices/customerservice.svc":   areaCustomer,
	"/dynamics/gp/webservices/inventoryservice.svc":  areaInventory,
	"/dynamics/gp/webservices/glservice.svc":         areaLedger,
}

const nativePath = "/dynamics/gpservice/gpservice"

// Handler serves the GP endpoints, and the sandbox's own under /_sandbox.
func (s *Server) Handler() http.Handler {
	services := s.cfg.Middleware(http.HandlerFunc(s.serveServices))
	admin := s.adminRoutes()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			http.Error(w, "the sandbox is closed", http.StatusServiceUnavailable)
			return
		}
		defer s.calls.Done()
		if r.URL.Path == "/" || strings.HasPrefix(r.URL.Path, "/_sandbox") {
			admin.ServeHTTP(w, r)
			return
		}
		services.ServeHTTP(w, r)
	})
}

func (s *Server) serveServices(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(strings.ToLower(r.URL.Path), "/")
	if path == nativePath {
		http.Error(w, "Cannot process the message because the content type '"+r.Header.Get("Content-Type")+
			"' was not the expected type 'application/soap+xml; charset=utf-8'.", http.StatusUnsupportedMediaType)
		return
	}
	area, ok := endpoints[path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	user, ok := s.authenticate(w, r)
	if !ok {
		return
	}
	if r.Method != http.MethodPost {
		if r.Method == http.MethodGet {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprint(w, "<html><head><title>DynamicsGP Service</title></head><body>You have created a service.</body></html>")
			return
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	s.serveCall(w, r, area, user)
}

func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, area, user string) {
	m, err := readMessage(w, r)
	switch {
	case errors.Is(err, errContentType):
		http.Error(w, "Cannot process the message because the content type '"+r.Header.Get("Content-Type")+
			"' was not the expected type 'text/xml; charset=utf-8'.", http.StatusUnsupportedMediaType)
		return
	case err != nil:
		s.log.DebugContext(r.Context(), "request refused", "error", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	name, inService := strings.CutPrefix(m.action, nsGP+"/")
	op := s.operations[name]
	if !inService || op == nil || !op.at(area) {
		s.send(w, r, http.StatusInternalServerError, actionMismatch(m.action).envelope())
		return
	}
	if m.body.Space != nsGP || m.body.Local != op.name {
		s.send(w, r, http.StatusInternalServerError, bodyMismatch(op.name, m.body.Local).envelope())
		return
	}
	// The work goes on when the caller has gone: a real server doesn't see it
	// go, so a document may be there although its answer never arrived.
	body, f := s.perform(context.WithoutCancel(r.Context()), op, m, user)
	if f != nil {
		s.send(w, r, http.StatusInternalServerError, f.envelope())
		return
	}
	s.send(w, r, http.StatusOK, body)
}
