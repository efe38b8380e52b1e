package magento

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/scanner"
)

// graphField is one field of a GraphQL query with what is asked of it.
type graphField struct {
	alias, name string
	args        map[string]any
	fields      []graphField
}

var errGraphEnd = errors.New("syntax error: unexpected end of the query")

// graphParser reads the part of GraphQL that a product query needs: operations
// with variables, arguments, aliases; no fragments and directives.
type graphParser struct {
	scan      scanner.Scanner
	token     rune
	variables map[string]any
}

// parseGraphQL returns the fields of the first operation.
func parseGraphQL(query string, variables map[string]any) ([]graphField, error) {
	p := &graphParser{variables: variables}
	p.scan.Init(strings.NewReader(query))
	p.scan.Mode = scanner.ScanIdents | scanner.ScanStrings | scanner.ScanInts | scanner.ScanFloats
	p.scan.Whitespace = scanner.GoWhitespace | 1<<','
	p.scan.Error = func(*scanner.Scanner, string) {}
	p.next()
	for depth := 0; p.token != '{' || depth > 0; p.next() { // query Name($skus: [String!])
		switch p.token {
		case scanner.EOF:
			return nil, errGraphEnd
		case '(':
			depth++
		case ')':
			depth--
		}
	}
	return p.selection(0)
}

func (p *graphParser) next() { p.token = p.scan.Scan() }

func (p *graphParser) expect(r rune) error {
	if p.token != r {
		return fmt.Errorf("syntax error: expected %q, found %q", r, p.scan.TokenText())
	}
	p.next()
	return nil
}

// maxGraphDepth is the store's setting for the depth of a query.
const maxGraphDepth = 20

func (p *graphParser) selection(depth int) (fields []graphField, err error) {
	if depth > maxGraphDepth {
		return nil, fmt.Errorf("max query depth should be %d", maxGraphDepth)
	}
	if err := p.expect('{'); err != nil {
		return nil, err
	}
	for p.token != '}' {
		f := graphField{name: p.scan.TokenText(), args: map[string]any{}}
		if err := p.expect(scanner.Ident); err != nil {
			return nil, err
		}
		f.alias = f.name
		if p.token == ':' {
			p.next()
			f.name = p.scan.TokenText()
			if err := p.expect(scanner.Ident); err != nil {
				return nil, err
			}
		}
		if p.token == '(' {
			if f.args, err = p.object('(', ')', depth); err != nil {
				return nil, err
			}
		}
		if p.token == '{' {
			if f.fields, err = p.selection(depth + 1); err != nil {
				return nil, err
			}
		}
		fields = append(fields, f)
	}
	p.next()
	return fields, nil
}

// object reads names and values between two brackets.
func (p *graphParser) object(from, to rune, depth int) (map[string]any, error) {
	if err := p.expect(from); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for p.token != to {
		name := p.scan.TokenText()
		if err := p.expect(scanner.Ident); err != nil {
			return nil, err
		}
		if err := p.expect(':'); err != nil {
			return nil, err
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		out[name] = v
	}
	p.next()
	return out, nil
}

func (p *graphParser) value(depth int) (any, error) {
	if depth > maxGraphDepth {
		return nil, fmt.Errorf("max query depth should be %d", maxGraphDepth)
	}
	text := p.scan.TokenText()
	switch p.token {
	case scanner.EOF:
		return nil, errGraphEnd
	case '{':
		return p.object('{', '}', depth)
	case '[':
		list := []any{}
		for p.next(); p.token != ']'; {
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		p.next()
		return list, nil
	case '$':
		p.next()
		name := p.scan.TokenText()
		if err := p.expect(scanner.Ident); err != nil {
			return nil, err
		}
		return p.variables[name], nil
	case scanner.String:
		p.next()
		var v string
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return nil, fmt.Errorf("syntax error: %s is no text", text)
		}
		return v, nil
	}
	p.next()
	return text, nil
}
