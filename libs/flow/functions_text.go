package flow

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

func textFunction(name, doc, example, result string, do func(string) string) function {
	return function{
		group: "text", name: name, params: []param{need("s", kindText)}, gives: kindText,
		doc: doc, example: example, result: result,
		do: func(args []any) (any, error) { return do(args[0].(string)), nil },
	}
}

var textFunctions = []function{
	textFunction("upper", "Upper case.", `upper("abc-1")`, `"ABC-1"`, strings.ToUpper),
	textFunction("lower", "Lower case.", `lower("ABC")`, `"abc"`, strings.ToLower),
	textFunction("trim", "Without blanks at both ends.", `trim("  a b ")`, `"a b"`, strings.TrimSpace),
	textFunction("clean", "Control characters become blanks, runs of blanks one, none at the ends; Unicode is composed (NFC). "+
		"GP's XML can't be read back with control characters in it.", `clean(" a\t\n b ")`, `"a b"`, clean),
	textFunction("cp1252", "clean(), and only characters of Windows-1252, the code page of GP's char columns: accents that it lacks are dropped, "+
		"a letter of another script becomes ?, a symbol such as an emoji goes.", `cp1252("Ana Šimić – Łódź")`, `"Ana Šimic – Lódz"`,
		func(s string) string { t, _ := transliterate(s, isCP1252); return t }),
	textFunction("asciiFold", "clean(), and only ASCII, by the rules of cp1252().", `asciiFold("Zoë Groß")`, `"Zoe Gross"`,
		func(s string) string { t, _ := transliterate(s, isASCII); return t }),
	{
		group: "text", name: "losesInCP1252", params: []param{need("s", kindText)}, gives: kindBool,
		doc:     "Tells whether cp1252() can't keep a letter (it gives ? for it).",
		example: `losesInCP1252("山田")`, result: `true`,
		do: func(args []any) (any, error) { _, lost := transliterate(args[0].(string), isCP1252); return lost, nil },
	},
	{
		group: "text", name: "left", params: []param{need("s", kindText), need("n", kindNumber)}, gives: kindText,
		doc:     "The first n characters: a cut that a rule asks for. Nothing else in a flow ever cuts a value.",
		example: `left("Trail Jacket", 5)`, result: `"Trail"`,
		do: func(args []any) (any, error) {
			n, err := wholeNumber(args[1].(decimal.Decimal))
			if err != nil {
				return nil, err
			}
			return strings.TrimRight(left(args[0].(string), n), " "), nil
		},
	},
	{
		group: "text", name: "replace", params: []param{need("s", kindText), need("old", kindText), need("new", kindText)}, gives: kindText,
		doc:     "Every old replaced by new.",
		example: `replace("a/b/c", "/", "-")`, result: `"a-b-c"`,
		do: func(args []any) (any, error) {
			s, old, with := args[0].(string), args[1].(string), args[2].(string)
			if n := strings.Count(s, old); len(s)+n*(len(with)-len(old)) > maxText {
				return nil, fmt.Errorf("replace would make a text of more than %d bytes", maxText)
			}
			return strings.ReplaceAll(s, old, with), nil
		},
	},
	{
		group: "text", name: "split", params: []param{need("s", kindText), need("by", kindText)}, gives: kindList,
		doc:     "The parts of a text between a separator.",
		example: `split("a,b", ",")`, result: `["a","b"]`,
		do: func(args []any) (any, error) {
			parts := strings.Split(args[0].(string), args[1].(string))
			list := make([]any, len(parts))
			for i, p := range parts {
				list[i] = p
			}
			return list, nil
		},
	},
	{
		group: "text", name: "join", params: []param{need("list", kindList), may("by", kindText)}, gives: kindText,
		doc:     "The texts of a list with a separator between; what is absent or empty is left out.",
		example: `join(["a", nil, "b"], ", ")`, result: `"a, b"`,
		do: func(args []any) (any, error) {
			parts, err := texts(args[0].([]any))
			if err != nil {
				return nil, err
			}
			return boundedText(strings.Join(parts, textArg(args, 1, "")))
		},
	},
	{
		group: "text", name: "fill", params: []param{need("template", kindText), need("values", kindRecord)}, gives: kindText,
		doc:     "The template with each {{name}} replaced by the value of that name.",
		example: `fill("WEB{{date}}", {date: "20261124"})`, result: `"WEB20261124"`,
		do: func(args []any) (any, error) {
			return fill(args[0].(string), args[1].(map[string]any))
		},
	},
}

func left(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func fill(template string, values map[string]any) (any, error) {
	var b strings.Builder
	for rest := template; ; {
		before, after, found := strings.Cut(rest, "{{")
		b.WriteString(before)
		if !found {
			return boundedText(b.String())
		}
		name, tail, closed := strings.Cut(after, "}}")
		v, ok := values[strings.TrimSpace(name)]
		if !closed || !ok {
			return nil, fmt.Errorf("the template %q has a {{%s}} that nothing fills", template, name)
		}
		b.WriteString(textOf(v))
		rest = tail
	}
}

// texts gives the texts of a list without those that are absent or empty.
func texts(list []any) ([]string, error) {
	parts := make([]string, 0, len(list))
	for i, v := range list {
		switch v := v.(type) {
		case nil:
		case string:
			if v != "" {
				parts = append(parts, v)
			}
		default:
			return nil, fmt.Errorf("texts are wanted, and element %d is %v", i, kindOf(v))
		}
	}
	return parts, nil
}

func clean(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || s[i-1] == ' ' || i == len(s)-1) {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		if unicode.Is(unicode.Cf, r) { // zero-width joiners, direction marks, byte order marks
			return -1
		}
		return r
	}, s)
	return norm.NFC.String(strings.Join(strings.Fields(s), " "))
}

func isASCII(r rune) bool { return r < 0x80 }

func isCP1252(r rune) bool {
	_, ok := charmap.Windows1252.EncodeRune(r)
	return ok && !unicode.IsControl(r)
}

// undecomposed are Latin letters that Unicode doesn't take apart.
var undecomposed = map[rune]string{
	'Ł': "L", 'ł': "l", 'Đ': "D", 'đ': "d", 'Ħ': "H", 'ħ': "h", 'ı': "i", 'ĸ': "k", 'Ŋ': "N", 'ŋ': "n", 'Ŧ': "T", 'ŧ': "t",
	'ß': "ss", 'ẞ': "SS", 'Æ': "AE", 'æ': "ae", 'Œ': "OE", 'œ': "oe", 'Ø': "O", 'ø': "o", 'Ð': "D", 'ð': "d", 'Þ': "Th", 'þ': "th",
	'‘': "'", '’': "'", '‚': ",", '“': `"`, '”': `"`, '„': `"`, '‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '…': "...",
	'€': "EUR", '№': "No", '‹': "<", '›': ">", '«': `"`, '»': `"`,
}

// transliterate keeps the characters that fit and finds the nearest for the
// others; lost tells whether a letter became "?".
func transliterate(s string, fits func(rune) bool) (out string, lost bool) {
	s = clean(s)
	if strings.IndexFunc(s, func(r rune) bool { return !fits(r) }) < 0 {
		return s, false
	}
	var b strings.Builder
	for _, r := range s {
		if fits(r) {
			b.WriteRune(r)
			continue
		}
		if t, ok := undecomposed[r]; ok {
			b.WriteString(t)
			continue
		}
		kept := false
		for _, d := range norm.NFKD.String(string(r)) {
			if fits(d) {
				b.WriteRune(d)
				kept = true
			}
		}
		if !kept && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteByte('?')
			lost = true
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), lost
}
