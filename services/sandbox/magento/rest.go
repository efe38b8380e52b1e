package magento

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
)

// call is one REST request that matched a route and may use it.
type call struct {
	*http.Request
	query *phpArray
	body  map[string]json.RawMessage
	raw   []byte // the body as it was sent
	store string // store view code, "" = the default one
	async bool   // the queue's consumer calls
}

// service answers the JSON of a REST call.
type service func(ctx context.Context, c *call) ([]byte, error)

var jsonTrue, jsonFalse = []byte("true"), []byte("false")

// api is the store's REST API without the path prefixes.
func (s *Server) api() http.Handler {
	r := chi.NewRouter()
	// A wrong verb on a known path is an unknown route (Magento core,
	// Webapi/Controller/Rest/Router).
	noRoute := func(w http.ResponseWriter, r *http.Request) { s.answerError(w, r, errNoRoute) }
	r.NotFound(noRoute)
	r.MethodNotAllowed(noRoute)

	get := func(path, resource string, fn service) { s.route(r, http.MethodGet, path, resource, fn) }
	post := func(path, resource string, fn service) { s.route(r, http.MethodPost, path, resource, fn) }
	put := func(path, resource string, fn service) { s.route(r, http.MethodPut, path, resource, fn) }
	del := func(path, resource string, fn service) { s.route(r, http.MethodDelete, path, resource, fn) }

	get("/V1/orders", "Magento_Sales::actions_view", s.searchOrders)
	get("/V1/orders/items", "Magento_Sales::actions_view", s.searchItems)
	get("/V1/orders/items/{id}", "Magento_Sales::actions_view", s.getItem)
	get("/V1/orders/{id}", "Magento_Sales::actions_view", s.getOrder)
	get("/V1/orders/{id}/statuses", "Magento_Sales::actions_view", s.getStatus)
	get("/V1/orders/{id}/comments", "Magento_Sales::actions_view", s.getComments)
	post("/V1/orders/{id}/comments", "Magento_Sales::comment", s.addComment)
	post("/V1/orders", "Magento_Sales::create", s.saveOrder)
	put("/V1/orders/create", "Magento_Sales::create", s.saveOrder)
	post("/V1/orders/{id}/cancel", "Magento_Sales::cancel", s.cancelOrder)
	post("/V1/orders/{id}/hold", "Magento_Sales::hold", s.holdOrder)
	post("/V1/orders/{id}/unhold", "Magento_Sales::unhold", s.unholdOrder)
	post("/V1/orders/{id}/emails", "Magento_Sales::emails", s.emailOrder)
	s.salesRoutes(get, post, put, del)

	get("/V1/customers/search", "Magento_Customer::customer", s.searchCustomers)
	get("/V1/customers/{id}", "Magento_Customer::customer", s.getCustomer)
	post("/V1/customers", anonymous, s.createCustomer)
	put("/V1/customers/{id}", "Magento_Customer::manage", s.updateCustomer)
	del("/V1/customers/{id}", "Magento_Customer::delete", s.deleteCustomer)
	get("/V1/customers/addresses/{id}", "Magento_Customer::customer", s.getAddress)
	del("/V1/addresses/{id}", "Magento_Customer::manage", s.deleteAddress)
	get("/V1/customerGroups/search", "Magento_Customer::group", s.searchCustomerGroups)

	get("/V1/products", "Magento_Catalog::products", s.searchProducts)
	post("/V1/products", "Magento_Catalog::products", s.saveProduct)
	get("/V1/products/{sku}", "Magento_Catalog::products", s.getProduct)
	put("/V1/products/{sku}", "Magento_Catalog::products", s.saveProduct)
	del("/V1/products/{sku}", "Magento_Catalog::products", s.deleteProduct)
	for path, fn := range s.priceServices() {
		post("/V1/products/"+path, "Magento_Catalog::catalog", fn)
	}
	put("/V1/products/tier-prices", "Magento_Catalog::catalog", s.replaceTierPrices)

	get("/V1/inventory/source-items", "Magento_InventoryApi::source", s.searchSourceItems)
	post("/V1/inventory/source-items", "Magento_InventoryApi::stock_source_item_assign", s.saveSourceItems)
	post("/V1/inventory/source-items-delete", "Magento_InventoryApi::stock_source_item_assign", s.deleteSourceItems)
	get("/V1/stockItems/lowStock", "Magento_Catalog::catalog_inventory", s.lowStock)
	get("/V1/stockItems/{sku}", "Magento_Catalog::catalog_inventory", s.getStockItem)
	put("/V1/products/{sku}/stockItems/{itemId}", "Magento_Catalog::catalog_inventory", s.saveStockItem)
	get("/V1/stockStatuses/{sku}", "Magento_Catalog::catalog_inventory", s.getStockStatus)

	get("/V1/bulk", bulkResource, s.searchBulks)
	get("/V1/bulk/{uuid}/status", bulkResource, s.bulkStatus)
	get("/V1/bulk/{uuid}/detailed-status", bulkResource, s.bulkDetails)
	get("/V1/bulk/{uuid}/operation-status/{status}", bulkResource, s.bulkCount)

	get("/V1/store/websites", "Magento_Backend::store", s.getWebsites)
	get("/V1/store/storeViews", "Magento_Backend::store", s.getStoreViews)
	get("/V1/store/storeConfigs", "Magento_Backend::store", s.getStoreConfigs)
	get("/V1/modules", "Magento_Backend::admin", s.getModules)
	return r
}

// route adds what every service goes through before and after its work.
func (s *Server) route(r chi.Router, method, path, resource string, fn service) {
	name := method + " " + path
	r.MethodFunc(method, path, func(w http.ResponseWriter, r *http.Request) {
		s.calls.count(name)
		if resource != anonymous && !s.allowed(r, resource) {
			s.answerError(w, r, errUnauthorized(resource))
			return
		}
		ctx := r.Context()
		c := &call{Request: r, query: parsePHPQuery(r.URL.RawQuery), store: storeFrom(ctx), async: queueFrom(ctx) == consumed}
		err := c.readBody()
		if err == nil {
			err = s.limitPage(c.query)
		}
		if err != nil {
			s.answerError(w, r, err)
			return
		}
		if mode := queueFrom(ctx); mode == queueOne || mode == queueMany {
			s.enqueue(w, c, path, mode)
			return
		}
		if method != http.MethodGet {
			ctx = context.WithoutCancel(ctx) // PHP finishes its work when the client has left
		}
		answer, err := fn(ctx, c)
		if err == nil && method == http.MethodGet {
			if fields, ok := c.query.text("fields"); ok {
				answer, err = project(answer, fields)
			}
		}
		if err != nil {
			s.answerError(w, r, err)
			return
		}
		s.answer(w, r, http.StatusOK, answer)
	})
}

// rest strips the prefixes a store accepts and refuses what no route sees:
// unknown verbs and media types (Magento core, Webapi/Controller/PathProcessor
// and Rest/Response/Renderer/Factory).
func (s *Server) rest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("PHPSESSID"); err == nil {
			s.calls.count("(session cookie sent back)")
		}
		http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: sessionID(), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 3600}) //nolint:gosec // not Secure: the sandbox speaks plain HTTP

		switch r.Method {
		case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions:
		default:
			s.answerError(w, r, &restError{Status: http.StatusMethodNotAllowed, Message: "The %1 HTTP method is not supported.", Parameters: []any{r.Method}})
			return
		}
		if accept := r.Header.Get("Accept"); mediaType(accept) == "" {
			s.answerError(w, r, &restError{
				Status:     http.StatusNotAcceptable,
				Message:    `Server cannot match any of the given Accept HTTP header media type(s) from the request: "%1" with media types from the config of response renderer.`,
				Parameters: []any{accept},
			})
			return
		}
		path, store, ok := s.scope(r.URL.EscapedPath())
		mode := queueFrom(r.Context())
		if rest, queued := splitQueue(path); mode == "" && queued != "" {
			path, mode, ok = rest, queued, r.Method != http.MethodGet
		}
		if !ok {
			s.calls.count("(no route)")
			s.answerError(w, r, errNoRoute)
			return
		}
		r = r.WithContext(context.WithValue(context.WithValue(r.Context(), storeKey{}, store), queueKey{}, mode))
		r.URL = &url.URL{Path: path, RawPath: path, RawQuery: r.URL.RawQuery}
		next.ServeHTTP(w, r)
	})
}

// anonymous is the resource of a service that everybody may call.
const anonymous = "anonymous"

type storeKey struct{}

func storeFrom(ctx context.Context) string {
	code, _ := ctx.Value(storeKey{}).(string)
	return code
}

// scope splits /index.php/rest/<store>/V1/… . An unknown store code is taken
// for a part of the path, which then has no route.
func (s *Server) scope(path string) (rest, store string, ok bool) {
	path = strings.TrimPrefix(path, "/index.php")
	path = strings.TrimPrefix(path, "/rest")
	segment, after, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if segment == "all" || slices.ContainsFunc(s.cfg.Stores, func(st Store) bool { return st.Code == segment }) {
		store, path = segment, "/"+after
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path, store, strings.HasPrefix(path, "/V1/")
}

// allowed reports whether the caller may use a resource. A bad token, no
// token, and Bearer switched off all make a guest (Magento core,
// Webapi/Model/Authorization/TokenUserContext).
func (s *Server) allowed(r *http.Request, resource string) bool {
	words := strings.Fields(r.Header.Get("Authorization"))
	if s.cfg.BearerOff || len(words) != 2 || !strings.EqualFold(words[0], "bearer") || words[1] != s.cfg.Token {
		return false
	}
	return s.cfg.Resources == nil || slices.Contains(s.cfg.Resources, resource)
}

// readBody decodes the named parameters of a JSON body.
func (c *call) readBody() error {
	if c.Method == http.MethodGet {
		return nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, c.Body, 16<<20))
	if err != nil {
		return badRequest("Request body could not be read.")
	}
	if c.raw = bytes.TrimSpace(raw); len(c.raw) == 0 {
		return nil
	}
	contentType := c.Header.Get("Content-Type")
	if contentType == "" {
		return badRequest("Content-Type header is empty.")
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil || (media != "application/json" && media != "application/xml" && media != "text/xml") {
		return badRequest("Server cannot understand Content-Type HTTP header media type %1", media)
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return badRequest("UTF-8 is the only supported charset.")
	}
	if err := json.Unmarshal(raw, &c.body); err != nil {
		var list []json.RawMessage // a list is JSON, only without names
		if json.Unmarshal(raw, &list) == nil {
			return nil
		}
		return errDecoding
	}
	return nil
}

// object decodes a parameter that is a data object, after checking its keys.
func (c *call) object(name, class string, known map[string]bool, into any) error {
	raw, ok := c.body[name]
	if !ok {
		if raw, ok = c.body[snake(name)]; !ok {
			return errRequired(name)
		}
	}
	return decodeObject(raw, name, class, known, into)
}

// decodeObject reads a data object; keys may be snake_case or camelCase.
func decodeObject(raw json.RawMessage, name, class string, known map[string]bool, into any) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return errType(name, strings.Trim(string(raw), `"`), class)
	}
	normal := make(map[string]json.RawMessage, len(given))
	for _, key := range sortedKeys(given) {
		under := snake(key)
		if known != nil && !known[under] {
			return errUnknownProperty(under, class)
		}
		normal[under] = given[key]
	}
	again, err := json.Marshal(normal)
	if err != nil {
		return internal("decode %s: %w", name, err)
	}
	if err := json.Unmarshal(again, into); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return errType(wrong.Field, wrong.Value, phpType(wrong.Type.Kind().String()))
		}
		return errType(name, string(raw), class)
	}
	return nil
}

func phpType(kind string) string {
	switch kind {
	case "int64", "int", "int32":
		return "int"
	case "struct":
		return "float"
	default:
		return kind
	}
}

// id is the path's entity id.
func (c *call) id() (int64, error) {
	text := chi.URLParam(c.Request, "id")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errType("id", text, "int")
	}
	return id, nil
}

// answer writes JSON, or the same as XML for a caller who prefers it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	media := mediaType(r.Header.Get("Accept"))
	if media == "xml" {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		body = xmlResponse(body)
	} else {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	w.Header().Set("Cache-Control", "no-store, no-cache, must-revalidate, max-age=0")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (s *Server) answerError(w http.ResponseWriter, r *http.Request, err error) {
	known := asRestError(err)
	if known.Status == http.StatusInternalServerError {
		s.cfg.Logger.WarnContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	s.answer(w, r, known.Status, known.body())
}

// mediaType picks the renderer: "json", "xml", or "" when none matches.
func mediaType(accept string) string {
	if accept == "" {
		return "json"
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "application/json", "*/*", "application/*":
			return "json"
		case "application/xml", "text/xml":
			return "xml"
		}
	}
	return ""
}

func sessionID() string {
	const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
	b := make([]byte, 26)
	for i := range b {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(b)
}
