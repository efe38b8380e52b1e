package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/httpserve"
)

func TestHealthTellsWhichCheckFails(t *testing.T) {
	var down error
	probe := httpserve.Health{Checks: []httpserve.Check{
		{Name: "streams", Run: func(context.Context) error { return nil }},
		{Name: "gp-writer_main_order", Run: func(context.Context) error { return down }},
	}}
	server := httptest.NewServer(probe.Handler())
	defer server.Close()

	if code, out, errs := command("health", server.URL+"/readyz"); code != 0 || out != "ready\n" {
		t.Errorf("a ready process: %d, %s%s", code, out, errs)
	}
	down = errors.New("has fetched nothing yet")
	code, _, errs := command("health", server.URL+"/readyz")
	if code != 1 || !strings.Contains(errs, "gp-writer_main_order: has fetched nothing yet") || strings.Contains(errs, "streams") {
		t.Errorf("a process that isn't ready: %d, %s", code, errs)
	}
	server.Close()
	if code, _, errs := command("health", server.URL+"/readyz"); code != 1 || !strings.Contains(errs, "nothing answers") {
		t.Errorf("no process: %d, %s", code, errs)
	}
}

func TestHealthAsksWhereTheConfigurationListens(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	t.Setenv("MAGPIE_HTTP_HEALTH", strings.TrimPrefix(server.URL, "http://"))
	if code, out, errs := command("health"); code != 0 {
		t.Errorf("ends with %d: %s%s", code, out, errs)
	}
}

func TestReadyURL(t *testing.T) {
	for _, tt := range []struct {
		listen string
		tls    bool
		want   string // empty: refused
	}{
		{"127.0.0.1:8082", false, "http://127.0.0.1:8082/readyz"},
		{":8082", false, "http://127.0.0.1:8082/readyz"},
		{"0.0.0.0:8082", false, "http://127.0.0.1:8082/readyz"},
		{"[::]:8082", true, "https://127.0.0.1:8082/readyz"},
		{"magpie.internal:8082", true, "https://magpie.internal:8082/readyz"},
		{"127.0.0.1:0", false, ""},
		{"8082", false, ""},
	} {
		l := config.Listener{Listen: tt.listen}
		if tt.tls {
			l.TLS = &config.ServerTLS{}
		}
		got, err := readyURL(l)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: %q, %v", tt.listen, got, err)
		}
	}
}
