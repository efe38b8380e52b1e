package timely_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/timely"
)

func request(ctx context.Context, t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("an order"))
	if err != nil {
		t.Fatal(err)
	}
	timely.Guard(r)
	return r
}

// A dial that is held until the deadline has passed stands for a frozen process.
func TestNothingIsSentAfterItsTime(t *testing.T) {
	var landed atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); string(body) == "an order" {
			landed.Add(1)
		}
	}))
	defer server.Close()
	held := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			<-ctx.Done()
			return (&net.Dialer{}).DialContext(context.WithoutCancel(ctx), network, address)
		},
	}
	defer held.CloseIdleConnections()
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		if resp, err := (&http.Client{Transport: held}).Do(request(ctx, t, server.URL)); err == nil {
			_ = resp.Body.Close()
			t.Error("a late call was answered")
		}
		cancel()
	}
	if n := landed.Load(); n != 0 {
		t.Errorf("%d late calls landed", n)
	}
}

func TestInTimeTheBodyIsWhole(t *testing.T) {
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := request(ctx, t, server.URL)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if got != "an order" || r.ContentLength != 8 {
		t.Errorf("got %q, length %d", got, r.ContentLength)
	}
}

func TestABodyThatIsReadAgainIsGuardedToo(t *testing.T) {
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	again, err := request(ctx, t, "http://127.0.0.1").GetBody()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(again); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
