package magento

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub"
)

// ErrNotFound is in the chain of errors for a record that Magento does not have.
var ErrNotFound = errors.New("magento: no such record")

// ErrStatusRefused is in the chain when a comment is refused for its status: from
// 2.4.7 on it must belong to the order's state (Magento core,
// Sales/Model/Service/OrderService; magento/magento2 issues 38659, 38723). Post
// the comment with the order's current status instead.
var ErrStatusRefused = errors.New("magento: the status does not belong to the order's state")

// Codes of failures that this package acts on itself.
const (
	codeInternal = "magento.internal_error"
	codeFatal    = "magento.fatal_error"
	codeTooLarge = "magento.answer_too_large"
	codePageSize = "magento.page_size"
	codeNoRoute  = "magento.no_route"
	codeNotJSON  = "magento.not_json"
	codeBlocked  = "magento.blocked"
	codeTooMany  = "magento.too_many_items"
	codeDeadlock = "magento.deadlock"
	codeNoSKU    = "magento.product.missing"
)

// refusal reads an answer by its status first, since texts are translated into
// the store view's language (docs: status codes and responses; Magento core,
// Framework/Webapi/ErrorProcessor). It gives nil for an answer to read on.
func refusal(req call, resp *http.Response, body []byte, now time.Time) error {
	status, own := resp.StatusCode, isJSON(resp.Header, body)
	page := func(code, reason, fix string) error { return page(req, resp, body, code, reason, fix) }
	if status >= 200 && status < 300 {
		switch {
		case len(bytes.TrimSpace(body)) == 0:
			return page("magento.empty", "the answer is empty", "see the web server's and PHP's error log; PHP may have run out of memory or time")
		case !own:
			return page(codeNotJSON, "the answer is a page, not JSON", "check that the address is the store's API, and that no proxy, login or maintenance page stands before it")
		}
		return nil
	}
	m := message{}
	if own {
		m = parseMessage(body)
	}
	switch {
	case status >= 300 && status < 400:
		return redirected(req, resp)
	case status == http.StatusUnauthorized && !own:
		return page(codeBlocked, "a proxy before the store asks for a password", "let Magpie's address through to /rest without one")
	case status == http.StatusUnauthorized:
		return unauthorized(req, m)
	case status == http.StatusTooManyRequests:
		f := failure.Down("magento.rate_limited", req.name()+": too many requests", nil)
		f.After, f.Fix = retryAfter(resp.Header, now), "raise the limit of the store or of the network before it"
		return f
	case status == http.StatusServiceUnavailable && retryAfter(resp.Header, now) > 0:
		f := failure.Down("magento.unavailable", req.name()+": the store is not available for now", nil)
		f.After = retryAfter(resp.Header, now)
		return f
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout,
		status == http.StatusRequestTimeout:
		return page("magento.gateway", "a gateway answered for the store", "see whether the store is up, in maintenance mode, or slower than its gateway waits")
	case status >= 500 && !own:
		return page(codeFatal, "the web server answered for PHP, which broke down", "see the web server's error log")
	case status >= 500:
		return internal(req, status, m)
	case status == http.StatusForbidden && !own:
		f := failure.Transient(codeBlocked, fmt.Sprintf("%s: a firewall or proxy refused the call (403, %s)",
			req.name(), scrub.Glimpse(resp.Header.Get("Content-Type"), body)), nil)
		f.System, f.Fix = !req.writes(), "let Magpie's address through to /rest"
		return f
	case !own:
		return page(codeNotJSON, "the answer is a page, not JSON", "check that the address is the store's API")
	case status == http.StatusNotFound:
		return notFound(req, m)
	case status == http.StatusBadRequest:
		return badRequest(req, m)
	case status == http.StatusMethodNotAllowed, status == http.StatusNotAcceptable, status == http.StatusUnsupportedMediaType,
		status == http.StatusRequestURITooLong, status == http.StatusRequestEntityTooLarge:
		return failure.Defect("magento.protocol", fmt.Sprintf("%s: the store does not take such a call (%d): %s", req.name(), status, m.text()), nil)
	}
	return failure.Rejected("magento.refused", "", fmt.Sprintf("%s: refused (%d): %s", req.name(), status, m.text()), "see the store's log")
}

// page is an answer that is not Magento's. For a write it says nothing about
// the work: PHP goes on after its gateway has given up.
func page(req call, resp *http.Response, body []byte, code, reason, fix string) error {
	reason = fmt.Sprintf("%s: %s (%d, %s)", req.name(), reason, resp.StatusCode, scrub.Glimpse(resp.Header.Get("Content-Type"), body))
	if req.writes() && (resp.StatusCode >= 500 || resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode < 300) {
		f := failure.Unknown(code, errors.New(reason))
		f.Fix = fix
		return f
	}
	f := failure.Down(code, reason, nil)
	f.Fix = fix
	return f
}

func redirected(req call, resp *http.Response) error {
	to := "another address"
	if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Path+u.Host != "" {
		to = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	}
	f := failure.Down("magento.redirected", fmt.Sprintf("%s: the store redirects to %s (%d)", req.name(), to, resp.StatusCode), nil)
	f.Fix = "set the address to the one that does not redirect; a login page means that a proxy asks for a password"
	return f
}

// unauthorized is Magento's one answer for a token that is unknown, expired or
// not taken as Bearer, and for a missing permission (Magento core,
// Webapi/Controller/Rest/RequestValidator; Integration/Model/OpaqueToken/Reader).
func unauthorized(req call, m message) error {
	resource := m.parameter("resources")
	f := &failure.Error{
		Kind: failure.KindTransient, Code: "magento.unauthorized", Field: resource, System: true,
		Reason: req.name() + ": the token is not known, or may not do this (401)",
		Fix: "switch on 'Allow OAuth Access Tokens to be used as standalone Bearer tokens' (Stores, Configuration, Services, OAuth, Consumer Settings; " +
			"oauth/consumer/enable_integration_as_bearer), check that the integration is active and its token the current one",
	}
	if resource != "" {
		f.Reason = fmt.Sprintf("%s: the token may not use %s, or is not known (401)", req.name(), resource)
		f.Fix += ", and give the integration the resource " + resource
	}
	return f
}

// internal is any exception of PHP: the text is in the store's log only.
func internal(req call, status int, m message) error {
	f := failure.Transient(codeInternal, fmt.Sprintf("%s: Magento failed (%d): %s", req.name(), status, m.text()), nil)
	f.Fix = "look for the report in the store's var/log/exception.log or var/report"
	return f
}

func notFound(req call, m message) error {
	// A list has no record that could be missing; and the route's own text is
	// known in English only.
	if req.entity == "" || strings.Contains(m.Message, "does not match any route") {
		f := failure.Down(codeNoRoute, req.name()+": the store has no such route: "+m.text(), nil)
		f.Fix = "check the store view's code and the address; the module may be switched off"
		return f
	}
	if req.entity == "sku" {
		return noSKU(req.name() + ": " + m.text())
	}
	return failure.Rejected("magento.not_found", req.entity, req.name()+": "+m.text(), "see whether it was deleted, or belongs to another store").Because(ErrNotFound)
}

// noSKU is a product that the store lacks.
func noSKU(reason string) *failure.Error {
	return failure.Rejected(codeNoSKU, "sku", reason, "make the product in Magento first, or correct the SKU").Because(ErrNotFound)
}

// deadlocks are texts of lost races that Magento reports as 400; they come from
// the database or from core and are not translated as a rule.
var deadlocks = []string{
	"SQLSTATE[40001]", "Deadlock found", "Lock wait timeout exceeded", "Database deadlock",
	"The product was unable to be saved. Please try again.", "Could not save Source Item",
}

func badRequest(req call, m message) error {
	text := m.text()
	if containsAny(text, deadlocks) {
		code := codeDeadlock
		if req.about == ofSource {
			code = "magento.stock.deadlock"
		}
		return failure.Transient(code, req.name()+": "+text, nil)
	}
	if strings.Contains(m.Message, "Maximum items of type") {
		return failure.Rejected(codeTooMany, "", req.name()+": "+text, "raise Web API input limits in the store, or send fewer records at once")
	}
	if statusRefused(req, m) {
		return failure.Rejected("magento.status_refused", "status", req.name()+": "+text,
			"assign the status to the order's state (Stores, Order Status), or post the comment with the current status").Because(ErrStatusRefused)
	}
	if !req.writes() && strings.Contains(m.Message, "pageSize") {
		return failure.Rejected(codePageSize, "searchCriteria[pageSize]", req.name()+": "+text, "set a smaller page size")
	}
	if err := ruled(req, m, text); err != nil {
		return err
	}
	return failure.Rejected("magento.refused", m.parameter("fieldName"), req.name()+": "+text, "correct the record in the store, or the flow that made the change")
}

// maxRetryAfter bounds what a store may ask for.
const maxRetryAfter = time.Hour

// retryAfter reads seconds or a date (RFC 9110, 10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
