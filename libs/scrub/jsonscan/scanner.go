package jsonscan

import (
	"encoding/json"
	"io"
)

// Kind is what a token is.
type Kind byte

// The kinds of tokens. Commas and colons are checked and not reported.
const (
	ObjectStart Kind = '{'
	ObjectEnd   Kind = '}'
	ArrayStart  Kind = '['
	ArrayEnd    Kind = ']'
	Key         Kind = 'k'
	String      Kind = 's'
	Number      Kind = 'n'
	True        Kind = 't'
	False       Kind = 'f'
	Null        Kind = '0'
)

// Token is one token of the text: data[Start:End], quotes included.
type Token struct {
	Kind       Kind
	Start, End int
	// Digits counts the ASCII digits in a String, Key or Number, so that callers
	// who look for long numbers need not read most texts again.
	Digits int
	// Escaped tells that a String or Key holds a backslash.
	Escaped bool
}

// DefaultMaxDepth is the limit of [encoding/json].
const DefaultMaxDepth = 10000

type state byte

const (
	wantValue state = iota
	wantValueOrEnd
	wantKey
	wantKeyOrEnd
	wantCommaOrEnd
	wantNothing
)

// Scanner walks over one JSON text. The zero value must be given a text with
// [Scanner.Reset] first. It must not be copied once in use.
type Scanner struct {
	data     []byte
	pos      int
	maxDepth int
	state    state
	last     Kind
	object   bool   // the innermost open container is an object
	nest     []byte // '{' or '[' for every container that is open
}

// Reset begins at the start of data. A maxDepth of zero is [DefaultMaxDepth].
func (s *Scanner) Reset(data []byte, maxDepth int) {
	if maxDepth <= 0 {
		maxDepth = DefaultMaxDepth
	}
	if s.nest == nil {
		s.nest = make([]byte, 0, 32)
	}
	*s = Scanner{data: data, maxDepth: maxDepth, nest: s.nest[:0]}
}

// Offset is the end of the last token.
func (s *Scanner) Offset() int { return s.pos }

// Depth is the number of containers that are open.
func (s *Scanner) Depth() int { return len(s.nest) }

// Next gives the next token, [io.EOF] after the text's one value and the white
// space behind it, or a [*SyntaxError]. After an error the scanner is of no
// more use, but Offset is still the end of the last good token.
//
// The common path (a name, a short text, compact JSON) lies in this one
// function: with a call for each part of it, the calls took half of the time.
func (s *Scanner) Next() (Token, error) {
	data, i, state := s.data, s.space(s.pos), s.state
	if i >= len(data) {
		if state == wantNothing {
			return Token{}, io.EOF
		}
		return Token{}, syntax(len(data), "the text ends too early")
	}
	c := data[i]
	if state == wantCommaOrEnd {
		if c != ',' {
			return s.end(i, c)
		}
		i = s.space(i + 1)
		if i >= len(data) {
			return Token{}, syntax(len(data), "the text ends after a comma")
		}
		c = data[i]
		state = wantValue
		if s.object {
			state = wantKey
		}
	}
	if c != '"' || state == wantNothing {
		if c >= '0' && c <= '9' && state <= wantValueOrEnd {
			// A whole number in compact JSON, which most values of an order are.
			end := digitsEnd(data, i+1)
			if end < len(data) && (data[end] == ',' || data[end] == '}') && (c != '0' || end == i+1) && len(s.nest) > 0 {
				s.pos, s.last, s.state = end, Number, wantCommaOrEnd
				return Token{Kind: Number, Start: i, End: end, Digits: end - i}, nil
			}
		}
		return s.other(i, c, state)
	}
	digits, end := 0, i+1
	for end < len(data) {
		k := class[data[end]]
		if k >= special {
			break
		}
		digits += int(k)
		end++
	}
	escaped := false
	if end >= len(data) || data[end] != '"' {
		var err error
		if end, digits, err = s.escapedText(end, digits); err != nil {
			return Token{}, err
		}
		escaped = true
	}
	end++
	if state == wantKey || state == wantKeyOrEnd {
		if end < len(data) && data[end] == ':' {
			s.pos, s.state, s.last = end+1, wantValue, Key
			return Token{Kind: Key, Start: i, End: end, Digits: digits, Escaped: escaped}, nil
		}
		return Token{Kind: Key, Start: i, End: end, Digits: digits, Escaped: escaped}, s.colon(end)
	}
	s.pos, s.last, s.state = end, String, wantCommaOrEnd
	if len(s.nest) == 0 {
		s.state = wantNothing
	}
	return Token{Kind: String, Start: i, End: end, Digits: digits, Escaped: escaped}, nil
}

// colon passes over the colon behind a name that ends at i.
func (s *Scanner) colon(i int) error {
	i = s.space(i)
	if i >= len(s.data) || s.data[i] != ':' {
		return syntax(i, "a colon is expected after a member's name")
	}
	s.pos, s.state, s.last = i+1, wantValue, Key
	return nil
}

// other gives a token that is no string.
func (s *Scanner) other(i int, c byte, state state) (Token, error) {
	switch {
	case state == wantNothing:
		return Token{}, syntax(i, "something follows the value")
	case state == wantKeyOrEnd && c == '}', state == wantValueOrEnd && c == ']':
		return s.end(i, c)
	case state == wantKey || state == wantKeyOrEnd:
		return Token{}, syntax(i, "a member's name in quotes is expected")
	}
	return s.value(i, c)
}

// Skip passes over the rest of the value that the last token began. After a
// scalar there is nothing to pass over; after a key it passes over its value.
func (s *Scanner) Skip() error {
	depth := len(s.nest)
	switch s.last {
	case ObjectStart, ArrayStart:
		depth--
	case Key:
		t, err := s.Next()
		if err != nil {
			return err
		}
		if t.Kind != ObjectStart && t.Kind != ArrayStart {
			return nil
		}
	default:
		return nil
	}
	for len(s.nest) > depth {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Scanner) value(i int, c byte) (Token, error) {
	switch c {
	case '{', '[':
		if len(s.nest) == s.maxDepth {
			return Token{}, &SyntaxError{Offset: i, Reason: "it is nested too deeply", TooDeep: true}
		}
		s.nest = append(s.nest, c)
		s.state, s.object = wantValueOrEnd, c == '{'
		if s.object {
			s.state = wantKeyOrEnd
		}
		s.pos, s.last = i+1, Kind(c)
		return Token{Kind: Kind(c), Start: i, End: i + 1}, nil
	case 't':
		return s.literal(i, "true", True)
	case 'f':
		return s.literal(i, "false", False)
	case 'n':
		return s.literal(i, "null", Null)
	}
	if c == '-' || c >= '0' && c <= '9' {
		return s.number(i)
	}
	return Token{}, syntax(i, "a value is expected")
}

func (s *Scanner) end(i int, c byte) (Token, error) {
	open := s.nest[len(s.nest)-1]
	if c != open+2 { // '{' and '}', '[' and ']' lie two apart
		return Token{}, syntax(i, "a comma or the end of the object or list is expected")
	}
	s.nest = s.nest[:len(s.nest)-1]
	s.object = len(s.nest) > 0 && s.nest[len(s.nest)-1] == '{'
	return s.done(Token{Kind: Kind(c), Start: i, End: i + 1}), nil
}

// done moves behind a value that is complete.
func (s *Scanner) done(t Token) Token {
	s.pos, s.last, s.state = t.End, t.Kind, wantCommaOrEnd
	if len(s.nest) == 0 {
		s.state = wantNothing
	}
	return t
}

func (s *Scanner) literal(i int, word string, k Kind) (Token, error) {
	if len(s.data)-i < len(word) || string(s.data[i:i+len(word)]) != word {
		return Token{}, syntax(i, "a value is expected")
	}
	return s.done(Token{Kind: k, Start: i, End: i + len(word)}), nil
}

func (s *Scanner) number(start int) (Token, error) {
	data, i := s.data, start
	if data[i] == '-' {
		i++
	}
	from := i
	if i < len(data) && data[i] == '0' {
		i++
	} else {
		i = digitsEnd(data, i)
	}
	digits := i - from
	if digits == 0 {
		return Token{}, syntax(i, "a digit is expected")
	}
	if i < len(data) && data[i] == '.' {
		from = i + 1
		if i = digitsEnd(data, from); i == from {
			return Token{}, syntax(i, "a digit is expected after the point")
		}
		digits += i - from
	}
	if i < len(data) && data[i]|0x20 == 'e' {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		from = i
		if i = digitsEnd(data, from); i == from {
			return Token{}, syntax(i, "a digit is expected in the exponent")
		}
		digits += i - from
	}
	return s.done(Token{Kind: Number, Start: start, End: i, Digits: digits}), nil
}

func digitsEnd(data []byte, i int) int {
	for i < len(data) && data[i] >= '0' && data[i] <= '9' {
		i++
	}
	return i
}

// The classes of bytes inside a string.
const (
	plain   = 0
	digit   = 1
	special = 2 // ends the string, escapes, or may not be there
)

var class = func() (t [256]uint8) {
	for c := range 0x20 {
		t[c] = special
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = digit
	}
	t['"'], t['\\'] = special, special
	return t
}()

// escapedText reads a string on from its first byte i that is not plain, and
// gives its closing quote.
func (s *Scanner) escapedText(i, digits int) (quote, allDigits int, err error) {
	data := s.data
	for ; ; i++ {
		for i < len(data) && class[data[i]] < special {
			digits += int(class[data[i]])
			i++
		}
		switch {
		case i >= len(data):
			return 0, 0, syntax(len(data), "a string does not end")
		case data[i] == '"':
			return i, digits, nil
		case data[i] == '\\':
			n := escape(data[i:])
			if n == 0 {
				return 0, 0, syntax(i, "no such escape in a string")
			}
			i += n - 1
		default:
			return 0, 0, syntax(i, "a control character must be escaped in a string")
		}
	}
}

// escape gives the length of the escape that b begins with, 0 if it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, c := range b[2:6] {
			if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

// space passes over white space; in compact JSON there is none, which is told
// by one comparison.
func (s *Scanner) space(i int) int {
	if i < len(s.data) && s.data[i] > ' ' {
		return i
	}
	return spaces(s.data, i)
}

func spaces(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}

// Unquote gives the text of a String or Key token of data.
func Unquote(data []byte, t Token) string {
	if !t.Escaped {
		return string(data[t.Start+1 : t.End-1])
	}
	var out string
	if json.Unmarshal(data[t.Start:t.End], &out) != nil {
		return "" // a token of this package is always a string
	}
	return out
}
