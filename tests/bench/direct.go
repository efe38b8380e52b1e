package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"
)

// direct is the shortest program that goes the way of an order: webhook,
// stream, read the order, map it, SOAP, stream, comment. It has neither claims
// nor retries, no sweep, no dead letters and no trace: what it costs is what the
// way itself costs, and what it loses or writes twice is what they are for.
func direct(args []string) error {
	var d directProgram
	flags := flag.NewFlagSet("direct", flag.ContinueOnError)
	listen := flags.String("listen", "127.0.0.1:0", "address of the door")
	store := flags.String("store", "", "folder of the stream")
	sync := flags.String("sync", "always", "always or default")
	flags.StringVar(&d.shop, "shop", "", "the store's URL")
	flags.StringVar(&d.company, "company", "", "GP's URL")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	ns, err := server.NewServer(&server.Options{
		ServerName: "direct", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: *store, SyncAlways: *sync == "always",
	})
	if err != nil {
		return err
	}
	ns.Start()
	defer ns.Shutdown()
	if !ns.ReadyForConnections(10 * time.Second) {
		return fmt.Errorf("NATS did not start")
	}
	nc, err := nats.Connect("", nats.InProcessServer(ns))
	if err != nil {
		return err
	}
	if d.js, err = jetstream.New(nc); err != nil {
		return err
	}
	d.client = client(lanes)
	d.client.Timeout = time.Minute
	for _, leg := range []struct {
		stream string
		handle func(context.Context, jetstream.Msg) error
	}{{"hooks", d.write}, {"written", d.tell}} {
		if err := d.consume(ctx, leg.stream, leg.handle); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hook", d.hook)
	mux.HandleFunc("GET /ready", func(http.ResponseWriter, *http.Request) {})
	door := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = door.Close() })
	if err := door.ListenAndServe(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// lanes are the orders that are under way at once, as in Magpie's configuration.
const lanes = 32

type directProgram struct {
	shop, company string
	js            jetstream.JetStream
	client        *http.Client
}

// consume runs a handler over a stream of its own.
func (d *directProgram) consume(ctx context.Context, name string, handle func(context.Context, jetstream.Msg) error) error {
	stream, err := d.js.CreateStream(ctx, jetstream.StreamConfig{Name: strings.ToUpper(name), Subjects: []string{name + ".*"}})
	if err != nil {
		return err
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{Durable: name, MaxAckPending: 2 * lanes})
	if err != nil {
		return err
	}
	slots := make(chan struct{}, lanes)
	_, err = consumer.Consume(func(m jetstream.Msg) {
		slots <- struct{}{}
		go func() {
			defer func() { <-slots }()
			if handle(ctx, m) == nil {
				_ = m.Ack()
			} else {
				_ = m.NakWithDelay(time.Second)
			}
		}()
	}, jetstream.PullMaxMessages(lanes))
	return err
}

func (d *directProgram) hook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	mac := hmac.New(sha256.New, []byte(webhookSecret))
	mac.Write(body)
	var event struct {
		Data struct {
			Order struct {
				IncrementID string `json:"increment_id"`
			} `json:"order"`
		} `json:"data"`
	}
	switch {
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	case r.Header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)):
		w.WriteHeader(http.StatusUnauthorized)
	case json.Unmarshal(body, &event) != nil:
		w.WriteHeader(http.StatusBadRequest)
	default:
		if _, err := d.js.Publish(r.Context(), "hooks."+event.Data.Order.IncrementID, body); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
}

type directOrder struct {
	EntityID  json.Number     `json:"entity_id"`
	Increment string          `json:"increment_id"`
	Customer  json.Number     `json:"customer_id"`
	Currency  string          `json:"order_currency_code"`
	CreatedAt string          `json:"created_at"`
	Shipping  decimal.Decimal `json:"shipping_amount"`
	Tax       decimal.Decimal `json:"tax_amount"`
	Discount  decimal.Decimal `json:"discount_amount"`
	Bill      struct {
		Street   []string `json:"street"`
		City     string   `json:"city"`
		Region   string   `json:"region_code"`
		Postcode string   `json:"postcode"`
		Country  string   `json:"country_id"`
	} `json:"billing_address"`
	Items []struct {
		SKU      string          `json:"sku"`
		Name     string          `json:"name"`
		Quantity decimal.Decimal `json:"qty_ordered"`
		Price    decimal.Decimal `json:"price"`
		Total    decimal.Decimal `json:"row_total"`
	} `json:"items"`
}

// write reads the order, maps it, and creates its document.
func (d *directProgram) write(ctx context.Context, m jetstream.Msg) error {
	_, increment, _ := strings.Cut(m.Subject(), ".")
	query := "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=increment_id" +
		"&searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=" + increment
	body, err := d.call(ctx, http.MethodGet, d.shop+"/rest/V1/orders?"+query, nil, nil)
	if err != nil {
		return err
	}
	var found struct {
		Items []directOrder `json:"items"`
	}
	if err := json.Unmarshal(body, &found); err != nil || len(found.Items) != 1 {
		return fmt.Errorf("order %s: %d found: %w", increment, len(found.Items), err)
	}
	order := found.Items[0]
	header := map[string]string{"SOAPAction": `"http://schemas.microsoft.com/dynamics/gp/2006/01/CreateSalesOrder"`, "Content-Type": "text/xml"}
	if _, err := d.call(ctx, http.MethodPost, d.company+"/Dynamics/GPService", soapOrder(order), header); err != nil {
		return err
	}
	told, err := json.Marshal(map[string]string{"id": order.EntityID.String(), "sop": "WEB" + order.Increment})
	if err != nil {
		return err
	}
	_, err = d.js.Publish(ctx, "written."+increment, told)
	return err
}

func soapOrder(o directOrder) []byte {
	var b bytes.Buffer
	text := func(name, value string) {
		b.WriteString("<" + name + ">")
		_ = xml.EscapeText(&b, []byte(value))
		b.WriteString("</" + name + ">")
	}
	money := func(name string, v decimal.Decimal) {
		b.WriteString("<" + name + "><Currency>" + o.Currency + "</Currency><Value>" + v.StringFixed(2) + "</Value></" + name + ">")
	}
	b.WriteString(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><CreateSalesOrder xmlns="http://schemas.microsoft.com/dynamics/gp/2006/01"><salesOrder>`)
	b.WriteString("<Key>")
	text("Id", "WEB"+o.Increment)
	b.WriteString("</Key>")
	text("Date", strings.Replace(o.CreatedAt, " ", "T", 1))
	money("FreightAmount", o.Shipping)
	money("TaxAmount", o.Tax)
	text("CustomerPONumber", o.Increment)
	b.WriteString("<CustomerKey>")
	text("Id", "WEB"+o.Customer.String())
	b.WriteString("</CustomerKey><ShipToAddress>")
	text("Line1", strings.Join(o.Bill.Street, ", "))
	text("City", o.Bill.City)
	text("State", o.Bill.Region)
	text("PostalCode", o.Bill.Postcode)
	text("CountryRegion", o.Bill.Country)
	b.WriteString("</ShipToAddress><Lines>")
	total := o.Shipping.Add(o.Tax).Add(o.Discount)
	for _, item := range o.Items {
		b.WriteString("<SalesOrderLine>")
		money("UnitPrice", item.Price)
		money("TotalAmount", item.Total)
		text("Quantity", item.Quantity.String())
		text("ItemDescription", item.Name)
		text("ItemKey", strings.ToUpper(item.SKU))
		b.WriteString("</SalesOrderLine>")
		total = total.Add(item.Total)
	}
	b.WriteString("</Lines>")
	money("TotalAmount", total)
	b.WriteString("</salesOrder></CreateSalesOrder></s:Body></s:Envelope>")
	return b.Bytes()
}

// tell comments the store's order.
func (d *directProgram) tell(ctx context.Context, m jetstream.Msg) error {
	var told struct{ ID, SOP string }
	if err := json.Unmarshal(m.Data(), &told); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{"statusHistory": map[string]any{
		"comment": "SOP order " + told.SOP + " in Dynamics GP", "status": "processing", "is_customer_notified": 0, "is_visible_on_front": 0,
	}})
	if err != nil {
		return err
	}
	_, err = d.call(ctx, http.MethodPost, d.shop+"/rest/V1/orders/"+told.ID+"/comments", body, map[string]string{"Content-Type": "application/json"})
	return err
}

func (d *directProgram) call(ctx context.Context, method, url string, body []byte, header map[string]string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer bench")
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d", url, response.StatusCode)
	}
	return answer, err
}
