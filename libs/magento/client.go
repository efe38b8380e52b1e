package magento

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"golang.org/x/sync/semaphore"

	"github.com/magpie-integration/magpie/libs/failure"
)

const (
	defaultStore   = "default"
	defaultTimeout = 30 * time.Second
	// defaultPageSize leaves room for the fifty orders that are asked for together
	// and one more, which would show that there are several of one number.
	defaultPageSize = 100
	defaultParallel = 8
	// maxPageSize is what a store refuses to pass once its input limits are on
	// (docs: API security).
	maxPageSize = 300
)

// Config says which store to talk to. URL and Token must be given.
type Config struct {
	// URL is the store's base URL; it may hold a path and may end in /index.php.
	URL string
	// Store is the store view's code in the path (docs: REST endpoints); default
	// "default". One whose locale is English gives English messages.
	Store string
	// Website is the code of the pair's website; empty means the one that Store
	// belongs to.
	Website string
	// Token is an integration's access token, sent as Bearer.
	Token string
	// Timeout is how long one call may take; default 30 s.
	Timeout time.Duration
	// PageSize is how many orders are asked for at once; default 100. It is halved
	// when the store refuses it.
	PageSize int
	// Rows is how many prices, or quantities at sources, one call writes; default
	// 200. It is halved when the store refuses it.
	Rows int
	// Parallel bounds the calls under way; default 8.
	Parallel int
	// Transport replaces the client's own, for tests and proxies.
	Transport http.RoundTripper
}

// Client talks to one store. It is safe for concurrent use.
type Client struct {
	base    string // without /rest
	store   string
	website string
	token   string
	timeout time.Duration
	http    *http.Client
	slots   *semaphore.Weighted // one for each call under way

	size  atomic.Int64 // the page size that the store accepts
	batch atomic.Int64 // how many rows the store accepts in one write
	// stock lets one write of source items through at a time (magento/inventory issue 2969).
	stock *semaphore.Weighted

	mu      sync.Mutex
	views   *views
	sources *sourceCodes
	now     func() time.Time
}

// New checks the settings and makes a client. It opens no connection.
func New(cfg Config) (*Client, error) {
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base: base, store: cfg.Store, website: cfg.Website, token: cfg.Token, timeout: cfg.Timeout,
		now: time.Now,
	}
	if c.store == "" {
		c.store = defaultStore
	}
	if strings.Trim(c.store, codeChars) != "" {
		return nil, badConfig("store", "a store view's code has letters, digits and '_' only", "take the code from Stores, All Stores")
	}
	switch {
	case c.token == "":
		return nil, badConfig("token", "it is empty", "give the integration's access token (System, Integrations)")
	case strings.TrimSpace(c.token) != c.token || strings.ContainsAny(c.token, " \t\r\n"):
		return nil, badConfig("token", "it holds white space", "cut the line break at the end of the secret's file")
	}
	if c.timeout < 0 || cfg.PageSize < 0 || cfg.PageSize > maxPageSize {
		return nil, badConfig("pageSize", "timeout and pageSize must not be negative, and a page has 300 orders at most", "leave them out for 30s and 100")
	}
	if c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	if cfg.PageSize == 0 {
		cfg.PageSize = defaultPageSize
	}
	c.size.Store(int64(cfg.PageSize))
	c.batch.Store(int64(cmp.Or(cfg.Rows, defaultRows)))
	c.stock = semaphore.NewWeighted(1)
	c.slots = semaphore.NewWeighted(int64(cmp.Or(cfg.Parallel, defaultParallel)))
	c.http = &http.Client{
		Transport: transport(cfg.Transport),
		// The API never redirects. A redirect comes from a login page or from a
		// server with another canonical name, and following it would turn a POST
		// into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// No Jar: a client that returns Magento's session cookie has its calls
		// serialised on the session's lock.
	}
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func transport(given http.RoundTripper) http.RoundTripper {
	if given == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
		t.MaxIdleConnsPerHost = 8
		given = t
	}
	return closing{otelhttp.NewTransport(given, otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
		return "magento " + r.Method
	})), given}
}

// closing hands CloseIdleConnections on to the transport under the tracing one.
type closing struct {
	http.RoundTripper
	under http.RoundTripper
}

func (c closing) CloseIdleConnections() {
	if t, ok := c.under.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

const codeChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

func baseURL(s string) (string, error) {
	const fix = "write it as https://shop.example.com, with the path of the shop if it has one"
	u, err := url.Parse(s)
	switch {
	case err != nil: // url's errors repeat the URL, which may hold a password
		return "", badConfig("url", "it is no URL", fix)
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return "", badConfig("url", "it is not an http or https address", fix)
	case u.User != nil:
		return "", badConfig("url", "it holds a user or a password", "leave them out; calls carry the token")
	case u.RawQuery != "" || u.Fragment != "":
		return "", badConfig("url", "it holds a query or a fragment", fix)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	if strings.HasSuffix(u.Path, "/rest") || strings.Contains(u.Path, "/rest/") {
		return "", badConfig("url", "it holds the API's own path", "cut it before /rest")
	}
	return u.String(), nil
}

func badConfig(key, reason, fix string) error {
	return failure.Rejected("magento.config", key, reason, fix)
}
