package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// systems are a store and a company that answer from memory. They say what both
// programs need to hear and remember what came, no more: how the real ones
// behave is the sandboxes' business.
type systems struct {
	shop, company string // base URLs
	latency       time.Duration

	documents sync.Map // SOP number or customer number -> inner XML
	mu        sync.Mutex
	created   map[string]time.Time // order number -> when its document was there
	doubles   int
	done      atomic.Int64 // comments in the store
	moved     sync.Map     // increment id -> struct{}: out of the state new
	reads     atomic.Int64 // searches for orders
	calls     atomic.Int64 // of either system
	servers   []*http.Server
}

// customers of the store; each order is of one of them, turn by turn.
const customers = 500

//go:embed order.json
var orderTemplate string

func startSystems() (*systems, error) {
	s := &systems{created: map[string]time.Time{}}
	var err error
	if s.shop, err = s.serve(s.store); err != nil {
		return nil, err
	}
	s.company, err = s.serve(s.gp)
	return s, err
}

func (s *systems) serve(h http.HandlerFunc) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(l) }()
	return "http://" + l.Addr().String(), nil
}

func (s *systems) close() {
	for _, server := range s.servers {
		_ = server.Close()
	}
}

// number is the increment id of the n-th order.
func number(n int) string { return fmt.Sprintf("%09d", n) }

// order is the record of an order as REST shows it.
func (s *systems) order(increment string) string {
	n, _ := strconv.Atoi(increment)
	state, status := "new", "pending"
	if _, moved := s.moved.Load(increment); moved {
		state, status = "processing", "processing"
	}
	return strings.NewReplacer(
		"@INCREMENT@", increment, "@ID@", strconv.Itoa(1000+n), "@CUSTOMER@", strconv.Itoa(1+n%customers),
		"@STATE@", state, "@STATUS@", status, "@CREATED@", time.Now().UTC().Format(time.DateTime),
	).Replace(orderTemplate)
}

var idsInQuery = regexp.MustCompile(`filters\]\[0\]\[value\]=([^&]*)`)

func (s *systems) store(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, route, _ := strings.Cut(r.URL.Path, "/V1/")
	switch {
	case r.Method == http.MethodGet && route == "orders":
		s.reads.Add(1)
		query, _ := url.QueryUnescape(r.URL.RawQuery)
		var found []string
		if m := idsInQuery.FindStringSubmatch(query); m != nil && strings.Contains(query, "increment_id") {
			for increment := range strings.SplitSeq(m[1], ",") {
				found = append(found, s.order(increment))
			}
		}
		_, _ = fmt.Fprintf(w, `{"items":[%s],"search_criteria":{"filter_groups":[],"page_size":100,"current_page":1},"total_count":%d}`,
			strings.Join(found, ","), len(found))
	case strings.HasSuffix(route, "/comments"):
		_, _ = io.Copy(io.Discard, r.Body)
		s.done.Add(1)
		_, _ = io.WriteString(w, "true")
	case r.Method == http.MethodPost && route == "orders":
		body, _ := io.ReadAll(r.Body)
		if m := incrementInBody.FindSubmatch(body); m != nil {
			s.moved.Store(string(m[1]), struct{}{})
			_, _ = io.WriteString(w, s.order(string(m[1])))
		}
	case strings.HasPrefix(route, "store/websites"):
		_, _ = io.WriteString(w, `[{"id":0,"code":"admin","name":"Admin","default_group_id":0},{"id":1,"code":"base","name":"Main Website","default_group_id":1}]`)
	case strings.HasPrefix(route, "store/storeViews"):
		_, _ = io.WriteString(w, `[{"id":0,"code":"admin","name":"Admin","website_id":0,"store_group_id":0,"is_active":1},{"id":1,"code":"default","name":"Default","website_id":1,"store_group_id":1,"is_active":1}]`)
	default:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"Request does not match any route."}`)
	}
}

var incrementInBody = regexp.MustCompile(`"increment_id":"([^"]*)"`)

const (
	soapHead = `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<%sResponse xmlns="http://schemas.microsoft.com/dynamics/gp/2006/01" xmlns:x="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="http://schemas.microsoft.com/dynamics/2006/01">`
	soapFoot = `</%sResponse></s:Body></s:Envelope>`
)

// gp answers SOAP. What was written is given back as it came.
func (s *systems) gp(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	body, _ := io.ReadAll(r.Body)
	action := strings.Trim(r.Header.Get("SOAPAction"), `"`)
	operation := action[strings.LastIndexByte(action, '/')+1:]
	if s.latency > 0 {
		rest(r.Context(), s.latency)
	}
	var result string
	switch operation {
	case "GetPolicyByOperation":
		result = "<Key><Id>00000000-0000-0000-0000-000000000001</Id></Key>"
	case "GetItemByKey":
		result = "<Key><Id>" + inner(body, "Id") + "</Id></Key><DefaultSellingUofM>EACH</DefaultSellingUofM>"
	case "GetCustomerByKey", "GetSalesOrderByKey":
		if v, ok := s.documents.Load(inner(body, "Id")); ok {
			result = v.(string)
		}
	case "CreateCustomer", "UpdateCustomer":
		s.documents.Store(inner(body, "Id"), inner(body, "customer"))
	case "CreateSalesOrder", "UpdateSalesOrder":
		document := inner(body, "salesOrder")
		id := inner([]byte(document), "Id")
		s.documents.Store(id, document)
		s.mu.Lock()
		if _, twice := s.created[id]; twice && operation == "CreateSalesOrder" {
			s.doubles++
		}
		s.created[id] = time.Now()
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if strings.HasPrefix(operation, "Get") {
		result = "<" + operation + "Result>" + result + "</" + operation + "Result>"
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(soapHead, "%s", operation)+result+strings.ReplaceAll(soapFoot, "%s", operation)) //nolint:gosec // no browser reads it
}

// inner is what the first element of a name contains.
func inner(body []byte, name string) string {
	_, rest, ok := bytes.Cut(body, []byte("<"+name+">"))
	if !ok {
		return ""
	}
	text, _, _ := bytes.Cut(rest, []byte("</"+name+">"))
	return string(text)
}
