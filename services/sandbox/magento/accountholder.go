package magento

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
)

// accountHolder is the shopper who registers and edits the account.
type accountHolder struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// keepAccounts registers and edits accounts at Behaviour.AccountRate until ctx
// ends.
func (s *Server) keepAccounts(ctx context.Context) error {
	for {
		var due <-chan time.Time // never, at a rate of 0
		rate, changed := s.conduct.accountRate()
		if rate > 0 {
			due = time.After(time.Duration(float64(time.Second) / rate))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case <-due:
			if _, err := s.TouchAccount(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.WarnContext(ctx, "account not edited", "error", err)
			}
		}
	}
}

// TouchAccount registers a customer or edits one, as the seed has it, and
// returns the customer's id.
func (s *Server) TouchAccount(ctx context.Context) (int64, error) {
	h := s.holder
	h.mu.Lock()
	defer h.mu.Unlock()
	if known := s.accounts.some(h.rng, 0); known != nil && h.rng.IntN(4) > 0 {
		return s.editAccount(ctx, known)
	}
	return s.register(ctx, given{}, nil)
}

// register saves a made-up customer with what was given; h.mu is held.
func (s *Server) register(ctx context.Context, sent given, addresses []json.RawMessage) (int64, error) {
	rng := s.holder.rng
	st := pick(rng, s.cfg.Stores)
	a := randomAddress(rng, st)
	c, err := s.saveCustomer(ctx, 0, func(c *customer) error {
		*c = customer{
			CreatedAt: c.CreatedAt, GroupID: 1, WebsiteID: st.WebsiteID, StoreID: st.ID, Firstname: a.Firstname, Lastname: a.Lastname,
			Email: "new." + emailFor(a, s.ids.customer.Load()+1), Gender: 3, Subscribed: rng.IntN(3) == 0,
			DefaultBilling: -1, DefaultShipping: -1, Addresses: []customerAddress{{ID: -1, Address: a}},
		}
		return s.editCustomer(c, sent, addresses)
	})
	if err != nil {
		return 0, fmt.Errorf("magento: register: %w", err)
	}
	return c.ID, nil
}

// editAccount does one of the things that people do; h.mu is held.
func (s *Server) editAccount(ctx context.Context, known *customer) (int64, error) {
	rng := s.holder.rng
	fresh := randomAddress(rng, s.storeByID(known.StoreID))
	what, n := rng.IntN(6), rng.IntN(1000)
	_, err := s.saveCustomer(ctx, known.ID, func(c *customer) error {
		fresh.Firstname, fresh.Lastname = c.Firstname, c.Lastname
		switch {
		case what == 0: // marries
			c.Lastname = pick(rng, lastNames)
		case what == 1:
			c.Subscribed = !c.Subscribed
			c.Email = fmt.Sprintf("n%d.%s", n, c.Email)
		case what == 2 || len(c.Addresses) == 0: // moves, and keeps the old address
			c.Addresses = append(c.Addresses, customerAddress{ID: -1, Address: fresh})
			c.DefaultBilling, c.DefaultShipping = -1, -1
		case what == 3: // a gift for somebody
			c.Addresses = append(c.Addresses, customerAddress{ID: -1, Address: fresh})
		case what == 4 && len(c.Addresses) > 1:
			c.Addresses = slices.Delete(c.Addresses, len(c.Addresses)-1, len(c.Addresses))
		default: // an address alone
			c.Addresses[0].Telephone = fresh.Telephone
			c.Addresses[0].Street = fresh.Street
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("magento: edit account %d: %w", known.ID, err)
	}
	return known.ID, nil
}

// adminCustomer registers a customer, or edits the one in the path. The body is
// a customer as REST has it, of which everything may be left out; an edit
// without a body does something at random.
func (s *Server) adminCustomer(w http.ResponseWriter, r *http.Request) {
	var id int64
	var err error
	if text := chi.URLParam(r, "id"); text != "" {
		if id, err = strconv.ParseInt(text, 10, 64); err != nil {
			writeProblem(w, http.StatusBadRequest, fmt.Errorf("magento: customer id %q is not a number", text))
			return
		}
	}
	c := &call{Request: r}
	if r.ContentLength != 0 {
		r.Header.Set("Content-Type", "application/json")
		err = c.readBody()
	}
	if err == nil {
		id, err = s.adminSaveCustomer(r.Context(), id, c)
	}
	var refused *restError
	switch {
	case errors.As(err, &refused):
		writeProblem(w, refused.Status, err)
	case err != nil:
		writeProblem(w, http.StatusInternalServerError, err)
	default:
		cust, err := s.db.customer(r.Context(), id)
		if err != nil {
			writeProblem(w, http.StatusInternalServerError, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.restCustomer(cust))
	}
}

func (s *Server) adminSaveCustomer(ctx context.Context, id int64, c *call) (int64, error) {
	sent, addresses := given{}, []json.RawMessage(nil)
	if len(c.body) > 0 {
		body, err := json.Marshal(c.body)
		if err != nil {
			return 0, err
		}
		if sent, addresses, err = s.customerBody(&call{body: map[string]json.RawMessage{"customer": body}}); err != nil {
			return 0, err
		}
	}
	s.holder.mu.Lock()
	defer s.holder.mu.Unlock()
	switch {
	case id == 0:
		return s.register(ctx, sent, addresses)
	case len(sent) > 0:
		_, err := s.saveCustomer(ctx, id, func(cust *customer) error { return s.editCustomer(cust, sent, addresses) })
		return id, err
	}
	known, err := s.db.customer(ctx, id)
	if err != nil {
		return 0, err
	}
	return s.editAccount(ctx, known)
}
