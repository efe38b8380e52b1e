package gp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/shopspring/decimal"
)

// masterRoutes adds what a person does to customers, items and stock.
func (s *Server) masterRoutes(r chi.Router) {
	r.Post("/items/{number}", edit(s, s.adminPatchItem))
	r.Post("/items/generate", edit(s, s.adminGenerate))
	r.Post("/receive", edit(s, s.adminReceive))
	r.Post("/stock", edit(s, s.adminStock))
	r.Post("/customers", edit(s, s.adminAddCustomer))
	r.Post("/customers/{id}", edit(s, s.adminEditCustomer))
	r.Get("/stamps", edit(s, s.adminStamps))
	r.Put("/stamps", edit(s, s.adminStamps))
}

// edit serves an admin call: its body is decoded strictly, and what is refused
// or isn't there is the caller's mistake.
func edit[T any](s *Server, do func(context.Context, *http.Request, T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithoutCancel(r.Context())
		var body T
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAdminBody))
		d.DisallowUnknownFields()
		if err := d.Decode(&body); err != nil && (r.Method != http.MethodGet || !errors.Is(err, io.EOF)) {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := do(ctx, r, body)
		var refused *validationError
		switch {
		case errors.Is(err, ErrUnknown):
			http.Error(w, r.URL.Path+": "+err.Error(), http.StatusNotFound)
		case errors.As(err, &refused), errors.Is(err, errBadBody):
			http.Error(w, err.Error(), http.StatusBadRequest)
		default:
			s.reply(w, r, answer, err)
		}
	}
}

// maxAdminBody lets a list of 100,000 levels through.
const maxAdminBody = 16 << 20

// errBadBody is a body that isn't what the call takes.
var errBadBody = errors.New("the body isn't what this call takes")

// adminPatchItem changes the fields of an item that the body names.
func (s *Server) adminPatchItem(ctx context.Context, r *http.Request, body json.RawMessage) (any, error) {
	var it Item
	err := s.store.write(ctx, func(q querier) error {
		var found bool
		var err error
		if it, found, err = loadItem(ctx, q, chi.URLParam(r, "number")); err != nil {
			return err
		}
		if !found {
			return ErrUnknown
		}
		number := it.ItemNumber
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&it); err != nil {
			return fmt.Errorf("%w: %w", errBadBody, err)
		}
		it.ItemNumber = number
		return s.saveItem(ctx, q, it)
	})
	return it, err
}

type generateBody struct {
	Count  int      `json:"count"`
	Prefix string   `json:"prefix"`
	Sites  []string `json:"sites"`
}

func (s *Server) adminGenerate(ctx context.Context, _ *http.Request, body generateBody) (any, error) {
	if body.Count <= 0 || body.Count > 999_999 {
		return nil, fmt.Errorf("%w: count is %d, and goes from 1 to 999999", errBadBody, body.Count)
	}
	return body, s.Generate(ctx, body.Count, body.Prefix, body.Sites)
}

type receiveBody struct {
	Item     string          `json:"item"`
	Site     string          `json:"site"`
	Quantity decimal.Decimal `json:"quantity"`
}

func (s *Server) adminReceive(ctx context.Context, _ *http.Request, body receiveBody) (any, error) {
	return body, s.Receive(ctx, body.Item, body.Site, body.Quantity)
}

type stockBody struct {
	Set    []StockLevel `json:"set"`
	Random int          `json:"random"`
	Seed   uint64       `json:"seed"`
}

// adminStock sets the levels that the body names, or as many random ones.
func (s *Server) adminStock(ctx context.Context, _ *http.Request, body stockBody) (any, error) {
	changed := map[string]int{"changed": len(body.Set)}
	if body.Random > 0 {
		n, err := s.CountStock(ctx, body.Random, body.Seed)
		if err != nil {
			return nil, err
		}
		changed["changed"] += n
	}
	if len(body.Set) == 0 {
		return changed, nil
	}
	return changed, s.SetStock(ctx, body.Set)
}

func (s *Server) adminAddCustomer(ctx context.Context, _ *http.Request, body Customer) (any, error) {
	return map[string]string{"added": storedText(body.ID, true)}, s.AddCustomer(ctx, body)
}

func (s *Server) adminEditCustomer(ctx context.Context, r *http.Request, body CustomerEdit) (any, error) {
	id := chi.URLParam(r, "id")
	return map[string]string{"patched": id}, s.EditCustomer(ctx, id, body)
}

// stampSettings are the settings of stamps and of what reads them.
type stampSettings struct {
	LateCommits *string `json:"lateCommits"`
	ChangedKeys *bool   `json:"changedKeys"`
}

// adminStamps changes what the body names, and answers with all.
func (s *Server) adminStamps(ctx context.Context, _ *http.Request, body stampSettings) (any, error) {
	if body.LateCommits != nil {
		d, err := time.ParseDuration(*body.LateCommits)
		if err != nil || d < 0 {
			return nil, fmt.Errorf("%w: lateCommits is %q, and is a duration such as 300ms", errBadBody, *body.LateCommits)
		}
		s.store.stamps.late.Store(int64(d))
	}
	var fed bool
	err := s.store.record(ctx, func(q querier) error {
		if body.ChangedKeys != nil {
			if err := setFeed(ctx, q, *body.ChangedKeys); err != nil {
				return err
			}
		}
		return q.QueryRowContext(ctx, `SELECT feed FROM clock`).Scan(&fed)
	})
	late := time.Duration(s.store.stamps.late.Load()).String()
	return stampSettings{LateCommits: &late, ChangedKeys: &fed}, err
}
