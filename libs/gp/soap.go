package gp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub"
	"github.com/magpie-integration/magpie/libs/timely"
)

// maxAnswer bounds an answer. GP's lists have no pages, so one could be endless.
const maxAnswer = 32 << 20

// call is one operation at one address.
type call struct {
	operation, address string
	writes             bool
}

// exchange sends an operation and gives the response element. It is the place
// where an answer, or the lack of one, becomes a failure.
func (c *Client) exchange(ctx context.Context, call call, params object) (*node, error) {
	f, response, err := c.once(ctx, call, params)
	if f != nil {
		return nil, c.explain(ctx, call, *f)
	}
	return response, err
}

// once is exchange that leaves a fault as it is.
func (c *Client) once(ctx context.Context, call call, params object) (*fault, *node, error) {
	message, err := envelope(call.operation, params)
	if err != nil {
		return nil, nil, err
	}
	answer, err := c.post(ctx, call, message)
	if err != nil {
		return nil, nil, err
	}
	if err := answer.refusal(call); err != nil {
		return nil, nil, err
	}
	document, err := parse(answer.body)
	if err == nil {
		if f := findFault(document); f != nil {
			return f, nil, nil
		}
	}
	if answer.status/100 != 2 {
		return nil, nil, answer.noFault(call)
	}
	response := document.at("Body", call.operation+"Response")
	if err == nil && response == nil {
		err = fmt.Errorf("there is no %sResponse in it", call.operation)
	}
	if err != nil {
		return nil, nil, answer.noSOAP(call, err)
	}
	return nil, response, nil
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// post sends the message (SDK: Legacy endpoint; SOAP 1.1, so the operation
// stands in SOAPAction too, quoted).
func (c *Client) post(ctx context.Context, call call, message []byte) (answer, error) {
	within, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	lanes := c.reads
	if call.writes {
		lanes = c.writes
	}
	lane, err := lanes.take(within)
	if err != nil {
		e := failure.Transient("gp.crowded", fmt.Sprintf("no connection was free for %s: %v", call.operation, err), err)
		e.Unsent = true
		return answer{}, e
	}
	defer lanes.give(lane)

	request, err := http.NewRequestWithContext(within, http.MethodPost, call.address, bytes.NewReader(message))
	if err != nil {
		return answer{}, failure.Defect("gp.request", "the request can't be built", err)
	}
	timely.Guard(request)
	request.Header.Set("Content-Type", "text/xml; charset=utf-8")
	request.Header.Set("Accept", "text/xml")
	request.Header.Set("SOAPAction", `"`+nsGP+"/"+call.operation+`"`)
	request.Header.Set("User-Agent", "magpie")
	if c.cfg.Auth != "" {
		request.SetBasicAuth(c.cfg.User, c.cfg.Password)
	}

	var trip trip
	response, err := trip.carrier(c.cfg.Auth, lane).RoundTrip(request)
	if err = trip.outcome(response, err); err != nil {
		return answer{}, c.unanswered(ctx, call, trip.unsent(), err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		err = fmt.Errorf("the answer is larger than %d MiB", maxAnswer>>20)
	}
	if err != nil && response.StatusCode/100 == 2 {
		return answer{}, c.unanswered(ctx, call, false, err)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

// unanswered is a call whose answer did not come. Whether GP did its work
// decides everything about a write.
func (c *Client) unanswered(ctx context.Context, call call, unsent bool, err error) error {
	var e *failure.Error
	switch {
	case !unsent && call.writes:
		return failure.Unknown("gp.no_answer", fmt.Errorf("%s: %w", call.operation, err))
	case ctx.Err() != nil:
		e = failure.Transient("gp.cancelled", fmt.Sprintf("%s was given up: %v", call.operation, context.Cause(ctx)), err)
	case unsent:
		e = failure.Down("gp.unreachable", fmt.Sprintf("no connection to GP: %v", err), err)
		e.Fix = "check the service \"Web Services for Microsoft Dynamics GP\", its port, and the way to it"
		if fix, failed := failure.TLS(err); failed {
			e.Code, e.Fix = "gp.tls", fix
		}
	case errors.Is(err, context.DeadlineExceeded):
		e = failure.Transient("gp.no_answer", fmt.Sprintf("no answer to %s within %s", call.operation, c.cfg.Timeout), err)
	default:
		e = failure.Down("gp.no_answer", fmt.Sprintf("the connection broke during %s: %v", call.operation, err), err)
	}
	if e.Code == "gp.no_answer" {
		e.Fix = "see whether GP's server is up and not overloaded, and what cuts connections between"
	}
	e.Unsent = unsent
	return e
}

// refusal is an answer before GP's own: nothing of the call was done.
func (a answer) refusal(call call) error {
	var e *failure.Error
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		e = unauthorized(fmt.Sprintf("GP refused the account for %s (%s)", call.operation, a.glimpse()))
	case a.status/100 == 3:
		e = failure.Down("gp.redirected", fmt.Sprintf("GP redirects %s to %s (%d), and a message is not sent after a redirect", call.operation, a.location(), a.status), nil)
		e.Fix = "set the address that it redirects to; a login page means that a proxy asks for a password"
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed:
		e = failure.Down("gp.no_service", fmt.Sprintf("no service at %s (%s)", call.address, a.glimpse()), nil)
		e.Fix = "correct the URL, or the paths of the services"
	case a.status == http.StatusTooManyRequests, a.status == http.StatusServiceUnavailable:
		e = failure.Down("gp.busy", fmt.Sprintf("GP, or a gateway before it, has no room for %s now (%s)", call.operation, a.glimpse()), nil)
		e.Fix = "see whether the service \"Web Services for Microsoft Dynamics GP\" runs; calls go on when it answers"
		e.After = retryAfter(a.header.Get("Retry-After"), time.Now())
		return e // 503 says nothing for sure about what was done
	default:
		return nil
	}
	e.Unsent = true
	return e
}

// glimpse is the answer's status, content type and first words.
func (a answer) glimpse() string {
	return fmt.Sprintf("%d, %s", a.status, scrub.Glimpse(a.header.Get("Content-Type"), a.body))
}

// noSOAP is an answer of status 200 that is not the operation's: nothing at
// all or a page, which a proxy or another web server gave, or an envelope that
// can't be read. It may stand for a write that was done.
func (a answer) noSOAP(call call, err error) error {
	e := unreadable(call.operation, fmt.Errorf("%w (%s)", err, a.glimpse()))
	kind, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	if len(bytes.TrimSpace(a.body)) == 0 || kind == "text/html" {
		e.Code, e.System = "gp.not_soap", true
		e.Reason = fmt.Sprintf("GP's answer to %s is no SOAP (%s)", call.operation, a.glimpse())
		e.Fix = "check that the address is that of the services, and that no proxy, login or start page stands before it"
	}
	if call.writes {
		fix := e.Fix
		e = failure.Unknown(e.Code, errors.New(e.Reason))
		e.Fix = fix
	}
	return e
}

// noFault is an error's status without a fault of SOAP in it: a gateway's page,
// or the web server's. It may stand for a call whose work was done.
func (a answer) noFault(call call) error {
	if a.status == http.StatusRequestEntityTooLarge {
		return failure.Rejected("gp.too_large", "", fmt.Sprintf("%s is larger than GP's server takes (413)", call.operation),
			"raise maxReceivedMessageSize in DynamicsGPLegacy.config, or send fewer lines")
	}
	e := failure.Transient("gp.status", fmt.Sprintf("GP answered %s with an error that is no SOAP fault (%s)", call.operation, a.glimpse()), nil)
	e.Fix = "look into the web server's log on GP's machine, or at the gateway before it"
	if a.status >= 500 {
		e.Code, e.System = "gp.gateway", true
		e.After = retryAfter(a.header.Get("Retry-After"), time.Now())
		if call.writes {
			e = e.Because(failure.ErrUnknownOutcome)
		}
	}
	return e
}

func unauthorized(reason string) *failure.Error {
	e := failure.Down("gp.unauthorized", reason, nil)
	e.Fix = "check user and password, the account's role in Dynamics Security, and its access to the company"
	return e
}

// location names the host alone: what else is in the header may be a secret.
func (a answer) location() string {
	if u, err := url.Parse(a.header.Get("Location")); err == nil && u.Host != "" {
		return u.Host
	}
	return "another path"
}

// retryAfter reads seconds or a date.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), 86400)) * time.Second
	}
	if t, err := http.ParseTime(header); err == nil {
		return max(0, t.Sub(now))
	}
	return 0
}
