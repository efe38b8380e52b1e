package magento

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/timely"
)

// maxAnswer is the longest answer that is read, in bytes.
const maxAnswer = 64 << 20

// errSilent is the cause of a call's own time limit, as against its caller's.
var errSilent = errors.New("Magento gave no answer in time") //nolint:staticcheck // Magento is a name

// call is one request to a route such as /V1/orders.
type call struct {
	method string
	route  string // with ids filled in
	query  string
	body   any
	// entity is the record that the route names, for "not found"; empty for lists.
	entity string
	// about is what the call is about, for the refusals of rules.go.
	about string
	// store is the store code of the path, if not the client's; async queues the call.
	store string
	async bool
	// shopper asks GraphQL as a shopper does: without the token, and only to read.
	shopper bool
	// status is the one that a comment sets.
	status string
}

func (c call) writes() bool { return c.method != http.MethodGet && !c.shopper }

// name is how errors call it.
func (c call) name() string { return c.method + " " + c.route }

// do sends a call and decodes the answer into out, or fails with one of package
// failure's errors.
func (c *Client) do(ctx context.Context, req call, out any) error {
	answer, err := c.send(ctx, req)
	if err != nil {
		return err
	}
	if raw, ok := out.(*[]byte); ok {
		*raw = answer
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return unreadable(req, err)
	}
	return nil
}

// unreadable is an answer of status 200 that makes no sense: cut short, or
// written over by a module's debugging output.
func unreadable(req call, cause error) error {
	f := failure.Transient("magento.unreadable", req.name()+": the answer (200) is not the JSON that it should be: "+cause.Error(), cause)
	if req.writes() {
		f = failure.Unknown("magento.unreadable", fmt.Errorf("%s: the answer can't be read: %w", req.name(), cause))
	}
	f.Fix = "call it by hand and look: a module's debugging output, or a proxy that cuts answers short"
	return f
}

func (c *Client) send(ctx context.Context, req call) ([]byte, error) {
	if err := c.slots.Acquire(ctx, 1); err != nil { // the time-out is for the store, not for waiting here
		return nil, noAnswer(ctx, req, err, false)
	}
	defer c.slots.Release(1)
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errSilent)
	defer cancel()
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	r, err := c.request(ctx, req)
	if err != nil {
		return nil, failure.Defect("magento.request", req.name()+": the request can't be made", err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, noAnswer(ctx, req, err, sent.Load())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil && resp.StatusCode < 300 {
		return nil, noAnswer(ctx, req, err, true)
	}
	if len(body) > maxAnswer {
		return nil, failure.Defect(codeTooLarge, fmt.Sprintf("%s: the answer is longer than %d MiB", req.name(), maxAnswer>>20), nil)
	}
	if err := refusal(req, resp, body, c.now()); err != nil {
		return nil, err
	}
	return body, nil
}

func (c *Client) request(ctx context.Context, req call) (*http.Request, error) {
	var body io.Reader
	if req.body != nil {
		b, err := json.Marshal(req.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(ctx, req.method, c.url(req), body)
	if err != nil {
		return nil, err
	}
	timely.Guard(r)
	if req.shopper {
		r.Header.Set("Store", c.store)
	} else {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "Magpie")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	return r, nil
}

func (c *Client) url(req call) string {
	u := c.base
	switch {
	case req.shopper: // GraphQL is beside /rest
	case req.async:
		u += "/rest/" + cmp.Or(req.store, c.store) + "/async"
	default:
		u += "/rest/" + cmp.Or(req.store, c.store)
	}
	u += req.route
	if req.query != "" {
		u += "?" + req.query
	}
	return u
}

// noAnswer tells apart what never left, what was lost on the way back, and
// what the caller gave up. Magento may finish the work of a request whose
// connection is gone.
func noAnswer(ctx context.Context, req call, err error, sent bool) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // the URL adds nothing but length
	}
	cause := err
	if ctx.Err() != nil {
		cause = context.Cause(ctx)
	}
	if sent && req.writes() {
		return failure.Unknown("magento.no_answer", fmt.Errorf("%s: %w", req.name(), cause))
	}
	if ctx.Err() != nil && !errors.Is(cause, errSilent) {
		f := failure.Transient("magento.cancelled", req.name()+": given up by the caller: "+cause.Error(), cause)
		f.Unsent = !sent
		return f
	}
	code, fix := "magento.no_answer", "check the store's address, and that it is up"
	if !sent {
		code = "magento.unreachable"
	}
	if mend, failed := failure.TLS(cause); failed {
		code, fix = "magento.tls", mend
	}
	f := failure.Down(code, req.name()+": "+cause.Error(), cause)
	f.Unsent, f.Fix = !sent, fix
	return f
}

// isJSON tells Magento's own answers from a proxy's or a web server's page.
func isJSON(h http.Header, body []byte) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err == nil && kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return false
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	return len(body) > 0 && body[0] != '<'
}
