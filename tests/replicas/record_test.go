//go:build unix

package replicas

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/claim"
	"github.com/magpie-integration/magpie/libs/effect"
	"github.com/magpie-integration/magpie/libs/failure"
)

// document is what a command wants its record to be. Two revisions may want the
// same: an order that is held, released and held again.
type document struct {
	Content string `json:"content"`
	// Stalls makes the replica wait at the target's gate after the last check
	// and before the call is sent, which no check can prevent.
	Stalls bool `json:"stalls,omitempty"`
}

// record is an effect.Target over HTTP, made as the writers' own are.
type record struct {
	writer   *writer
	key      string
	revision events.Revision
	doc      document
}

// Ask implements effect.Target.
func (r *record) Ask(ctx context.Context) (has effect.Has, err error) {
	err = r.call(ctx, func(ctx context.Context) error {
		content, present, err := r.writer.client.read(ctx, r.key)
		has = effect.Has{Present: present, Wanted: present && content == r.doc.Content, Applied: applied}
		return err
	})
	return has, err
}

var applied = claim.Applied{Fingerprint: claim.AsExpected, Exists: true}

// Write implements effect.Target.
func (r *record) Write(ctx context.Context, exists bool) (claim.Applied, error) {
	if r.doc.Stalls {
		ctx = context.WithoutCancel(ctx)
		if err := r.writer.client.gate(ctx); err != nil {
			return claim.Applied{}, err
		}
	}
	method := http.MethodPost
	if exists {
		method = http.MethodPut
	}
	err := r.send(ctx, method)
	if !errors.Is(err, errExists) {
		return applied, err
	}
	// The natural key is taken, by an earlier call of ours: adopt it or change it.
	has, err := r.Ask(ctx)
	switch {
	case err != nil:
		return claim.Applied{}, err // an asking's failure is never an unknown outcome
	case has.Wanted:
		return applied, nil
	default:
		return applied, r.send(ctx, http.MethodPut)
	}
}

func (r *record) send(ctx context.Context, method string) error {
	return r.call(ctx, func(ctx context.Context) error {
		return r.writer.client.write(ctx, method, r.key, r.revision, r.doc)
	})
}

func (r *record) call(ctx context.Context, do func(context.Context) error) error {
	return r.writer.breaker.Do(ctx, r.key, do)
}

// client calls the target for one replica.
type client struct {
	base, owner string
	http        *http.Client
	refusals    atomic.Int64
}

func newClient(base, owner string) *client {
	// A connection each: so a target that doesn't listen refuses every call.
	return &client{base: base, owner: owner, http: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

// Headers by which the target knows who called, and how often it refused.
const (
	headerOwner    = "Replica-Owner"
	headerRefusals = "Replica-Refusals"
	headerRevision = "Revision"
)

var errExists = errors.New("a record with this key exists")

func (c *client) write(ctx context.Context, method, key string, revision events.Revision, doc document) error {
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	rev, err := json.Marshal(revision)
	if err != nil {
		return err
	}
	status, _, err := c.do(ctx, method, key, string(rev), body)
	switch {
	case err != nil:
		return err
	case status == http.StatusConflict:
		return errExists
	case status != http.StatusOK:
		return failure.Defect("target.status", fmt.Sprintf("%s %s: status %d", method, key, status), nil)
	}
	return nil
}

func (c *client) read(ctx context.Context, key string) (content string, present bool, err error) {
	// Nothing else bounds an asking.
	ctx, cancel := context.WithTimeout(ctx, times.Call)
	defer cancel()
	status, doc, err := c.do(ctx, http.MethodGet, key, "", nil)
	if errors.Is(err, failure.ErrUnknownOutcome) {
		err = failure.Down("target.no_answer", "an asking was not answered", nil)
	}
	return doc.Content, err == nil && status == http.StatusOK, err
}

// gate returns when the test opens it.
func (c *client) gate(ctx context.Context) error {
	_, _, err := c.do(ctx, http.MethodGet, gateKey, "", nil)
	return err
}

func (c *client) do(ctx context.Context, method, key, revision string, body []byte) (status int, doc document, err error) {
	var sent io.Reader
	if body != nil {
		sent = timely{ctx, bytes.NewReader(body)}
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/"+url.PathEscape(key), sent)
	if err != nil {
		return 0, doc, err
	}
	req.ContentLength = int64(len(body))
	req.Header.Set(headerOwner, c.owner)
	req.Header.Set(headerRefusals, strconv.FormatInt(c.refusals.Load(), 10))
	req.Header.Set(headerRevision, revision)
	resp, err := c.http.Do(req)
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		c.refusals.Add(1)
		f := failure.Down("target.refused", "the target refuses connections", err)
		f.Unsent = true
		return 0, doc, f
	case err != nil:
		return 0, doc, failure.Unknown("target.no_answer", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
			return 0, doc, failure.Unknown("target.cut", err)
		}
	}
	return resp.StatusCode, doc, nil
}

// timely is a body that can't be read when the call's time is over. net/http
// looks at its context before it dials and not again: a process that is frozen
// in between sends when it wakes. The body is read right before the bytes go to
// the kernel, so what is left of that window is microseconds.
type timely struct {
	ctx  context.Context //nolint:containedctx // the body's time is its request's
	body io.Reader
}

func (t timely) Read(p []byte) (int, error) {
	// The clock and not ctx.Err, which is set by a timer that may not have run yet.
	if deadline, ok := t.ctx.Deadline(); ok && time.Now().After(deadline) {
		return 0, context.DeadlineExceeded
	}
	return t.body.Read(p)
}

var _ effect.Target = (*record)(nil)

// ms is a number of milliseconds.
func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }
