package flow

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// RuleChange is one part of a flow's document that two versions have otherwise.
type RuleChange struct {
	// Path names the part: let.tax, write[0].fields.misc, tables.payment.klarna.
	Path string `json:"path"`
	// Old and New are its text; empty where that version has none. OldLine and
	// NewLine are where it stands.
	Old     string `json:"old"`
	New     string `json:"new"`
	OldLine int    `json:"oldLine,omitempty"`
	NewLine int    `json:"newLine,omitempty"`
}

// Rules lists where two versions of a flow differ, in the order of the newer
// one's document. Comments, order and layout are no difference.
func Rules(old, changed *Document) []RuleChange {
	before, after := partsOf(old), partsOf(changed)
	changes := []RuleChange{}
	for _, b := range after {
		i := slices.IndexFunc(before, func(a part) bool { return a.path == b.path })
		switch {
		case i < 0:
			changes = append(changes, RuleChange{Path: b.path, New: b.text, NewLine: b.line})
		case before[i].text != b.text:
			changes = append(changes, RuleChange{Path: b.path, Old: before[i].text, New: b.text, OldLine: before[i].line, NewLine: b.line})
		}
	}
	for _, a := range before {
		if !slices.ContainsFunc(after, func(b part) bool { return a.path == b.path }) {
			changes = append(changes, RuleChange{Path: a.path, Old: a.text, OldLine: a.line})
		}
	}
	return changes
}

// part is one thing that a document says.
type part struct {
	path, text string
	line       int
}

func partsOf(d *Document) []part {
	var all []part
	add := func(path, text string, line int) {
		if text != "" {
			all = append(all, part{path, text, line})
		}
	}
	add("on", d.On, d.onLine)
	add("with", strings.Join(d.With, ", "), 0)
	for _, s := range d.Settings {
		text := cmp.Or(textOf(s.Default), `""`)
		if len(s.Choices) > 0 {
			text += " of " + strings.Join(s.Choices, ", ")
		}
		add("settings."+s.Name, text, s.Line)
	}
	for _, t := range d.Tables {
		for key, row := range t.Rows {
			add("tables."+t.Name+"."+key, string(valueJSON(row)), t.Line)
		}
	}
	slices.SortStableFunc(all, func(a, b part) int { // rows have no order of their own
		if a.line == b.line {
			return strings.Compare(a.path, b.path)
		}
		return a.line - b.line
	})
	for _, l := range d.Let {
		add("let."+l.Name, l.Value.Source, l.Value.Line)
	}
	for _, c := range d.Checks {
		text, _ := json.Marshal([]string{c.That.Source, string(c.Else), c.Reason.Source, c.Fix.Source})
		path := "checks." + c.Code
		for n := 2; slices.ContainsFunc(all, func(p part) bool { return p.path == path }); n++ {
			path = fmt.Sprintf("checks.%s#%d", c.Code, n) // one code may have several
		}
		add(path, string(text), c.Line)
	}
	for i, w := range d.Write {
		path := fmt.Sprintf("write[%d]", i)
		add(path+".to", w.To, w.Line)
		add(path+".key", w.Key.Source, w.Key.Line)
		add(path+".mark", w.Mark.Source, w.Mark.Line)
		add(path+".withdraw", w.Withdraw.Source, w.Withdraw.Line)
		for j, c := range w.When {
			add(fmt.Sprintf("%s.when[%d]", path, j), c.That.Source+" else "+c.Else+" "+c.Say.Source, c.That.Line)
		}
		addFields(path+".fields", w.Fields, add)
	}
	return all
}

func addFields(path string, fields []Field, add func(path, text string, line int)) {
	for _, f := range fields {
		r, at := f.Rule, join(path, f.Name)
		add(at+".when", r.When.Source, r.When.Line)
		if r.As != "" {
			add(at+".each", r.Each.Source+" as "+r.As, r.Each.Line)
		}
		switch {
		case r.Const != nil:
			add(at, "const "+string(valueJSON(r.Const.Value)), r.Line)
		case !r.Value.IsZero():
			add(at, r.Value.Source, r.Value.Line)
		}
		addFields(at, r.Fields, add)
	}
}

var versionLine = regexp.MustCompile(`(?m)^(version[ \t]*:[ \t]*)[^\s#]+`)

// WithVersion gives a flow's text with another version number; all else,
// comments too, stays byte for byte.
func WithVersion(text []byte, version int) ([]byte, error) {
	at := versionLine.FindSubmatchIndex(text)
	if at == nil {
		return nil, failure.Rejected("flow.version_line", "version", "the flow has no line of its own that says its version", "write a line such as version: 1")
	}
	out := slices.Concat(text[:at[3]], []byte(strconv.Itoa(version)), text[at[1]:])
	d, err := Parse("", out)
	if err != nil {
		return nil, err
	}
	if d.Version != version { // the line was part of something else, such as a folded text
		return nil, failure.Rejected("flow.version_line", "version", "the flow's version does not stand on a line of its own", "write a line such as version: 1")
	}
	return out, nil
}
