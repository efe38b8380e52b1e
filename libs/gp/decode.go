package gp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/htmlindex"
)

// node is one element of an answer. Readers look at local names alone: a
// service which puts an element in another namespace is still understood.
// The methods accept a nil node, which has nothing.
type node struct {
	name       xml.Name
	kind       xml.Name   // xsi:type, its prefix resolved
	null       bool       // xsi:nil
	attributes []xml.Attr // the others
	content    string
	children   []*node
}

// maxDepth is far more than GP nests, and less than what hurts.
const maxDepth = 100

// parse reads a document. It accepts a byte order mark and encodings by name.
func parse(document []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(document, []byte("\uFEFF"))))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		e, err := htmlindex.Get(label)
		if err != nil {
			return nil, err
		}
		return e.NewDecoder().Reader(in), nil
	}
	var (
		root   *node
		open   []*node
		scopes []map[string]string // of prefixes, one for each open element
	)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if len(open) == maxDepth {
				return nil, fmt.Errorf("elements nest deeper than %d", maxDepth)
			}
			if err := namesOf(t); err != nil {
				return nil, err
			}
			n := &node{name: t.Name}
			scopes = append(scopes, n.read(t.Attr, scopes))
			switch {
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children, parent.content = append(parent.children, n), ""
			case root == nil:
				root = n
			default:
				return nil, errors.New("a second root element")
			}
			open = append(open, n)
		case xml.EndElement:
			open, scopes = open[:len(open)-1], scopes[:len(scopes)-1]
		case xml.CharData:
			if n := len(open); n > 0 && len(open[n-1].children) == 0 {
				open[n-1].content += string(t)
			}
		}
	}
	if root == nil {
		return nil, errors.New("no XML")
	}
	return root, nil
}

// namesOf checks what encoding/xml lets pass: it looks at a name with its prefix,
// so a:9 is one, but what is read here is written again without a's prefix.
func namesOf(t xml.StartElement) error {
	names := []string{t.Name.Local}
	for _, a := range t.Attr {
		names = append(names, a.Name.Local)
	}
	for _, name := range names {
		if r, _ := utf8.DecodeRuneInString(name); r != '_' && !unicode.IsLetter(r) {
			return fmt.Errorf("%q is no name of an element or attribute", name)
		}
	}
	return nil
}

// read takes the attributes, and gives the prefixes which they declare.
func (n *node) read(attributes []xml.Attr, outer []map[string]string) map[string]string {
	var prefixes map[string]string
	for _, a := range attributes {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			if prefixes == nil {
				prefixes = map[string]string{}
			}
			prefix := a.Name.Local
			if a.Name.Space == "" {
				prefix = ""
			}
			prefixes[prefix] = a.Value
		}
	}
	resolve := func(name string) xml.Name {
		prefix, local, ok := strings.Cut(strings.TrimSpace(name), ":")
		if !ok {
			prefix, local = "", prefix
		}
		if ns, ok := prefixes[prefix]; ok {
			return xml.Name{Space: ns, Local: local}
		}
		for i := len(outer) - 1; i >= 0; i-- {
			if ns, ok := outer[i][prefix]; ok {
				return xml.Name{Space: ns, Local: local}
			}
		}
		return xml.Name{Local: local}
	}
	for _, a := range attributes {
		switch {
		case a.Name.Space == "xmlns" || a.Name == xml.Name{Local: "xmlns"}:
		case a.Name == xml.Name{Space: nsXSI, Local: "nil"}:
			n.null = a.Value == "true" || a.Value == "1"
		case a.Name == xml.Name{Space: nsXSI, Local: "type"}:
			n.kind = resolve(a.Value)
		default:
			n.attributes = append(n.attributes, a)
		}
	}
	return prefixes
}

// at is the first element on the path, or nil.
func (n *node) at(path ...string) *node {
	for _, local := range path {
		n = n.child(local)
	}
	return n
}

func (n *node) child(local string) *node {
	if n != nil {
		for _, c := range n.children {
			if c.name.Local == local {
				return c
			}
		}
	}
	return nil
}

// all are the children of the array on the path.
func (n *node) all(path ...string) []*node {
	if n = n.at(path...); n != nil {
		return n.children
	}
	return nil
}

// walk visits n and everything below it.
func (n *node) walk(visit func(*node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

// text is the text on the path, without the blanks that pad a char column; an
// absent element and an xsi:nil have none.
func (n *node) text(path ...string) string {
	if n = n.at(path...); n == nil || n.null {
		return ""
	}
	return strings.TrimRightFunc(n.content, unicode.IsSpace)
}

// flag is nil when the element is absent or xsi:nil.
func (n *node) flag(path ...string) *bool {
	var b bool
	switch n.text(path...) {
	case "true", "1":
		b = true
	case "false", "0":
	default:
		return nil
	}
	return &b
}

func (n *node) yes(path ...string) bool {
	b := n.flag(path...)
	return b != nil && *b
}

// reading collects the first error of several conversions.
type reading struct{ err error }

func (r *reading) note(path []string, err error) {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", strings.Join(path, "/"), err)
	}
}

func (r *reading) date(n *node, path ...string) Date {
	d, err := ParseDate(n.text(path...))
	r.note(path, err)
	return d
}

func (r *reading) time(n *node, path ...string) (t time.Time) {
	if s := n.text(path...); s != "" {
		var err error
		t, err = parseTime(s)
		r.note(path, err)
	}
	return t
}

func (r *reading) int(n *node, path ...string) (i int) {
	if s := n.text(path...); s != "" {
		var err error
		i, err = strconv.Atoi(strings.TrimSpace(s))
		r.note(path, err)
	}
	return i
}

// amount reads the Value of a MoneyAmount, a Quantity or a Percent.
func (r *reading) amount(n *node, path ...string) decimal.NullDecimal {
	return r.decimal(n, append(slices.Clone(path), "Value")...)
}

// decimal reads an xs:decimal.
func (r *reading) decimal(n *node, path ...string) decimal.NullDecimal {
	s := strings.TrimSpace(n.text(path...))
	if s == "" {
		return decimal.NullDecimal{}
	}
	// An xs:decimal has no exponent, and one of 1e999999999 would fill the memory.
	if len(s) > 64 || strings.ContainsAny(s, "eE") {
		r.note(path, fmt.Errorf("%.64q is not a decimal", s))
		return decimal.NullDecimal{}
	}
	d, err := decimal.NewFromString(s)
	r.note(path, err)
	return decimal.NullDecimal{Decimal: d, Valid: err == nil}
}

func (r *reading) quantity(n *node, path ...string) decimal.Decimal {
	return r.amount(n, path...).Decimal
}
