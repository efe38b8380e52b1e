package gp

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// object is a value of a complexType by the names of its elements: text is a
// string, a complexType an object, an array []object; money and quantity write
// themselves; a *node is written as it was read. Nothing ("", an empty object,
// nil) is the same as no entry.
type object map[string]any

// key is an object with an Id, or nothing.
func key(id string) object {
	if id == "" {
		return nil
	}
	return object{"Id": id}
}

// boolean is true, false, or nothing.
func boolean(b *bool) string {
	if b == nil {
		return ""
	}
	return fmt.Sprint(*b)
}

// yes is true, or nothing.
func yes(b bool) string {
	if !b {
		return ""
	}
	return "true"
}

// envelope writes the SOAP message of an operation.
func envelope(operation string, params object) ([]byte, error) {
	w := writer{indent: 2}
	w.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<s:Envelope xmlns:s="` + nsSOAP + `" xmlns:x="` + nsXSI + `" xmlns:d="` + nsDyn + `">` + "\n <s:Body>")
	err := w.nested(operation, ` xmlns="`+nsGP+`"`, func() error { return w.complex(operation, params) })
	if err != nil {
		e := failure.Of(err)
		e.Unsent = true
		return nil, e
	}
	w.WriteString("\n </s:Body>\n</s:Envelope>\n")
	return w.Bytes(), nil
}

// writer writes objects by the schema. The default namespace is nsGP, the
// prefixes are x for xsi and d for nsDyn.
type writer struct {
	bytes.Buffer
	indent int
}

func (w *writer) line(s string) {
	w.WriteByte('\n')
	w.WriteString(strings.Repeat(" ", w.indent))
	w.WriteString(s)
}

func (w *writer) leaf(tag, attributes, text string) {
	w.line("<" + tag + attributes + ">")
	_ = xml.EscapeText(w, []byte(text)) // a bytes.Buffer never fails
	w.WriteString("</" + tag + ">")
}

func (w *writer) nested(tag, attributes string, content func() error) error {
	w.line("<" + tag + attributes + ">")
	w.indent++
	err := content()
	w.indent--
	w.line("</" + tag + ">")
	return err
}

// complex writes o's elements in the order of its type. An entry that the type
// doesn't have is a bug here, and must not be lost in silence.
func (w *writer) complex(of string, o object) error {
	known := 0
	for _, e := range schema[of] {
		value, ok := o[e.name]
		if ok {
			known++
		}
		if err := w.element(e, value); err != nil {
			return err
		}
	}
	if known != len(o) {
		return failure.Defect("gp.schema", fmt.Sprintf("the schema's %q lacks an element of %v", of, o), nil)
	}
	return nil
}

// element writes one element, or what stands for it when it has no value.
func (w *writer) element(e element, value any) error {
	tag, attributes := e.name, ""
	if e.ns == nsDyn {
		tag = "d:" + tag
	}
	if e.abstract {
		attributes = ` x:type="` + prefixOf(e.of) + e.of + `"`
	}
	switch v := value.(type) {
	case nil:
	case *node:
		return w.node(xml.Name{Space: e.ns, Local: e.name}, v, nsGP)
	case interface{ object() (object, error) }:
		o, err := v.object()
		if err != nil {
			return in(e.name, err)
		}
		return w.element(e, o)
	case []object:
		if len(v) > 0 {
			return w.nested(tag, "", func() error { return w.array(e.of, v) })
		}
	case object:
		if len(v) > 0 || v != nil && len(schema[e.of]) == 0 {
			return w.nested(tag, attributes, func() error { return w.complex(e.of, v) })
		}
	case string:
		text, err := e.clean(v)
		if err != nil {
			return err
		}
		if text != "" {
			w.leaf(tag, "", text)
			return nil
		}
	default:
		return failure.Defect("gp.schema", fmt.Sprintf("%s is a %T", e.name, value), nil)
	}
	switch {
	case e.nillable:
		w.line("<" + tag + ` x:nil="true"/>`)
	case e.preset != "":
		w.leaf(tag, "", e.preset)
	case e.required:
		return failure.Rejected("gp.required", e.name, "GP must have a value here", "map one in the flow")
	}
	return nil
}

// prefixOf is that of the namespace which declares a type.
func prefixOf(name string) string {
	if elements := schema[name]; len(elements) > 0 && elements[len(elements)-1].ns == nsDyn {
		return "d:"
	}
	return ""
}

func (w *writer) array(of string, items []object) error {
	for _, o := range items {
		if err := w.nested(of, "", func() error { return w.complex(of, o) }); err != nil {
			return err
		}
	}
	return nil
}

// clean brings text under the rules of its column, or under those of all text.
func (e element) clean(text string) (string, error) {
	if e.column != "" {
		return Clean(e.column, text)
	}
	return cleanText("text", e.name, text)
}

// in names the element in a failure that doesn't know where it is.
func in(name string, err error) error {
	if e := failure.Of(err); e.Field == "" {
		e.Field = name
	}
	return err
}

// node writes what was read, under another name but otherwise as it was: its
// namespaces, attributes and text. Prefixes are ours, because those that it
// had were declared elsewhere.
func (w *writer) node(name xml.Name, n *node, scope string) error {
	tag, attributes := name.Local, ""
	switch name.Space {
	case nsDyn:
		tag = "d:" + tag
	case scope:
	default:
		scope = name.Space
		attributes = declare("", scope)
	}
	switch n.kind.Space {
	case "":
	case nsDyn:
		attributes += ` x:type="d:` + n.kind.Local + `"`
	case scope:
		attributes += ` x:type="` + n.kind.Local + `"`
	default:
		attributes += declare(":t", n.kind.Space) + ` x:type="t:` + n.kind.Local + `"`
	}
	for i, a := range n.attributes {
		prefix := ""
		if a.Name.Space != "" {
			prefix = fmt.Sprintf("a%d:", i)
			attributes += declare(":"+prefix[:len(prefix)-1], a.Name.Space)
		}
		attributes += " " + prefix + a.Name.Local + `="` + escaped(a.Value) + `"`
	}
	switch {
	case n.null:
		w.line("<" + tag + attributes + ` x:nil="true"/>`)
	case len(n.children) == 0:
		w.leaf(tag, attributes, n.content)
	default:
		return w.nested(tag, attributes, func() error {
			for _, c := range n.children {
				if err := w.node(c.name, c, scope); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return nil
}

func declare(prefix, ns string) string { return " xmlns" + prefix + `="` + escaped(ns) + `"` }

func escaped(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder never fails
	return b.String()
}
