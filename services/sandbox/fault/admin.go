package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
)

// Admin answers GET with the current faults and the counters of [Injector.Fired]
// as {"faults": {...}, "fired": {...}}. PUT replaces the faults, PATCH changes
// the named ones, DELETE clears all; each answers like GET. A name that does
// not exist or a value out of range is 400 and changes nothing.
func (i *Injector) Admin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var f Faults
		switch r.Method {
		case http.MethodGet:
			i.writeState(w)
			return
		case http.MethodPut:
		case http.MethodPatch:
			f = i.Faults()
		case http.MethodDelete:
			_ = i.Set(Faults{})
			i.writeState(w)
			return
		default:
			w.Header().Set("Allow", "GET, PUT, PATCH, DELETE")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		if err := decode(w, r, &f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := i.Set(f); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		i.writeState(w)
	})
}

func decode(w http.ResponseWriter, r *http.Request, f *Faults) error {
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, 1<<16)); err != nil {
		return fmt.Errorf("fault: read faults: %w", err)
	}
	target := f.wire()
	dec := json.NewDecoder(&body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&target); err != nil {
		return fmt.Errorf("fault: read faults: %w", err)
	}
	*f = target.faults()
	return nil
}

func (i *Injector) writeState(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(struct {
		Faults Faults           `json:"faults"`
		Fired  map[string]int64 `json:"fired"`
	}{i.Faults(), i.Fired()})
}
