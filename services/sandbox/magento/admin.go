package magento

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

const index = `Magento sandbox, playing version %s

REST API      /rest/V1/..., /rest/<store>/V1/..., /rest/all/V1/...  (Authorization: Bearer <token>)
Admin API     POST   /_sandbox/orders                  place an order; the body may fix any part of it
              GET    /_sandbox/orders                  all orders with status, total, comments
              POST   /_sandbox/orders/{increment}/cancel
              POST   /_sandbox/orders/{increment}/mend
              POST   /_sandbox/orders/{increment}/edit   replace an order, as editing it in the Admin does
              POST   /_sandbox/orders/{increment}/invoice, /ship, /refund, /pay
              GET    /_sandbox/clerk                   customer service; PUT changes it
              GET    /_sandbox/webhooks                receivers, faults, counters
              POST   /_sandbox/webhooks                register a receiver
              PUT    /_sandbox/webhooks                set the webhook faults
              GET    /_sandbox/webhooks/public-key     the key of adobe-webhooks; POST makes a new one
              GET    /_sandbox/faults                  HTTP faults and counters; PUT, PATCH, DELETE change them
              GET    /_sandbox/version                 PUT changes it
              GET    /_sandbox/calls                   requests per route
              GET    /_sandbox/products                what is on the shelves
              POST   /_sandbox/products/generate       many more: {"count": 100000, "sources": ["default", "store"]}
              POST   /_sandbox/customers               register a customer
              POST   /_sandbox/customers/{id}          edit one, at random without a body
              GET    /_sandbox/behaviour               limits, deadlocks, slow rows, the consumer; PUT, PATCH change them
`

// admin is the tester's side: no token, no faults.
func (s *Server) admin() http.Handler {
	r := chi.NewRouter()
	r.Route("/_sandbox", func(r chi.Router) {
		r.Post("/orders", s.adminPlace)
		r.Get("/orders", s.adminOrders)
		r.Post("/orders/{increment}/cancel", s.adminAct(s.Cancel))
		r.Post("/orders/{increment}/mend", s.adminAct(s.Mend))
		r.Post("/orders/{increment}/edit", s.adminEdit)
		r.Post("/orders/{increment}/invoice", s.adminDocument(s.adminInvoice))
		r.Post("/orders/{increment}/ship", s.adminDocument(s.adminShip))
		r.Post("/orders/{increment}/refund", s.adminDocument(s.adminRefund))
		r.Post("/orders/{increment}/pay", s.adminAct(s.Pay))
		r.Get("/clerk", s.adminClerk)
		r.Put("/clerk", s.adminClerk)
		r.Get("/webhooks", func(w http.ResponseWriter, _ *http.Request) { s.writeWebhooks(w) })
		r.Post("/webhooks", s.adminAddWebhook)
		r.Put("/webhooks", s.adminWebhookFaults)
		r.Get("/webhooks/public-key", s.adminPublicKey)
		r.Post("/webhooks/public-key", s.adminPublicKey)
		r.Get("/webhooks/validation/{token}", s.adminValidate)
		r.Handle("/faults", s.cfg.Fault.Admin())
		r.Get("/version", func(w http.ResponseWriter, _ *http.Request) { s.writeVersion(w) })
		r.Put("/version", s.adminVersion)
		r.Get("/calls", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Calls()) })
		r.Get("/products", s.adminProducts)
		r.Post("/products/generate", s.adminGenerate)
		r.Post("/customers", s.adminCustomer)
		r.Post("/customers/{id}", s.adminCustomer)
		r.Get("/behaviour", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, s.Behaviour()) })
		r.Put("/behaviour", s.adminBehaviour)
		r.Patch("/behaviour", s.adminBehaviour)
	})
	return r
}

func (s *Server) adminPlace(w http.ResponseWriter, r *http.Request) {
	var p PlaceOrder
	if err := readJSON(w, r, &p); err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	row, err := s.Place(r.Context(), p)
	var refused *restError
	switch {
	case errors.Is(err, ErrInvalidOrder):
		writeProblem(w, http.StatusBadRequest, err)
	case errors.As(err, &refused): // by a hook
		writeProblem(w, http.StatusConflict, err)
	case err != nil:
		writeProblem(w, http.StatusInternalServerError, err)
	default:
		writeJSON(w, http.StatusCreated, row)
	}
}

func (s *Server) adminOrders(w http.ResponseWriter, r *http.Request) {
	rows, err := s.Orders(r.Context())
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, err)
		return
	}
	writeJSON(w, http.StatusOK, rows)
}

// adminAct does something with an order.
func (s *Server) adminAct(do func(ctx context.Context, incrementID string) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := do(r.Context(), chi.URLParam(r, "increment"))
		switch {
		case errors.Is(err, errNoEntity):
			writeProblem(w, http.StatusNotFound, err)
		case err != nil:
			writeProblem(w, http.StatusConflict, err)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}
}

func (s *Server) adminEdit(w http.ResponseWriter, r *http.Request) {
	var e EditOrder
	if err := readJSON(w, r, &e); err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	row, err := s.Edit(r.Context(), chi.URLParam(r, "increment"), e)
	var refused *restError
	switch {
	case errors.Is(err, errNoEntity):
		writeProblem(w, http.StatusNotFound, err)
	case errors.Is(err, ErrInvalidOrder), errors.As(err, &refused):
		writeProblem(w, http.StatusConflict, err)
	case err != nil:
		writeProblem(w, http.StatusInternalServerError, err)
	default:
		writeJSON(w, http.StatusCreated, row)
	}
}

func (s *Server) adminAddWebhook(w http.ResponseWriter, r *http.Request) {
	var hook Webhook
	if err := readJSON(w, r, &hook); err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	if hook.Scheme == SchemeAdobeIO {
		hook.ValidationURL = orText(hook.ValidationURL, "http://"+r.Host)
	}
	hook, err := s.AddWebhook(hook)
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	if hook.Status == statusUnverified {
		s.hooks.verify(r.Context(), hook)
		hook = s.Webhooks()[hook.ID-1]
	}
	hook.Secret = ""
	writeJSON(w, http.StatusCreated, hook)
}

// webhookFaultsJSON is WebhookFaults with a readable duration.
type webhookFaultsJSON struct {
	DropRate      float64 `json:"dropRate"`
	DuplicateRate float64 `json:"duplicateRate"`
	DelayMax      string  `json:"delayMax"`
	ReorderRate   float64 `json:"reorderRate"`
}

func (s *Server) adminWebhookFaults(w http.ResponseWriter, r *http.Request) {
	sent := webhookFaultsJSON{DelayMax: "0s"}
	if err := readJSON(w, r, &sent); err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	delay, err := time.ParseDuration(sent.DelayMax)
	if err == nil {
		err = s.SetWebhookFaults(WebhookFaults{DropRate: sent.DropRate, DuplicateRate: sent.DuplicateRate, DelayMax: delay, ReorderRate: sent.ReorderRate})
	}
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	s.writeWebhooks(w)
}

func (s *Server) writeWebhooks(w http.ResponseWriter) {
	list := s.Webhooks()
	for i := range list {
		list[i].Secret = ""
	}
	f := s.WebhookFaults()
	writeJSON(w, http.StatusOK, map[string]any{
		"webhooks": list,
		"faults":   webhookFaultsJSON{f.DropRate, f.DuplicateRate, f.DelayMax.String(), f.ReorderRate},
		"counts":   s.WebhookCounts(),
	})
}

func (s *Server) adminVersion(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Version string `json:"version"`
	}
	err := readJSON(w, r, &sent)
	if err == nil {
		err = s.SetVersion(sent.Version)
	}
	if err != nil {
		writeProblem(w, http.StatusBadRequest, err)
		return
	}
	s.writeVersion(w)
}

func (s *Server) writeVersion(w http.ResponseWriter) {
	writeJSON(w, http.StatusOK, map[string]string{"version": s.Version()})
}

func (s *Server) adminProducts(w http.ResponseWriter, r *http.Request) {
	products, err := s.SKUs(r.Context())
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, err)
		return
	}
	writeJSON(w, http.StatusOK, products)
}

// readJSON accepts an empty body as nothing said.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(raw)) == "" {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func writeProblem(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"error": err.Error()})
}
