package dlq

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Handler serves the dead letters as JSON. Lists take the filters pair, role,
// entity, key, code and group as a query.
//
//	GET  /api/v1/dead                       the letters that wait
//	GET  /api/v1/dead/{id}                  one, whole
//	PUT  /api/v1/dead/{id}/payload          {"by", "payload"}: edited, and replayed
//	POST /api/v1/dead/{id}/replay           {"by", "mode"}
//	POST /api/v1/dead/{id}/discard          {"by", "reason"}
//	GET  /api/v1/dead/groups                the letters by cause, without a list of them
//	GET  /api/v1/dead/groups/{id}           one group, and its letters
//	POST /api/v1/dead/groups/{id}/replay    {"by", "mode"}: 202 and the batch, done in the background
//	POST /api/v1/dead/groups/{id}/discard   {"by", "reason"}: the same
//	GET  /api/v1/dead/batches/{id}          the batch's progress and report
//
// Mode is as-captured (the message as it was; the default) or anew (the record
// is read again). A PUT or POST must say Content-Type: application/json: no form
// of another site can.
func Handler(letters *Letters, runner *Runner) http.Handler {
	r := chi.NewRouter()
	r.Route("/api/v1/dead", func(r chi.Router) {
		r.Get("/", get(func(req *http.Request) (any, error) { return letters.List(req.Context(), filter(req)) }))
		r.Get("/{id}", get(func(req *http.Request) (any, error) { return letters.Show(req.Context(), id(req)) }))
		r.Put("/{id}/payload", decision(func(req *http.Request, d decided) (any, error) {
			return letters.Edit(req.Context(), id(req), d.By, d.Payload)
		}))
		r.Post("/{id}/replay", decision(func(req *http.Request, d decided) (any, error) {
			return letters.Replay(req.Context(), id(req), d.By, d.Mode)
		}))
		r.Post("/{id}/discard", decision(func(req *http.Request, d decided) (any, error) {
			return letters.Discard(req.Context(), id(req), d.By, d.Reason)
		}))
		r.Get("/groups", get(func(req *http.Request) (any, error) { return letters.Groups(req.Context(), filter(req)) }))
		r.Get("/groups/{id}", get(func(req *http.Request) (any, error) {
			group, list, err := letters.Group(req.Context(), id(req))
			return struct {
				Group
				Letters []Letter `json:"letters"`
			}{group, list}, err
		}))
		order := func(discard bool) http.HandlerFunc {
			return decision(func(req *http.Request, d decided) (any, error) {
				b, err := letters.Order(req.Context(), Selection{Filter: Filter{Group: id(req)}},
					Action{Discard: discard, Mode: d.Mode, By: d.By, Reason: d.Reason})
				if err == nil {
					runner.Add(b)
				}
				return b, err
			})
		}
		r.Post("/groups/{id}/replay", order(false))
		r.Post("/groups/{id}/discard", order(true))
		r.Get("/batches/{id}", get(func(req *http.Request) (any, error) {
			b, err := letters.Batch(req.Context(), id(req))
			if err != nil {
				return nil, err
			}
			return letters.Report(req.Context(), b)
		}))
	})
	return r
}

func id(req *http.Request) string { return chi.URLParam(req, "id") }

func filter(req *http.Request) Filter {
	q := req.URL.Query()
	return Filter{
		Pair: q.Get("pair"), Role: q.Get("role"), Entity: q.Get("entity"), Key: q.Get("key"), Code: q.Get("code"), Group: q.Get("group"),
	}
}

func get(do func(req *http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		v, err := do(req)
		answer(w, v, err)
	}
}

// decided is the body of a PUT or POST.
type decided struct {
	By      string          `json:"by"`
	Reason  string          `json:"reason"`
	Mode    Mode            `json:"mode"`
	Payload json.RawMessage `json:"payload"`
}

// maxDecision bounds the body of a decision, in bytes; the largest holds an
// edited payload, and NATS takes no message above 1 MiB.
const maxDecision = 1 << 20

func decision(do func(req *http.Request, d decided) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if kind, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type")); kind != "application/json" {
			answer(w, nil, failure.Rejected("dlq.content_type", "Content-Type", "a decision is sent as application/json", "set the header"))
			return
		}
		var d decided
		if err := json.NewDecoder(http.MaxBytesReader(w, req.Body, maxDecision)).Decode(&d); err != nil {
			answer(w, nil, failure.Rejected("dlq.body", "", "the body is not JSON: "+err.Error(), `send {"by": "your name"}`))
			return
		}
		if d.By == "" {
			answer(w, nil, failure.Rejected("dlq.by", "by", "a decision has an author", `send {"by": "your name"}`))
			return
		}
		v, err := do(req, d)
		answer(w, v, err)
	}
}

func answer(w http.ResponseWriter, v any, err error) {
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if _, ordered := v.(Batch); ordered {
		status = http.StatusAccepted
	}
	if err != nil {
		f := failure.Of(err)
		status = http.StatusServiceUnavailable
		switch {
		case errors.Is(err, ErrNoLetter), errors.Is(err, ErrNoGroup), errors.Is(err, ErrNoBatch):
			status = http.StatusNotFound
		case f.Kind == failure.KindConflict:
			status = http.StatusConflict
		case f.Kind == failure.KindRejected:
			status = http.StatusUnprocessableEntity
		}
		v = map[string]string{"code": f.Code, "field": f.Field, "error": f.Reason, "fix": f.Fix}
	}
	w.WriteHeader(status)
	// The client may be gone; nobody is left to tell.
	_ = json.NewEncoder(w).Encode(v)
}
