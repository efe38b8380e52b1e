package magento

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Check is whether the token may use one endpoint.
type Check struct {
	Endpoint string
	// Resource is the permission that the endpoint needs (Magento core, the
	// modules' etc/webapi.xml).
	Resource string
	// How says what was sent to find out.
	How string
	// Err is nil when it may.
	Err error
}

// Ping tries one endpoint for every permission that this package's calls need,
// and tells which of them the token lacks. Nothing is written: reads ask for nothing, and writes have an
// empty body and name no order. Magento checks the permission before it looks
// at the body (Magento core, Webapi/Controller/Rest/RequestValidator), and an
// empty body never gets further than "is required". The error is the one that
// made going on useless: the store is down.
func (c *Client) Ping(ctx context.Context) ([]Check, error) {
	search := search{groups: []group{{{"entity_id", "eq", "0"}}}, size: 1, fields: "items[entity_id],total_count"}
	tries := []struct {
		endpoint, resource string
		call               call
	}{
		{"GET /V1/store/storeViews", "Magento_Backend::store", call{method: http.MethodGet, route: "/V1/store/storeViews"}},
		{"GET /V1/orders", "Magento_Sales::actions_view", call{method: http.MethodGet, route: "/V1/orders", query: search.query()}},
		{"POST /V1/orders/:id/comments", "Magento_Sales::comment", call{method: http.MethodPost, route: orderRoute(0, "/comments"), entity: "entity_id", body: struct{}{}}},
		{"POST /V1/orders", "Magento_Sales::create", call{method: http.MethodPost, route: "/V1/orders", entity: "entity_id", body: struct{}{}}},
	}
	checks := make([]Check, 0, len(tries))
	for _, try := range tries {
		how := "read"
		if try.call.writes() {
			how = "an empty body, which is refused after the permission is checked"
		}
		var body []byte
		err := c.do(ctx, try.call, &body)
		switch f := failure.Of(err); {
		case f == nil, f.Code == "magento.unauthorized", f.Code == codeBlocked, f.Code == codeNoRoute:
		case f.Kind == failure.KindRejected && try.call.writes():
			err = nil // let in, and the empty body refused
		case f.Code == codeInternal && try.call.writes():
			err = nil // let in, and failed on the empty body
		default:
			return checks, err
		}
		checks = append(checks, Check{try.endpoint, try.resource, how, err})
	}
	return checks, nil
}

// Version is what a store says of itself.
type Version struct {
	Product string // "Magento", "Mage-OS"
	Number  string // "2.4": patch levels are not told
	Edition string // "Community", "Enterprise"
}

var versionText = regexp.MustCompile(`^\s*([A-Za-z][A-Za-z -]{0,30})/([0-9][0-9.]{0,15}) \(([A-Za-z0-9 ]{1,30})\)\s*$`)

// Version reads /magento_version, which a store may have switched off; then the
// Version is zero and there is no error (Magento core,
// Version/Controller/Index/Index). The token is not sent.
func (c *Client) Version(ctx context.Context) (Version, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errSilent)
	defer cancel()
	req := call{method: http.MethodGet, route: "/magento_version"}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.base, "/index.php")+req.route, nil)
	if err != nil {
		return Version{}, failure.Defect("magento.request", "the request can't be made", err)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return Version{}, noAnswer(ctx, req, err, true)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 256))
	if err != nil && !errors.Is(err, io.EOF) {
		return Version{}, noAnswer(ctx, req, err, true)
	}
	m := versionText.FindStringSubmatch(string(body))
	if resp.StatusCode != http.StatusOK || m == nil {
		return Version{}, nil
	}
	return Version{Product: m[1], Number: m[2], Edition: m[3]}, nil
}
