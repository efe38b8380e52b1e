//go:build unix

package replicas

import (
	"encoding/json"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
)

// faults are how often the target misbehaves, in calls of a thousand.
type faults struct {
	// CutAfter: the work is done, and the connection is cut without an answer.
	CutAfter int
	// CutBefore: the connection is cut, and the work is done afterwards.
	CutBefore int
	// Refuse: for a moment, every second or so, nothing listens.
	Refuse bool
}

// target is a system with natural keys and no idempotency, as GP is: it does
// what it is told, when it is told, and keeps books of it.
type target struct {
	*ledger
	faults faults
	url    string
	addr   string
	server *http.Server

	opened chan struct{} // the gate
	atGate atomic.Int64

	drawing sync.Mutex
	rng     *rand.Rand
}

const (
	gateKey = "gate"
	maxWork = 50 // ms, of a call that is answered
)

func startTarget(t *testing.T, rng *rand.Rand, f faults) *target {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &target{
		ledger: newLedger(), faults: f, rng: rng, opened: make(chan struct{}),
		addr: listener.Addr().String(), url: "http://" + listener.Addr().String(),
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: time.Minute}
	done, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		s.listen(t, listener, stop)
	}()
	t.Cleanup(func() {
		close(stop)
		_ = s.server.Close()
		<-done
	})
	return s
}

// listen serves, and in between refuses connections for a moment.
func (s *target) listen(t *testing.T, listener net.Listener, stop <-chan struct{}) {
	for {
		served := make(chan struct{})
		go func(l net.Listener) {
			defer close(served)
			_ = s.server.Serve(l) // ends when the listener is closed
		}(listener)
		away := false
		if s.faults.Refuse {
			away = sleep(ms(500+s.draw(1500)), stop)
		} else {
			<-stop
		}
		_ = listener.Close()
		<-served
		if !away || !sleep(ms(50+s.draw(200)), stop) {
			return
		}
		var err error
		if listener, err = net.Listen("tcp", s.addr); err != nil {
			t.Errorf("the target can't come back: %v", err)
			return
		}
	}
}

// sleep tells whether the whole time passed.
func sleep(d time.Duration, stop <-chan struct{}) bool {
	select {
	case <-stop:
		return false
	case <-time.After(d):
		return true
	}
}

func (s *target) draw(n int) int {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	return s.rng.IntN(n)
}

func (s *target) serve(w http.ResponseWriter, r *http.Request) {
	key, owner := strings.TrimPrefix(r.URL.Path, "/"), r.Header.Get(headerOwner)
	refusals, _ := strconv.Atoi(r.Header.Get(headerRefusals))
	s.refused(owner, refusals)
	if key == gateKey {
		s.atGate.Add(1)
		defer s.atGate.Add(-1)
		select {
		case <-s.opened:
			answer(w, document{})
		case <-r.Context().Done():
		}
		return
	}
	if r.Method == http.MethodGet {
		if content, ok := s.read(key); ok {
			answer(w, document{Content: content})
		} else {
			w.WriteHeader(http.StatusNotFound)
		}
		return
	}
	var doc document
	var revision events.Revision
	if json.NewDecoder(r.Body).Decode(&doc) != nil || json.Unmarshal([]byte(r.Header.Get(headerRevision)), &revision) != nil {
		return // the request itself was cut: a half of it is nothing
	}
	s.write(w, call{key: key, owner: owner, revision: revision, content: doc.Content, create: r.Method == http.MethodPost})
}

// waiting is how many replicas stand at the gate.
func (s *target) waiting() int64 { return s.atGate.Load() }

// write does the work of one call, and then answers it or not.
func (s *target) write(w http.ResponseWriter, c call) {
	s.begin(c)
	fate := s.draw(1000)
	work := ms(1 + s.draw(maxWork))
	if cut := fate < s.faults.CutBefore; cut {
		s.lost()
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		time.Sleep(work + ms(maxWork))
		s.end(c)
		return
	}
	time.Sleep(work)
	created := s.end(c)
	switch {
	case fate < s.faults.CutBefore+s.faults.CutAfter:
		s.lost()
		panic(http.ErrAbortHandler)
	case !created:
		w.WriteHeader(http.StatusConflict)
	default:
		answer(w, document{Content: c.content})
	}
}

func answer(w http.ResponseWriter, doc document) {
	_ = json.NewEncoder(w).Encode(doc) // whoever hung up asks again
}
