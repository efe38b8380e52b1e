package magento

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/magpie-integration/magpie/services/sandbox/fault"
)

// Server is one Magento store. It is safe for concurrent use.
type Server struct {
	cfg      Config
	db       *database
	shelf    *shelf
	accounts *accounts
	shopper  *shopper
	holder   *accountHolder
	conduct  *conduct
	consumer *consumer
	routes   http.Handler // the REST API without path prefixes
	hooks    *hooks
	keys     *keyring
	calls    tally
	version  atomic.Value // string

	// orderLocks make changes of one order wait for each other.
	orderLocks [64]sync.Mutex

	// customerLock, productLock and stockLock make saves of each kind wait for
	// each other; stockWriters are the calls that wait for the last.
	customerLock, productLock, stockLock sync.Mutex
	stockWriters                         atomic.Int64

	ids struct{ order, item, history, invoice, shipment, creditmemo, track, note, customer, address, product atomic.Int64 }

	clerk clerk

	seqMu     sync.Mutex
	sequences map[int64]*atomic.Int64 // by store id
}

// New opens the store. An empty database gets its catalogue, stock, and
// customers; one that has them keeps them. Close releases it.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx := context.Background() // New has none to pass on and does not wait
	db, err := openDatabase(ctx, cfg.DB)
	if err != nil {
		return nil, fmt.Errorf("magento: %w", err)
	}
	keys := &keyring{db: db, keys: map[string]signingKey{}}
	s := &Server{
		cfg: cfg, db: db, keys: keys, hooks: newHooks(cfg, keys), sequences: make(map[int64]*atomic.Int64),
		shopper: &shopper{rng: rand.New(rand.NewPCG(cfg.Seed, 0x73686f70))},
		holder:  &accountHolder{rng: rand.New(rand.NewPCG(cfg.Seed, 0x61636374))},
		conduct: newConduct(cfg.Behaviour, cfg.Seed), consumer: newConsumer(),
	}
	s.version.Store(cfg.Version)
	s.routes = s.api()
	if err := s.SetClerk(cfg.Clerk); err != nil {
		return nil, errors.Join(err, db.close())
	}
	for _, w := range cfg.Webhooks {
		if _, err := s.AddWebhook(w); err != nil {
			_ = db.close()
			return nil, err
		}
	}
	if err := s.load(ctx); err != nil {
		_ = db.close()
		return nil, fmt.Errorf("magento: %w", err)
	}
	return s, nil
}

// load seeds a new database and reads what shoppers and sequences need.
func (s *Server) load(ctx context.Context) error {
	products, err := s.db.maxID(ctx, `SELECT MAX(entity_id) FROM catalog_product`)
	if err != nil {
		return err
	}
	if products == 0 {
		if err := s.seed(ctx); err != nil {
			return err
		}
	}
	rows, err := s.db.reader.QueryContext(ctx, `SELECT doc FROM catalog_product WHERE sku NOT LIKE 'GEN-%' ORDER BY entity_id`)
	if err != nil {
		return fmt.Errorf("read products: %w", err)
	}
	catalogue, err := scanDocs[Product](rows)
	if err != nil {
		return err
	}
	s.shelf = newShelf(catalogue, s.timestamp, s.db.product)
	if rows, err = s.db.reader.QueryContext(ctx, `SELECT doc FROM customer_entity ORDER BY entity_id`); err != nil {
		return fmt.Errorf("read customers: %w", err)
	}
	customers, err := scanDocs[customer](rows)
	if err != nil {
		return err
	}
	s.accounts = newAccounts(customers)
	for query, id := range map[string]*atomic.Int64{
		`SELECT MAX(entity_id) FROM sales_order`:          &s.ids.order,
		`SELECT MAX(item_id) FROM sales_order_item`:       &s.ids.item,
		`SELECT MAX(entity_id) FROM sales_invoice`:        &s.ids.invoice,
		`SELECT MAX(entity_id) FROM sales_shipment`:       &s.ids.shipment,
		`SELECT MAX(entity_id) FROM sales_creditmemo`:     &s.ids.creditmemo,
		`SELECT MAX(entity_id) FROM sales_shipment_track`: &s.ids.track,
		`SELECT MAX(json_extract(n.value, '$.entity_id')) FROM (SELECT doc FROM sales_invoice UNION ALL SELECT doc FROM sales_shipment
			UNION ALL SELECT doc FROM sales_creditmemo), json_each(doc, '$.notes') AS n`: &s.ids.note,
		`SELECT MAX(entity_id) FROM customer_entity`:                                                                   &s.ids.customer,
		`SELECT MAX(json_extract(a.value, '$.id')) FROM customer_entity, json_each(doc, '$.addresses') AS a`:           &s.ids.address,
		`SELECT MAX(entity_id) FROM catalog_product`:                                                                   &s.ids.product,
		`SELECT MAX(json_extract(h.value, '$.entity_id')) FROM sales_order, json_each(doc, '$.status_histories') AS h`: &s.ids.history,
	} {
		last, err := s.db.maxID(ctx, query)
		if err != nil {
			return err
		}
		id.Store(last)
	}
	for _, st := range s.cfg.Stores {
		last, err := s.db.maxID(ctx, `SELECT MAX(CAST(substr(increment_id, -9) AS INTEGER)) FROM sales_order WHERE increment_id NOT LIKE '%-%' AND store_id = `+strconv.FormatInt(st.ID, 10))
		if err != nil {
			return err
		}
		s.sequence(st.ID).Store(last)
	}
	return nil
}

func (s *Server) seed(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(s.cfg.Seed, 0x63617461))
	now := s.timestamp()
	products := newCatalogue(rng, s.cfg.Products, now)
	customers := newCustomers(rng, s.cfg.Customers, s.cfg.Stores, now)
	products = append(products, lateProducts(int64(len(products)), now)...)
	return s.db.write(ctx, func(tx *sql.Tx) error {
		if err := insertProducts(ctx, tx, products); err != nil {
			return err
		}
		if err := generate(ctx, tx, s.cfg.Generated, []string{defaultSource}, now); err != nil {
			return err
		}
		if err := insertStock(ctx, tx, rng, products); err != nil {
			return err
		}
		if err := insertStoreStock(ctx, tx, products); err != nil {
			return err
		}
		for _, c := range customers {
			if err := insertCustomer(ctx, tx, c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Server) sequence(storeID int64) *atomic.Int64 {
	s.seqMu.Lock()
	defer s.seqMu.Unlock()
	if s.sequences[storeID] == nil {
		s.sequences[storeID] = new(atomic.Int64)
	}
	return s.sequences[storeID]
}

// Run delivers webhooks and settles redirect payments until ctx ends. It
// returns when no request of its own is under way.
func (s *Server) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.hooks.run(ctx) })
	group.Go(func() error { return s.hooks.challenge(ctx) })
	group.Go(func() error { return s.settlePayments(ctx) })
	group.Go(func() error { return s.consume(ctx) })
	group.Go(func() error { return s.keepAccounts(ctx) })
	group.Go(func() error { return s.serveCustomers(ctx) })
	return group.Wait()
}

// Handler serves the REST API, the admin API under /_sandbox, and a short
// index. The REST API and GraphQL go through the faults.
func (s *Server) Handler() http.Handler {
	rest := s.cfg.Fault.Wrap(s.rest(s.routes))
	shop := s.cfg.Fault.Wrap(http.HandlerFunc(s.graphQL))
	admin := s.admin()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/":
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = fmt.Fprintf(w, index, s.Version())
		case strings.HasPrefix(path, "/_sandbox/"):
			admin.ServeHTTP(w, r)
		case strings.HasPrefix(path, keyFiles):
			s.keyFile(w, r)
		case path == "/graphql":
			shop.ServeHTTP(w, r)
		case strings.HasPrefix(path, "/rest/"), strings.HasPrefix(path, "/index.php/rest/"):
			rest.ServeHTTP(w, r)
		default:
			w.Header().Set("Content-Type", "text/html; charset=UTF-8")
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, "<!doctype html><html><head><title>404 Not Found</title></head><body><h1>Whoops, our bad...</h1></body></html>")
		}
	})
}

// Version is the Magento version that is played.
func (s *Server) Version() string { return s.version.Load().(string) }

// SetVersion changes the version that is played.
func (s *Server) SetVersion(v string) error {
	if !knownVersion(v) {
		return fmt.Errorf("magento: version %q is not one of %v", v, versions)
	}
	s.version.Store(v)
	return nil
}

// Fault is the injector in front of the REST API.
func (s *Server) Fault() *fault.Injector { return s.cfg.Fault }

// Token is the integration token that the REST API accepts.
func (s *Server) Token() string { return s.cfg.Token }

// Calls returns how often each route was asked.
func (s *Server) Calls() map[string]int64 { return s.calls.snapshot() }

// DB is the database for a test's own look. A result that is left open blocks
// the store when it is kept in memory.
func (s *Server) DB() *sql.DB { return s.db.reader }

// Close closes the database. Stop Run first.
func (s *Server) Close() error {
	s.hooks.client.CloseIdleConnections()
	return s.db.close()
}
