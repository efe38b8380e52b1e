package dlq

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Handler serves the dead letters as JSON:
//
//	GET  /api/v1/dead?pair=&role=&entity=&key=&code=   the letters that wait
//	GET  /api/v1/dead/{id}                             one, whole
//	POST /api/v1/dead/{id}/replay   {"by": "..."}
//	POST /api/v1/dead/{id}/discard  {"by": "...", "reason": "..."}
//
// A POST must say Content-Type: application/json: no form of another site can.
func Handler(letters *Letters) http.Handler {
	r := chi.NewRouter()
	r.Route("/api/v1/dead", func(r chi.Router) {
		r.Get("/", func(w http.ResponseWriter, req *http.Request) {
			q := req.URL.Query()
			list, err := letters.List(req.Context(), Filter{q.Get("pair"), q.Get("role"), q.Get("entity"), q.Get("key"), q.Get("code")})
			answer(w, list, err)
		})
		r.Get("/{id}", func(w http.ResponseWriter, req *http.Request) {
			letter, err := letters.Show(req.Context(), chi.URLParam(req, "id"))
			answer(w, letter, err)
		})
		r.Post("/{id}/replay", decision(func(req *http.Request, id string, d decided) (Letter, error) {
			return letters.Replay(req.Context(), id, d.By)
		}))
		r.Post("/{id}/discard", decision(func(req *http.Request, id string, d decided) (Letter, error) {
			return letters.Discard(req.Context(), id, d.By, d.Reason)
		}))
	})
	return r
}

// decided is the body of a POST.
type decided struct {
	By     string `json:"by"`
	Reason string `json:"reason"`
}

func decision(do func(req *http.Request, id string, d decided) (Letter, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "application/json" {
			answer(w, nil, failure.Rejected("dlq.content_type", "Content-Type", "a decision is sent as application/json", "set the header"))
			return
		}
		var d decided
		if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, 64<<10)).Decode(&d); err != nil {
			answer(w, nil, failure.Rejected("dlq.body", "", "the body is not JSON: "+err.Error(), `send {"by": "your name"}`))
			return
		}
		if d.By == "" {
			answer(w, nil, failure.Rejected("dlq.by", "by", "a decision has an author", `send {"by": "your name"}`))
			return
		}
		letter, err := do(req, chi.URLParam(req, "id"), d)
		answer(w, letter, err)
	}
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		f := failure.Of(err)
		status := http.StatusServiceUnavailable
		switch {
		case errors.Is(err, ErrNoLetter):
			status = http.StatusNotFound
		case f.Kind == failure.KindRejected:
			status = http.StatusUnprocessableEntity
		}
		w.WriteHeader(status)
		v = map[string]string{"code": f.Code, "field": f.Field, "error": f.Reason, "fix": f.Fix}
	}
	// The client may be gone; nobody is left to tell.
	_ = json.NewEncoder(w).Encode(v)
}
