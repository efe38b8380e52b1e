package telemetry

import (
	"log/slog"
	"sync"
	"time"
)

// errorPause is the shortest time between two lines about OpenTelemetry's own
// errors: a collector that is away fails every batch, and must not fill the log.
const errorPause = time.Minute

// errorHandler logs OpenTelemetry's errors, at most one in errorPause, and says
// how many it held back.
type errorHandler struct {
	log *slog.Logger

	mu   sync.Mutex
	last time.Time
	held int
}

// Handle implements otel.ErrorHandler.
func (h *errorHandler) Handle(err error) {
	h.mu.Lock()
	now := time.Now()
	if !h.last.IsZero() && now.Sub(h.last) < errorPause {
		h.held++
		h.mu.Unlock()
		return
	}
	held := h.held
	h.last, h.held = now, 0
	h.mu.Unlock()
	h.log.Warn("OpenTelemetry reports an error", "error", err, "held_back", held)
}
