package gp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Config says where GP is and who calls it.
type Config struct {
	// URL is the base of all services, such as http://host:48620.
	URL string
	// Paths is the preset "gp-service", "gp-web-services" or "dynamics-gp";
	// empty means Services.
	Paths    string
	Services Services
	// Company is the company's number, such as -1 for the sample company, or
	// its name as GetCompanyList has it.
	Company string
	// Auth is "basic", "ntlm", or empty for none.
	Auth           string
	User, Password string
	// Timeout is for one call, to the end of its answer. Zero means 60 seconds:
	// the first call after GP's start is slow, and every create takes seconds.
	Timeout time.Duration
	// Culture formats GP's messages. Empty means en-US, which fault.go reads best.
	Culture string
	// Transport carries the calls. Nil means one with TLS 1.2 or better and
	// connections kept alive.
	//
	// NTLM authenticates a connection, not a request. With it every call needs a
	// connection for itself, so an *http.Transport (or nil) is cloned for each
	// call that may be under way, while any other transport carries one write and
	// one read at a time.
	Transport http.RoundTripper
	// Wrap is put around each of these transports, for tracing. Nil means nothing.
	Wrap func(http.RoundTripper) http.RoundTripper
	// Connections is how many writes run at a time, with twice as many reads beside
	// them: GP takes its time for both, and a document that is read back must not
	// keep the next from being written. Zero means 4.
	Connections int
}

// Client calls GP for one company. It may be used by many goroutines at a time.
type Client struct {
	cfg      Config
	services Services
	writes   *lanes
	reads    *lanes

	mu       sync.Mutex
	company  string // its number, once it is known
	policies map[policyKey]Policy
}

// New checks the configuration. It calls nothing.
func New(cfg Config) (*Client, error) {
	services, err := cfg.services()
	if err != nil {
		return nil, err
	}
	switch cfg.Auth {
	case "", "basic", "ntlm":
	default:
		return nil, fmt.Errorf("gp: Auth %q: want basic, ntlm or nothing", cfg.Auth)
	}
	if cfg.Auth != "" && cfg.User == "" {
		return nil, fmt.Errorf("gp: Auth %s needs a User", cfg.Auth)
	}
	if strings.TrimSpace(cfg.Company) == "" {
		return nil, errors.New("gp: Company is empty")
	}
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	cfg.Culture = cmp.Or(cfg.Culture, "en-US")
	cfg.Connections = cmp.Or(cfg.Connections, 4)
	return &Client{
		cfg: cfg, services: services, writes: newLanes(cfg, cfg.Connections), reads: newLanes(cfg, 2*cfg.Connections),
		policies: map[policyKey]Policy{},
	}, nil
}

// Close lets go of idle connections. The client can still be used.
func (c *Client) Close() {
	c.writes.closeIdle()
	c.reads.closeIdle()
}

// read calls an operation that changes nothing, and gives its result: nil when
// GP answered with none.
func (c *Client) read(ctx context.Context, operation string, params object) (*node, error) {
	var err error
	if params["context"], err = c.context(ctx); err != nil {
		return nil, err
	}
	call := call{operation: operation, address: c.services.of(operation)}
	response, err := c.exchange(ctx, call, params)
	if err != nil {
		return nil, err
	}
	return response.child(operation + "Result"), nil
}

// write calls an operation that changes something, with its policy. GP answers
// with an empty element (GP Web Services WSDL), so there is nothing to give.
func (c *Client) write(ctx context.Context, operation string, params object) error {
	var err error
	if params["context"], err = c.context(ctx); err != nil {
		return unsent(err)
	}
	policy, err := c.Policy(ctx, operation)
	if err != nil {
		return unsent(err)
	}
	params["policy"] = policy.raw
	_, err = c.exchange(ctx, call{operation: operation, address: c.services.of(operation), writes: true}, params)
	return err
}

// unsent marks a failure before the write itself was tried.
func unsent(err error) error {
	e := failure.Of(err)
	e.Unsent = true
	return e
}

// context is what every call for a company carries. Amounts are those of the
// document's own currency.
func (c *Client) context(ctx context.Context) (object, error) {
	company, err := c.companyID(ctx)
	if err != nil {
		return nil, err
	}
	o := c.systemContext()
	o["OrganizationKey"] = key(company)
	return o, nil
}

// systemContext is the context of calls which concern no company.
func (c *Client) systemContext() object {
	return object{"CultureName": c.cfg.Culture, "CurrencyType": "Transactional"}
}

// record reads one record by an id. One that GP has not, or answers without a
// key, is ErrNotFound.
func record[T any](ctx context.Context, c *Client, operation, thing, column, id string, read func(*node) (T, error)) (T, error) {
	k, err := mustKey(column, id)
	if err != nil {
		var none T
		return none, err
	}
	return recordOf(ctx, c, operation, thing, id, k, []string{"Id"}, read)
}

// recordOf is record for keys of other shapes; name is for people, and at is
// where the answer's key must have a value.
func recordOf[T any](
	ctx context.Context, c *Client, operation, thing, name string, key object, at []string, read func(*node) (T, error),
) (T, error) {
	var none T
	n, err := c.read(ctx, operation, object{"key": key})
	if errors.Is(err, ErrNotFound) {
		e := notFound(thing, name)
		e.Reason += " (" + failure.Of(err).Reason + ")"
		return none, e
	}
	if err != nil {
		return none, err
	}
	if n.child("Key").text(at...) == "" {
		return none, notFound(thing, name)
	}
	got, err := read(n)
	if err != nil {
		return none, unreadable(operation, err)
	}
	return got, nil
}

// writeKey calls an operation that does something to the record with an id.
func (c *Client) writeKey(ctx context.Context, operation, column, id string) error {
	k, err := mustKey(column, id)
	if err != nil {
		return err
	}
	return c.write(ctx, operation, object{"key": k})
}

// mustKey is a key which can't be left to GP.
func mustKey(column, id string) (object, error) {
	text, err := Clean(column, id)
	if err == nil && text == "" {
		err = failure.Rejected("gp.required", column, "the key is empty", "map one in the flow")
	}
	if err != nil {
		return nil, unsent(err)
	}
	return key(text), nil
}
