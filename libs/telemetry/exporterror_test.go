package telemetry

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestExportErrorsAreHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := &errorHandler{log: slog.New(slog.NewTextHandler(&out, nil))}
		for range 5 {
			h.Handle(errors.New("no collector"))
		}
		if n := strings.Count(out.String(), "no collector"); n != 1 {
			t.Errorf("got %d lines, want 1", n)
		}
		time.Sleep(errorPause) // of synctest's clock: it takes no time
		h.Handle(errors.New("no collector"))
		if !strings.Contains(out.String(), "held_back=4") {
			t.Errorf("got %s", out.String())
		}
	})
}
