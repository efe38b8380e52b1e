package gp

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/Azure/go-ntlmssp"
)

// lanes hands out transports, one to each call under way, and so bounds them.
// With NTLM each has one connection, because a challenge must be answered on the
// connection it came on; otherwise they are all the same.
type lanes struct {
	free chan http.RoundTripper
	own  []*http.Transport // what was made here
}

func newLanes(cfg Config, n int) *lanes {
	wrap := cfg.Wrap
	if wrap == nil {
		wrap = func(rt http.RoundTripper) http.RoundTripper { return rt }
	}
	base := cfg.Transport
	if base == nil {
		base = newTransport()
	}
	l := &lanes{free: make(chan http.RoundTripper, n)}
	transport, ok := base.(*http.Transport)
	switch {
	case cfg.Auth == "ntlm" && ok:
		for range n {
			lane := transport.Clone()
			lane.MaxConnsPerHost = 1
			lane.Protocols = new(http.Protocols) // NTLM can't be spoken over HTTP/2
			lane.Protocols.SetHTTP1(true)
			l.own = append(l.own, lane)
			l.free <- wrap(lane)
		}
		return l
	case cfg.Auth == "ntlm": // one connection, as far as can be known
		l.free <- wrap(base)
		return l
	case cfg.Transport == nil:
		l.own = []*http.Transport{transport}
	}
	shared := wrap(base)
	for range n {
		l.free <- shared
	}
	return l
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     90 * time.Second,
	}
}

func (l *lanes) take(ctx context.Context) (http.RoundTripper, error) {
	select {
	case lane := <-l.free: // whoever is late finds out by the call itself
		return lane, nil
	default:
	}
	select {
	case lane := <-l.free:
		return lane, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lanes) give(lane http.RoundTripper) { l.free <- lane }

func (l *lanes) closeIdle() {
	for _, transport := range l.own {
		transport.CloseIdleConnections()
	}
}

// trip is one call's way over the wire: one round trip, or with NTLM up to
// three. It knows what the transports don't say: whether anything of the call
// can have reached GP.
type trip struct {
	mu    sync.Mutex
	stage stage
	err   error // of the last round trip
}

type stage int

const (
	unknown    stage = iota // a transport that doesn't trace: anything may have been sent
	connecting              // waiting for a connection
	sending                 // the head is on its way, or more
)

// carrier puts the trip's eye on the lane, and NTLM around both. The negotiator
// sends the credentials only as the answer to a challenge.
func (t *trip) carrier(auth string, lane http.RoundTripper) http.RoundTripper {
	watched := watched{t, lane}
	if auth == "ntlm" {
		return ntlmssp.Negotiator{RoundTripper: watched}
	}
	return watched
}

// outcome is the error of the whole trip. The negotiator hides one: when the
// last of its round trips breaks, it returns the 401 of the first, though GP
// may have done the work.
func (t *trip) outcome(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		_ = response.Body.Close()
	}
	return t.err
}

func (t *trip) unsent() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stage == connecting
}

func (t *trip) at(s stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stage = s
}

// watched is a transport under the trip's eye.
type watched struct {
	trip *trip
	http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (w watched) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.send(request)
	if err == nil && response.StatusCode == http.StatusUnauthorized {
		// The connection is needed again at once, so it must be read to its end.
		var body []byte
		body, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
		_ = response.Body.Close()
		response.Body = io.NopCloser(bytes.NewReader(body))
	}
	w.trip.mu.Lock()
	w.trip.err = err
	w.trip.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return response, nil
}

func (w watched) send(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	if err := ctx.Err(); err != nil {
		w.trip.at(connecting)
		return nil, err
	}
	w.trip.at(unknown)
	return w.RoundTripper.RoundTrip(request.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { w.trip.at(connecting) },
		WroteHeaders: func() { w.trip.at(sending) },
	})))
}
