package gp

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// maxMessage is the largest request that is read, a WCF quota.
const maxMessage = 16 << 20

// message is a request: the action of its header and the one body element.
type message struct {
	action string // as sent, without quotes
	body   *element
	raw    string
}

// errContentType is a content type that the binding doesn't expect.
var errContentType = errors.New("unexpected content type")

// readMessage reads a SOAP 1.1 request.
func readMessage(w http.ResponseWriter, r *http.Request) (message, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "text/xml" {
		return message{}, errContentType
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err != nil {
		return message{}, fmt.Errorf("read request: %w", err)
	}
	root, err := parseXML(raw)
	if err != nil {
		return message{}, err
	}
	m := message{action: strings.Trim(r.Header.Get("SOAPAction"), `"`), raw: string(raw)}
	if root.Space != nsSOAP || root.Local != "Envelope" {
		return m, fmt.Errorf("%w: root is {%s}%s", errMalformed, root.Space, root.Local)
	}
	body := root.child(nsSOAP, "Body")
	if body == nil || len(body.children) != 1 {
		return m, fmt.Errorf("%w: no body, or not one element in it", errMalformed)
	}
	m.body = body.children[0]
	return m, nil
}

const (
	envelopeStart = `<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body xmlns:xsi="` + nsXSI + `" xmlns:xsd="` + nsXSD + `">`
	envelopeEnd   = `</s:Body></s:Envelope>`
)

// answer is the response of an operation: empty for writes, a result for reads.
func (s *Server) answer(op *operation, result any) ([]byte, error) {
	e := &encoder{company: int64(s.cfg.Company), pad: s.cfg.PadText}
	e.WriteString(envelopeStart)
	name := xml.Name{Space: nsGP, Local: op.name + "Response"}
	if op.result.name == "" {
		fmt.Fprintf(e, `<%s xmlns="%s"/>`, name.Local, name.Space)
		e.WriteString(envelopeEnd)
		return e.Bytes(), nil
	}
	e.start(name, nsSOAP)
	if err := e.field(op.result, result, nsGP, false); err != nil {
		return nil, err
	}
	e.end(name)
	e.WriteString(envelopeEnd)
	return e.Bytes(), nil
}

func (f *fault) envelope() []byte {
	var b strings.Builder
	b.WriteString(`<s:Envelope xmlns:s="` + nsSOAP + `"><s:Body><s:Fault><faultcode`)
	if f.code.Space != nsSOAP {
		fmt.Fprintf(&b, ` xmlns:%s="%s"`, f.prefix, f.code.Space)
	}
	fmt.Fprintf(&b, `>%s:%s</faultcode><faultstring xml:lang="en-US">`, f.prefix, f.code.Local)
	_ = xml.EscapeText(&b, []byte(f.text)) // a strings.Builder doesn't fail
	b.WriteString(`</faultstring>`)
	if f.detail != "" {
		b.WriteString(`<detail>` + f.detail + `</detail>`)
	}
	b.WriteString(`</s:Fault></s:Body></s:Envelope>`)
	return []byte(b.String())
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil { //nolint:gosec // XML, with all values escaped
		s.log.DebugContext(r.Context(), "answer not delivered", "error", err) // the caller is gone
	}
}
