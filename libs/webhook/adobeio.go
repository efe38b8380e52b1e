package webhook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// maxEvents is how many events one delivery may hold; Adobe batches 100 at most
// or 2 MB, whatever comes first.
const maxEvents = 1000

// CloudEvent is one event of a delivery of Adobe I/O Events, in CloudEvents'
// structured JSON.
type CloudEvent struct {
	// ID names the event: the same one in each repetition.
	ID string
	// Type is com.adobe.commerce.<code>, or with an id of the merchant between.
	Type string
	// Recipient is the client id of the project that the event is for.
	Recipient string
	// Record is the store's record with the subscribed fields, as JSON.
	Record json.RawMessage
	// Raw is the whole event.
	Raw json.RawMessage
}

// envelope is what is read of a CloudEvent. The members with an underline are
// sent beside the others until the end of 2026 (Adobe's docs, events/support/faq).
type envelope struct {
	ID             string          `json:"id"`
	Type           string          `json:"type"`
	EventID        string          `json:"eventid"`
	OldEventID     string          `json:"event_id"`
	RecipientID    string          `json:"recipientclientid"`
	OldRecipientID string          `json:"recipient_client_id"`
	Data           json.RawMessage `json:"data"`
}

// CloudEvents reads the body of a delivery: one event, or a list of them. Its
// errors are as those of [Parse].
func CloudEvents(body []byte) ([]CloudEvent, error) {
	var list []json.RawMessage
	if !isList(body) {
		list = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &list); err != nil {
		return nil, notCloudEvents(err)
	}
	if len(list) > maxEvents {
		return nil, failure.Rejected("webhook.batch", "", fmt.Sprintf("the body has %d events, the limit is %d", len(list), maxEvents), "deliver fewer at once")
	}
	out := make([]CloudEvent, len(list))
	for i, raw := range list {
		var e envelope
		if err := json.Unmarshal(raw, &e); err != nil {
			return nil, notCloudEvents(err)
		}
		out[i] = CloudEvent{
			ID: cmp.Or(e.EventID, e.OldEventID, e.ID), Type: e.Type,
			Recipient: cmp.Or(e.RecipientID, e.OldRecipientID), Record: recordOf(e.Data), Raw: raw,
		}
	}
	return out, nil
}

func isList(body []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) }

// recordOf gives data.value, or data where a store sends the record itself.
func recordOf(data json.RawMessage) json.RawMessage {
	var inner struct {
		Value json.RawMessage `json:"value"`
	}
	if json.Unmarshal(data, &inner) == nil && inner.Value != nil {
		return inner.Value
	}
	return data
}

func notCloudEvents(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return failure.Defect("webhook.syntax", syntax.Error(), &SyntaxError{Offset: int(syntax.Offset)})
	}
	field := ""
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		field = wrong.Field
	}
	return failure.Rejected("webhook.not_cloudevent", field, "the body is no CloudEvent and no list of them",
		"let Adobe I/O Events deliver to this URL, and nothing else")
}

// Notice reads which record the event is about. Its errors are as those of [Parse].
func (e CloudEvent) Notice() (Notice, error) {
	if e.Type == "" || !printable(e.Type) {
		return Notice{}, failure.Rejected("webhook.event_missing", "type", "the event has no type, or none of at most 128 printable characters", "let Adobe I/O Events deliver to this URL, and nothing else")
	}
	if len(e.Record) == 0 {
		return Notice{Event: e.Type}, failure.Rejected("webhook.no_record", "data.value", "the event has no record", "subscribe fields of the record")
	}
	s := sight{body: e.Record}
	if err := s.look(); err != nil {
		return Notice{Event: e.Type}, err
	}
	n, err := s.notice(e.Type)
	n.DeliveryID = e.ID
	return n, err
}

// Entity is what the event's type is about; "" when it is not known.
func (e CloudEvent) Entity() string {
	as, _ := lookUp(e.Type)
	return as.entity
}

// verifyAdobeIO checks that Adobe signed the body for our project. Of the two
// signatures one has to fit (Adobe's aio-lib-events, signatureUtils.js).
func (v *Verifier) verifyAdobeIO(ctx context.Context, h http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, keyWait)
	defer cancel()
	sum := sha256.Sum256(body)
	refusal := v.refuse("signature_missing", "neither X-Adobe-Digital-Signature-1 nor -2 is there with the path of its key",
		"let Adobe I/O Events deliver to this URL, and nothing else")
	var unfetched error
	for _, n := range []string{"1", "2"} {
		signature, path := h.Get("X-Adobe-Digital-Signature-"+n), h.Get("X-Adobe-Public-Key"+n+"-Path")
		switch {
		case signature == "" || path == "":
			continue
		case !keyPath.MatchString(path):
			refusal = v.refuse("key_foreign", "the key's path is not of Adobe's form /prod/keys/NAME.pem", "let no proxy change the headers")
			continue
		}
		key, err := v.adobe.get(ctx, path)
		switch {
		case err != nil:
			unfetched = err
		case signedBy([]*rsa.PublicKey{key}, sum[:], signature):
			return v.isForUs(body)
		default:
			refusal = v.refuse("signature_wrong", "Adobe's key does not fit the signature", "let no proxy change the body")
		}
	}
	if unfetched != nil {
		return unfetched
	}
	return refusal
}

// isForUs checks the recipient: Adobe signs the events of all its customers
// with the same keys. A body that can't be read has none, and is told from a
// foreign one by [CloudEvents].
func (v *Verifier) isForUs(body []byte) error {
	list, err := CloudEvents(body)
	if err != nil {
		return nil //nolint:nilerr // Adobe signed it; who reads it will say what is wrong
	}
	for _, e := range list {
		if e.Recipient != v.cfg.ClientID {
			return failure.Rejected("webhook.recipient", "recipientclientid", "the event is for another project than the configured one",
				"compare client_id with the project's client id in Adobe's Developer Console").Because(ErrSignature)
		}
	}
	return nil
}

// ValidationURL gives the URL that Adobe wants to be called to prove that this
// address takes its events; "" where the body is no such request. It comes
// unsigned, so only Adobe's own host is believed.
func ValidationURL(body []byte) (string, error) {
	var request struct {
		URL *string `json:"validationUrl"`
	}
	if !bytes.Contains(body, []byte(`"validationUrl"`)) {
		return "", nil // nearly every body: it is not read for this
	}
	if err := json.Unmarshal(body, &request); err != nil || request.URL == nil {
		return "", nil //nolint:nilerr // it is something else; who reads it will say what is wrong
	}
	u, err := url.Parse(*request.URL)
	if err != nil || u.Scheme != "https" || u.User != nil || !isAdobe(u) {
		return "", failure.Rejected("webhook.validation", "validationUrl", "it is no https URL of Adobe's "+strings.Join(validationHosts, ", "),
			"nothing is to be done: Adobe did not send this")
	}
	return u.String(), nil
}

// validationHosts are those that a validation URL may name; a dot stands for
// all below.
var validationHosts = []string{"csm.adobe.io", ".adobe.io"}

func isAdobe(u *url.URL) bool {
	host := strings.ToLower(u.Host) // with its port, which must be none
	for _, allowed := range validationHosts {
		if host == allowed || strings.HasPrefix(allowed, ".") && strings.HasSuffix(host, allowed) {
			return true
		}
	}
	return false
}
