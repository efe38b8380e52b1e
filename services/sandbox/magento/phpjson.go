package magento

import (
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// phpWriter appends JSON as PHP's json_encode prints it without flags: slashes
// as \/, everything outside ASCII as \uXXXX, and no key for a null value, as
// Magento's service output leaves it out (Magento core,
// Framework/Webapi/ServiceOutputProcessor).
type phpWriter struct {
	buf []byte
	// precise prints numbers with 17 digits, as PHP does with
	// serialize_precision=17.
	precise bool
	// model prints money as the text of its database column, such as
	// "12.0000", the way a PHP model is sent to a webhook.
	model bool
	// flags prints a column of 0 and 1 as a boolean, as I/O Events have it.
	flags bool
}

// flagColumns hold 0 or 1.
var flagColumns = map[string]bool{
	"customer_is_guest": true, "customer_note_notify": true, "email_sent": true, "is_virtual": true, "is_qty_decimal": true,
	"free_shipping": true, "no_discount": true,
}

// key writes the comma if one is needed, and the key unless it is empty.
func (w *phpWriter) key(name string) {
	if n := len(w.buf); n > 0 {
		switch w.buf[n-1] {
		case '{', '[', ':':
		default:
			w.buf = append(w.buf, ',')
		}
	}
	if name != "" {
		w.buf = append(w.buf, '"')
		w.buf = append(w.buf, name...)
		w.buf = append(w.buf, '"', ':')
	}
}

// object writes {…} under name; inside a list name is empty.
func (w *phpWriter) object(name string, body func()) {
	w.key(name)
	w.buf = append(w.buf, '{')
	body()
	w.buf = append(w.buf, '}')
}

func (w *phpWriter) list(name string, body func()) {
	w.key(name)
	w.buf = append(w.buf, '[')
	body()
	w.buf = append(w.buf, ']')
}

// text leaves an empty text out: the sandbox keeps null as "".
func (w *phpWriter) text(name, v string) {
	if v != "" {
		w.textAlways(name, v)
	}
}

func (w *phpWriter) textAlways(name, v string) {
	w.key(name)
	w.buf = appendPHPString(w.buf, v)
}

func (w *phpWriter) int(name string, v int64) {
	if w.flags && flagColumns[name] {
		w.bool(name, v == 1)
		return
	}
	w.key(name)
	w.buf = strconv.AppendInt(w.buf, v, 10)
}

// id leaves a missing reference out.
func (w *phpWriter) id(name string, v int64) {
	if v != 0 {
		w.int(name, v)
	}
}

func (w *phpWriter) bool(name string, v bool) {
	w.key(name)
	w.buf = strconv.AppendBool(w.buf, v)
}

func (w *phpWriter) null(name string) { w.raw(name, []byte("null")) }

func (w *phpWriter) raw(name string, v []byte) {
	w.key(name)
	w.buf = append(w.buf, v...)
}

// number writes a decimal. PHP holds it in a double, so a precise writer shows
// the double's noise; nothing is ever computed from that form.
func (w *phpWriter) number(name string, d decimal.Decimal) {
	w.key(name)
	switch {
	case w.model:
		w.buf = append(w.buf, '"')
		w.buf = append(w.buf, d.StringFixed(4)...)
		w.buf = append(w.buf, '"')
	case w.precise && !d.IsInteger():
		double, _ := d.Float64()
		w.buf = strconv.AppendFloat(w.buf, double, 'g', 17, 64)
	default:
		w.buf = append(w.buf, d.String()...)
	}
}

const hexDigits = "0123456789abcdef"

func appendPHPString(b []byte, s string) []byte {
	b = append(b, '"')
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		s = s[size:]
		switch {
		case r == '"' || r == '\\' || r == '/':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r == '\t':
			b = append(b, '\\', 't')
		case r >= 0x20 && r < 0x7f:
			b = append(b, byte(r))
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			b = appendUnicodeEscape(appendUnicodeEscape(b, hi), lo)
		default:
			b = appendUnicodeEscape(b, r)
		}
	}
	return append(b, '"')
}

func appendUnicodeEscape(b []byte, r rune) []byte {
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// appendPHPValue prints a decoded JSON value; numbers keep their spelling.
func appendPHPValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		w := phpWriter{buf: append(b, '{')}
		for _, name := range sortedKeys(v) {
			if len(w.buf) > 0 && w.buf[len(w.buf)-1] != '{' {
				w.buf = append(w.buf, ',')
			}
			w.buf = append(appendPHPString(w.buf, name), ':')
			w.buf = appendPHPValue(w.buf, v[name])
		}
		return append(w.buf, '}')
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendPHPValue(b, e)
		}
		return append(b, ']')
	case string:
		return appendPHPString(b, v)
	case json.Number:
		return append(b, v...)
	case int:
		return strconv.AppendInt(b, int64(v), 10)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	default:
		return append(b, "null"...)
	}
}
