package gp

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// element is a node of a parsed message, with every name resolved.
type element struct {
	xml.Name
	attrs    []xml.Attr
	children []*element
	text     string
	scope    map[string]string // prefixes in force, for QNames in values
}

// errMalformed is a body that is no XML that a WCF reader accepts.
var errMalformed = errors.New("malformed message")

// parseXML reads a document into a tree. Like the WCF text reader it refuses
// document type declarations and characters that XML can't carry.
func parseXML(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	var root *element
	var stack []*element
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errMalformed, err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, fmt.Errorf("%w: a DTD is not allowed", errMalformed)
		case xml.StartElement:
			e := &element{Name: t.Name, attrs: append([]xml.Attr(nil), t.Attr...)}
			switch {
			case len(stack) > 0:
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, e)
				e.scope = parent.scope
			case root != nil:
				return nil, fmt.Errorf("%w: two roots", errMalformed)
			default:
				root = e
			}
			e.openScope()
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
	if root == nil {
		return nil, fmt.Errorf("%w: no root element", errMalformed)
	}
	return root, nil
}

// openScope adds the prefixes that e declares to those of its parent.
func (e *element) openScope() {
	copied := false
	for _, a := range e.attrs {
		prefix := ""
		switch {
		case a.Name.Space == "xmlns":
			prefix = a.Name.Local
		case a.Name.Space == "" && a.Name.Local == "xmlns":
		default:
			continue
		}
		if !copied {
			scope := make(map[string]string, len(e.scope)+1)
			for k, v := range e.scope {
				scope[k] = v
			}
			e.scope, copied = scope, true
		}
		e.scope[prefix] = a.Value
	}
}

func (e *element) attr(ns, local string) (string, bool) {
	for _, a := range e.attrs {
		if a.Name.Space == ns && a.Name.Local == local {
			return a.Value, true
		}
	}
	return "", false
}

// isNil reports xsi:nil="true".
func (e *element) isNil() bool {
	v, _ := e.attr(nsXSI, "nil")
	return v == "true" || v == "1"
}

// xsiType is the type that the sender names, if it does.
func (e *element) xsiType() (xml.Name, bool) {
	v, ok := e.attr(nsXSI, "type")
	if !ok {
		return xml.Name{}, false
	}
	prefix, local, found := strings.Cut(strings.TrimSpace(v), ":")
	if !found {
		prefix, local = "", prefix
	}
	return xml.Name{Space: e.scope[prefix], Local: local}, true
}

func (e *element) child(ns, local string) *element {
	for _, c := range e.children {
		if c.Space == ns && c.Local == local {
			return c
		}
	}
	return nil
}
