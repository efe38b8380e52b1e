package magento

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
)

// Behaviour is what a store's settings and its database make of calls that are
// otherwise right. The zero value is a store that is left alone.
type Behaviour struct {
	// PageSizeMax refuses larger pages and makes 20 the default; EntitiesMax
	// refuses longer lists of entities in one synchronous call. Zero means no
	// limit; Magento proposes 300 and 20.
	PageSizeMax int `json:"pageSizeMax"`
	EntitiesMax int `json:"entitiesMax"`
	// DeadlockRate is the share of product and stock writes that a deadlock
	// rolls back, ParallelDeadlockRate that of stock writes which meet another.
	DeadlockRate         float64 `json:"deadlockRate"`
	ParallelDeadlockRate float64 `json:"parallelDeadlockRate"`
	// RowTime is how long each row of a stock write takes; one call works at a
	// time, as Magento's index and row locks have it.
	RowTime Duration `json:"rowTime"`
	// ConsumerPaused leaves asynchronous operations open; RetriableRate is the
	// share of them that ends in a lost connection (status 2).
	ConsumerPaused bool    `json:"consumerPaused"`
	RetriableRate  float64 `json:"retriableRate"`
	// AccountRate is how many customers a second register or edit their account
	// while Run runs.
	AccountRate float64 `json:"accountRate"`
}

func (b Behaviour) validate() error {
	for _, rate := range []float64{b.DeadlockRate, b.ParallelDeadlockRate, b.RetriableRate} {
		if rate < 0 || rate > 1 {
			return errors.New("magento: a rate is a share from 0 to 1")
		}
	}
	if b.PageSizeMax < 0 || b.EntitiesMax < 0 || b.RowTime < 0 || b.AccountRate < 0 {
		return errors.New("magento: a limit, a time or a rate is negative")
	}
	return nil
}

// conduct holds the behaviour and the random numbers that it needs.
type conduct struct {
	mu      sync.Mutex
	now     Behaviour
	changed chan struct{} // closed and replaced whenever the behaviour changes
	rng     *rand.Rand
}

func newConduct(b Behaviour, seed uint64) *conduct {
	return &conduct{now: b, changed: make(chan struct{}), rng: rand.New(rand.NewPCG(seed, 0x62656861))}
}

func (c *conduct) get() Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// accountRate returns the rate and what is closed when it may be another.
func (c *conduct) accountRate() (float64, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now.AccountRate, c.changed
}

// happens draws whether something of that rate does.
func (c *conduct) happens(rate float64) bool {
	if rate <= 0 {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.Float64() < rate
}

// Behaviour returns how the store behaves now.
func (s *Server) Behaviour() Behaviour { return s.conduct.get() }

// SetBehaviour changes how the store behaves; one that is refused changes
// nothing.
func (s *Server) SetBehaviour(b Behaviour) error {
	if err := b.validate(); err != nil {
		return err
	}
	s.conduct.mu.Lock()
	s.conduct.now = b
	close(s.conduct.changed)
	s.conduct.changed = make(chan struct{})
	s.conduct.mu.Unlock()
	s.consumer.signal()
	return nil
}

// adminBehaviour replaces the behaviour on PUT and changes named fields on PATCH.
func (s *Server) adminBehaviour(w http.ResponseWriter, r *http.Request) {
	var sent Behaviour
	if r.Method == http.MethodPatch {
		sent = s.Behaviour()
	}
	err := readJSON(w, r, &sent)
	if err == nil {
		err = s.SetBehaviour(sent)
	}
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	writeJSON(w, http.StatusOK, s.Behaviour())
}

// The texts of a deadlock, by what was saved (magento/inventory,
// Inventory/Model/SourceItem/Command/SourceItemsSave; Magento core,
// Catalog/Model/ProductRepository).
var (
	errSourceItemDeadlock = badRequest("Could not save Source Item")
	errProductDeadlock    = badRequest("The product was unable to be saved. Please try again.")
)

// deadlock is the answer to a product write that was rolled back, or nil.
func (s *Server) deadlock() error {
	if s.conduct.happens(s.Behaviour().DeadlockRate) {
		return errProductDeadlock
	}
	return nil
}

// asyncEntitiesMax bounds the lists of asynchronous calls when EntitiesMax is
// set (docs, api-security).
const asyncEntitiesMax = 5000

// defaultPageSize holds when input is limited.
const defaultPageSize = "20"

// limitPage refuses a page that is too large, and gives one without a size the
// default (Magento core, Framework/Webapi/Validator/SearchCriteriaValidator).
func (s *Server) limitPage(q *phpArray) error {
	limit := s.Behaviour().PageSizeMax
	root := q.get("searchCriteria", "search_criteria")
	if limit == 0 || root == nil {
		return nil
	}
	size, err := intParameter(root, "pageSize", "page_size")
	if err != nil {
		return err
	}
	if size > int64(limit) {
		return &restError{Status: http.StatusBadRequest, Message: "Maximum SearchCriteria pageSize is %max", Parameters: map[string]any{"max": limit}}
	}
	if size == 0 {
		root.set([]string{"pageSize"}, defaultPageSize)
	}
	return nil
}

// entities reads a parameter that is a list of data objects (Magento core,
// Framework/Webapi/Validator/EntityArrayValidator).
func (s *Server) entities(c *call, name, class string) ([]json.RawMessage, error) {
	raw, ok := c.body[name]
	if !ok {
		if raw, ok = c.body[snake(name)]; !ok {
			return nil, errRequired(name)
		}
	}
	return s.entityList(c, raw, name, class)
}

func (s *Server) entityList(c *call, raw json.RawMessage, name, class string) ([]json.RawMessage, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, errType(name, string(raw), "array")
	}
	limit := s.Behaviour().EntitiesMax
	if limit > 0 && c.async {
		limit = asyncEntitiesMax
	}
	if limit > 0 && len(rows) > limit {
		return nil, &restError{
			Status: http.StatusBadRequest, Message: `Maximum items of type "%type" is %max`,
			Parameters: map[string]any{"type": `\` + class, "max": limit},
		}
	}
	return rows, nil
}
