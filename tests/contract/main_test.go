// Package contract holds the real clients (libs/gp, libs/magento) against the
// sandboxes that play the systems, over HTTP: one suite states what a client
// gets of its system, and every way in which a system may be set up passes it.
package contract

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusal wants a failure of a kind and a code that says the words, and gives it.
func refusal(t *testing.T, err error, kind failure.Kind, code string, words ...string) *failure.Error {
	t.Helper()
	f := failure.Of(err)
	if f == nil {
		t.Fatalf("not refused; want %s %s", kind, code)
	}
	if f.Kind != kind || f.Code != code {
		t.Errorf("got %s %s (%v), want %s %s", f.Kind, f.Code, f, kind, code)
	}
	for _, w := range words {
		if !strings.Contains(f.Reason, w) {
			t.Errorf("%q does not say %q", f.Reason, w)
		}
	}
	return f
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func wantAmount(t *testing.T, what string, got decimal.NullDecimal, want string) {
	t.Helper()
	if !got.Valid || !got.Decimal.Equal(dec(want)) {
		t.Errorf("%s: got %v, want %s", what, got, want)
	}
}

// ask calls a sandbox's own endpoint and gives the answer.
func ask(t *testing.T, method, url, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	must(t, err)
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	must(t, err)
	defer answer.Body.Close() //nolint:errcheck // read to the end
	text, err := io.ReadAll(answer.Body)
	must(t, err)
	if answer.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %d %s", method, url, answer.StatusCode, text)
	}
	return text
}

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
