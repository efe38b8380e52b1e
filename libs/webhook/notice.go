package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// Limits of what is read.
const (
	// MaxBody is the longest body, in bytes; an order of a thousand rows has 3 MB.
	MaxBody = 8 << 20
	// MaxDepth is how deep a body may be nested; an order has about 12 levels.
	MaxDepth = 64
	// maxText is the longest key, event or delivery id that is believed:
	// increment_id has 50 characters (Magento core, Sales/etc/db_schema.xml), a
	// SKU 64.
	maxText = 128
)

// Notice is what a webhook tells: look at this record again.
type Notice struct {
	// Event is the event as it was sent, empty when there was none.
	Event string
	// Entity is "order", "customer", "product" or "stock".
	Entity string
	// Key is the business key: the increment id of an order, the SKU of a
	// product or its stock. A customer has none in a webhook.
	Key string
	// ID is Magento's internal number of the entity (entity_id), 0 if unknown.
	// It is always there when Key is empty.
	ID int64
	// StoreID is store_id, 0 if absent.
	StoreID int64
	// DeliveryID tells a repeated delivery from a new one, if the sender gives one.
	DeliveryID string
	// Stamp is updated_at as it was sent: UTC in REST's shape, but PHP models may
	// render it in the store's locale.
	Stamp string
}

// SyntaxError says where a body stops being JSON.
type SyntaxError struct{ Offset int }

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the body is not JSON from byte %d on", e.Offset)
}

// Parse reads which record the webhook is about. pathSuffix is what follows the
// webhook's own path in the URL, for EventIn "path". Errors are of the kinds
// that package failure names; a [*SyntaxError] or [*UnknownEventError] is in
// their chain. The bodies of "adobe-io" are read by [CloudEvents].
func Parse(cfg Config, h http.Header, pathSuffix string, body []byte) (Notice, error) {
	if len(body) > MaxBody {
		return Notice{}, failure.Rejected("webhook.too_large", "", fmt.Sprintf("the body has %d bytes, the limit is %d", len(body), MaxBody),
			"send fewer fields; Magpie reads the record by itself")
	}
	s := sight{body: body}
	for _, place := range cfg.eventPlaces() {
		if name, ok := strings.CutPrefix(place, "body:"); ok {
			s.eventName = name
		}
	}
	if err := s.look(); err != nil {
		return Notice{}, err
	}
	event, err := cfg.event(h, pathSuffix, s.event)
	if err != nil {
		return Notice{}, err
	}
	n, err := s.notice(event)
	n.DeliveryID = deliveryID(h)
	return n, err
}

// event gives the event's name, empty when the shape must tell.
func (c Config) event(h http.Header, pathSuffix, inBody string) (string, error) {
	event := c.Event
	for _, place := range c.eventPlaces() {
		where, name, _ := strings.Cut(place, ":")
		switch where {
		case "body":
			event = inBody
		case "header":
			event = strings.TrimSpace(h.Get(name))
		case "path":
			event = strings.Trim(pathSuffix, "/")
		}
		if event != "" {
			return event, nil
		}
	}
	if c.EventIn == "path" || strings.HasPrefix(c.EventIn, "header:") {
		return "", failure.Rejected("webhook.event_missing", c.EventIn, "the event is not named there",
			"let the store send it, or set event_in to none to recognise records by their shape")
	}
	return "", nil
}

// look reads the body once from end to end.
func (s *sight) look() error {
	s.scan.Reset(s.body, MaxDepth)
	err := s.walk()
	if err == nil {
		if _, err = s.scan.Next(); errors.Is(err, io.EOF) {
			return nil
		}
	}
	var syntax *jsonscan.SyntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	if syntax.TooDeep {
		return failure.Rejected("webhook.too_deep", "", fmt.Sprintf("the body is nested deeper than %d levels", MaxDepth),
			"send the fields of the record only")
	}
	return failure.Defect("webhook.syntax", syntax.Reason, &SyntaxError{Offset: syntax.Offset})
}

// deliveryHeaders name one delivery, the most telling first.
var deliveryHeaders = []string{
	"X-Magpie-Delivery", "X-Webhook-Delivery", "X-Hub-Delivery", "X-Adobe-Event-Id",
}

// requestHeaders name one request; a proxy may have set them.
var requestHeaders = []string{"X-Adobe-Commerce-Request-Id", "X-Request-Id"}

func deliveryID(h http.Header) string {
	if id := firstID(h, deliveryHeaders); id != "" {
		return id
	}
	var others []string
	for name := range h {
		if strings.HasPrefix(name, "X-") && (strings.HasSuffix(name, "-Delivery") || strings.HasSuffix(name, "-Delivery-Id")) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	if id := firstID(h, others); id != "" {
		return id
	}
	return firstID(h, requestHeaders)
}

// firstID gives the first of the headers that may be an id.
func firstID(h http.Header, names []string) string {
	for _, name := range names {
		if id := strings.TrimSpace(h.Get(name)); id != "" && printable(id) {
			return id
		}
	}
	return ""
}

// printable tells whether a text may be a key, an event or an id.
func printable(s string) bool {
	if len(s) > maxText {
		return false
	}
	for _, r := range s {
		if r < ' ' || r == 0x7F || r == '\uFFFD' {
			return false
		}
	}
	return true
}
