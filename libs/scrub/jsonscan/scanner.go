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
func (s *Scanner) Next() (Token, error) {
	i := s.space(s.pos)
	if i == len(s.data) {
		if s.state == wantNothing {
			return Token{}, io.EOF
		}
		return Token{}, syntax(i, "the text ends too early")
	}
	c := s.data[i]
	if s.state == wantCommaOrEnd {
		if c != ',' {
			return s.end(i, c)
		}
		i = s.space(i + 1)
		if i == len(s.data) {
			return Token{}, syntax(i, "the text ends after a comma")
		}
		c = s.data[i]
		s.state = wantValue
		if s.nest[len(s.nest)-1] == '{' {
			s.state = wantKey
		}
	}
	switch s.state {
	case wantNothing:
		return Token{}, syntax(i, "something follows the value")
	case wantKeyOrEnd:
		if c == '}' {
			return s.end(i, c)
		}
		return s.key(i, c)
	case wantKey:
		return s.key(i, c)
	case wantValueOrEnd:
		if c == ']' {
			return s.end(i, c)
		}
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

func (s *Scanner) key(i int, c byte) (Token, error) {
	if c != '"' {
		return Token{}, syntax(i, "a member's name in quotes is expected")
	}
	t, err := s.text(i, Key)
	if err != nil {
		return Token{}, err
	}
	j := s.space(t.End)
	if j == len(s.data) || s.data[j] != ':' {
		return Token{}, syntax(j, "a colon is expected after a member's name")
	}
	s.pos, s.state, s.last = j+1, wantValue, Key
	return t, nil
}

func (s *Scanner) value(i int, c byte) (Token, error) {
	switch c {
	case '"':
		t, err := s.text(i, String)
		if err != nil {
			return Token{}, err
		}
		return s.done(t), nil
	case '{', '[':
		if len(s.nest) == s.maxDepth {
			return Token{}, &SyntaxError{Offset: i, Reason: "it is nested too deeply", TooDeep: true}
		}
		s.nest = append(s.nest, c)
		s.state = wantValueOrEnd
		if c == '{' {
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
	i, digits := start, 0
	if s.data[i] == '-' {
		i++
	}
	run := func() int {
		from := i
		for i < len(s.data) && s.data[i] >= '0' && s.data[i] <= '9' {
			i++
		}
		digits += i - from
		return i - from
	}
	switch {
	case i < len(s.data) && s.data[i] == '0':
		i++
		digits++
	case run() == 0:
		return Token{}, syntax(i, "a digit is expected")
	}
	if i < len(s.data) && s.data[i] == '.' {
		i++
		if run() == 0 {
			return Token{}, syntax(i, "a digit is expected after the point")
		}
	}
	if i < len(s.data) && s.data[i]|0x20 == 'e' {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		if run() == 0 {
			return Token{}, syntax(i, "a digit is expected in the exponent")
		}
	}
	return s.done(Token{Kind: Number, Start: start, End: i, Digits: digits}), nil
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

// text reads a string that begins at the quote i; it does not move the scanner.
func (s *Scanner) text(start int, k Kind) (Token, error) {
	data, digits, escaped := s.data, 0, false
	for i := start + 1; i < len(data); i++ {
		c := class[data[i]]
		if c < special {
			digits += int(c)
			continue
		}
		switch data[i] {
		case '"':
			return Token{Kind: k, Start: start, End: i + 1, Digits: digits, Escaped: escaped}, nil
		case '\\':
			n := escape(data[i:])
			if n == 0 {
				return Token{}, syntax(i, "no such escape in a string")
			}
			escaped = true
			i += n - 1
		default:
			return Token{}, syntax(i, "a control character must be escaped in a string")
		}
	}
	return Token{}, syntax(len(data), "a string does not end")
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

func (s *Scanner) space(i int) int {
	for i < len(s.data) {
		switch s.data[i] {
		case ' ', '\n', '\t', '\r':
			i++
		default:
			return i
		}
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
