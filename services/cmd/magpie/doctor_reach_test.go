package main

import (
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSkewIsWhatTheWayCanNotExplain(t *testing.T) {
	at := func(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }
	for name, tt := range map[string]struct {
		first, last, sent, received float64
		want                        time.Duration
	}{
		"the same":                    {0, 1, 0.2, 0.4, 0},
		"a slow answer":               {0, 1, -20, 10, 0},
		"whole seconds":               {0, 1, 0.9, 0.95, 0},
		"ahead":                       {30, 31, 0, 1, 29 * time.Second},
		"behind":                      {-30, -29, 0, 1, -29 * time.Second},
		"a hair ahead of the receipt": {1, 2, 0, 0.5, 500 * time.Millisecond},
	} {
		if got := skew(at(tt.first), at(tt.last), at(tt.sent), at(tt.received)); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
}

func TestAClockThatIsOffIsSaidWithWhatItDoes(t *testing.T) {
	for off, want := range map[time.Duration]expectation{
		2 * time.Second:  {what: "clock", verdict: isOK, text: "agrees"},
		-5 * time.Second: {what: "clock", verdict: warned, text: "the store's clock is 5s behind of this machine's: late orders", fix: "NTP"},
		time.Hour:        {what: "clock", verdict: failed, text: "1h0m0s ahead"},
	} {
		n := &notes{}
		clock(n, "the store's", off, "late orders", 10*time.Minute)
		want.meets(t, n.all)
	}
}

func TestOneRequestShowsRedirectCertificateAndClock(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("credentials were sent to whoever answers")
		}
		w.Header().Set("Date", noon.Format(http.TimeFormat))
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "https://www.shop.example/new?token=hunter2", http.StatusMovedPermanently)
		}
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, text, 0o600); err != nil {
		t.Fatal(err)
	}

	at, err := reach(t.Context(), server.URL, ca)
	if err != nil || !at.date.Equal(noon) || at.redirect != "" || !at.expires.Equal(server.Certificate().NotAfter) {
		t.Fatalf("got %+v, %v", at, err)
	}
	for _, tt := range []struct {
		address, ca string
		now         time.Time
		want        expectation
	}{
		{server.URL, ca, time.Now(), expectation{what: "certificate", verdict: isOK, text: "is good until"}},
		{server.URL, ca, server.Certificate().NotAfter.Add(-73 * time.Hour), expectation{what: "certificate", verdict: warned, text: "expires in 3 days", fix: "renew it"}},
		{server.URL + "/old", ca, time.Now(), expectation{what: "address", verdict: failed, text: "redirects to https://www.shop.example/new, and", fix: "set magento.url"}},
		{server.URL, "", time.Now(), expectation{what: "address", verdict: failed, text: "nothing answers", fix: "give the PEM file of the authority"}},
		{"http://127.0.0.1:1", "", time.Now(), expectation{what: "address", verdict: failed, text: "connection refused", fix: "start the server, or correct magento.url"}},
	} {
		at, err := reach(t.Context(), tt.address, tt.ca)
		at.received = tt.now
		n := &notes{}
		answers(n, tt.address, "magento.url", at, err)
		tt.want.meets(t, n.all)
	}
}
