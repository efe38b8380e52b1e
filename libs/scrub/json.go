package scrub

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/magpie-integration/magpie/libs/scrub/jsonscan"
)

// JSON replaces cards and credentials in a JSON text by [Mark], a JSON string,
// and names what it replaced, as paths such as $.payment.cc_number_enc or
// $.status_histories[2].comment; values never get into the names. What is not
// replaced stays byte for byte. Names of members are never changed.
//
// Within one object a pair of "key" (or "attribute_code") and "value" counts as
// a member of that name; JSON inside a string is scrubbed too.
//
// A text that is not JSON stays not JSON: up to the error it is scrubbed as
// above, from there on like a text for people. When nothing is to be replaced
// the answer is raw itself, not a copy.
func JSON(raw []byte) (clean []byte, found []string) {
	w := walk{raw: raw}
	w.run()
	return w.clean(), w.found
}

// maxNested is how often JSON in a string in JSON is followed.
const maxNested = 3

// edit replaces raw[start:end].
type edit struct {
	span
	by string
}

// frame is a container that is open.
type frame struct {
	array bool
	index int  // of the member under way in a list
	key   span // of the member under way in an object, without quotes
	pair  span // the text that names the object's "value", if it was seen
	value span // the object's "value", if it came before its name
}

type walk struct {
	raw    []byte
	scan   jsonscan.Scanner
	frames []frame
	nested int
	find   finder
	edits  []edit
	found  []string
}

// errSecret tells that the text broke inside a value that must not be shown.
var errSecret = errors.New("broken inside a secret value")

func (w *walk) run() {
	w.scan.Reset(w.raw, 0)
	w.frames = make([]frame, 0, 16)
	for {
		good := w.scan.Offset()
		t, err := w.scan.Next()
		if err == nil {
			good = w.scan.Offset()
			err = w.token(t)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errSecret):
			// The rest may all be the secret: none of it stays. The mark without
			// quotes keeps the text from becoming JSON.
			w.replace(span{good, len(w.raw)}, Mark, "")
			return
		default:
			w.rest(good)
			return
		}
	}
}

func (w *walk) token(t jsonscan.Token) error {
	switch t.Kind {
	case jsonscan.Key:
		return w.member(t)
	case jsonscan.ObjectStart, jsonscan.ArrayStart:
		w.frames = append(w.frames, frame{array: t.Kind == jsonscan.ArrayStart})
		return nil
	case jsonscan.ObjectEnd, jsonscan.ArrayEnd:
		w.frames = w.frames[:len(w.frames)-1]
	case jsonscan.String:
		w.pair(t)
		w.text(t)
	case jsonscan.Number:
		w.pair(t)
		if n := t.End - t.Start; n == t.Digits && isCard(w.cardDigits(t)) && !isKept(w.field()) {
			w.replace(span{t.Start, t.End}, quotedMark, w.path())
		}
	}
	if top := w.top(); top != nil {
		top.index++
	}
	return nil
}

const quotedMark = `"` + Mark + `"`

func (w *walk) cardDigits(t jsonscan.Token) []byte {
	if t.Digits < minCardDigits || t.Digits > maxCardDigits {
		return nil
	}
	return w.raw[t.Start:t.End]
}

// member begins a member of an object, and hides its value if it is a secret.
func (w *walk) member(t jsonscan.Token) error {
	top := w.top()
	top.key = span{t.Start + 1, t.End - 1}
	name := w.raw[top.key.start:top.key.end]
	if t.Escaped {
		name = []byte(jsonscan.Unquote(w.raw, t))
	}
	if top.pair.end > 0 && isPairValue(name) {
		name = w.raw[top.pair.start:top.pair.end]
	}
	if !isSecret(name) {
		return nil
	}
	v, err := w.scan.Next()
	if err == nil {
		err = w.scan.Skip()
	}
	if err != nil {
		return errSecret
	}
	w.hide(span{v.Start, w.scan.Offset()})
	return nil
}

// hide replaces a whole value, unless there is nothing in it.
func (w *walk) hide(value span) {
	switch string(w.raw[value.start:value.end]) {
	case `null`, `""`, `[]`, `{}`, `true`, `false`, quotedMark:
	default:
		w.replace(value, quotedMark, w.path())
	}
}

// pair remembers the name and the value of a pair.
func (w *walk) pair(t jsonscan.Token) {
	top := w.top()
	if top == nil || top.array {
		return
	}
	switch name := w.raw[top.key.start:top.key.end]; {
	case t.Kind == jsonscan.String && isPairName(name):
		top.pair = span{t.Start + 1, t.End - 1}
		if top.value.end > 0 && isSecret(w.raw[top.pair.start:top.pair.end]) {
			w.hideEarlier(top)
		}
	case isPairValue(name):
		top.value = span{t.Start, t.End}
	}
}

// text looks for cards in a string.
func (w *walk) text(t jsonscan.Token) {
	inside := span{t.Start + 1, t.End - 1}
	b := w.raw[inside.start:inside.end]
	if t.Escaped && w.nested < maxNested && (b[0] == '{' || b[0] == '[') {
		w.inner(t)
		return
	}
	if t.Digits < minCardDigits {
		return
	}
	cards := w.find.cards(b, t.Escaped)
	if len(cards) == 0 || isKept(w.field()) {
		return
	}
	for _, card := range cards {
		w.edits = append(w.edits, edit{span{inside.start + card.start, inside.start + card.end}, Mark})
	}
	w.found = append(w.found, w.path())
}

// hideEarlier hides the "value" of a pair whose name came after it. Cards that
// were found in the value are taken back.
func (w *walk) hideEarlier(top *frame) {
	value := top.value
	after := 0
	kept := w.edits[:0]
	for _, e := range w.edits {
		if e.start >= value.start && e.end <= value.end {
			continue
		}
		if e.end <= value.start {
			after = len(kept) + 1
		}
		kept = append(kept, e)
	}
	later := append([]edit(nil), kept[after:]...)
	w.edits = kept[:after]
	key := top.key
	top.key = span{} // the path names the pair itself
	w.hide(value)
	top.key = key
	w.edits = append(w.edits, later...)
}

// inner scrubs JSON that stands in a string.
func (w *walk) inner(t jsonscan.Token) {
	in := walk{raw: []byte(jsonscan.Unquote(w.raw, t)), nested: w.nested + 1}
	in.run()
	if len(in.edits) == 0 {
		return
	}
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	if enc.Encode(string(in.clean())) != nil {
		return // a string always encodes
	}
	w.edits = append(w.edits, edit{span{t.Start, t.End}, string(bytes.TrimRight(quoted.Bytes(), "\n"))})
	outer := w.path()
	for _, path := range in.found {
		w.found = append(w.found, outer+"."+path)
	}
}

// rest scrubs what follows an error like any text.
func (w *walk) rest(from int) {
	cards := w.find.cards(w.raw[from:], false)
	for _, card := range cards {
		w.edits = append(w.edits, edit{span{from + card.start, from + card.end}, Mark})
	}
	if len(cards) > 0 {
		w.found = append(w.found, w.path()+" and what follows")
	}
}

func (w *walk) replace(what span, by, path string) {
	w.edits = append(w.edits, edit{what, by})
	if path == "" {
		path = w.path() + " and what follows"
	}
	w.found = append(w.found, path)
}

func (w *walk) clean() []byte {
	if len(w.edits) == 0 {
		return w.raw
	}
	out := make([]byte, 0, len(w.raw)+len(w.edits)*len(quotedMark))
	at := 0
	for _, e := range w.edits {
		out = append(out, w.raw[at:e.start]...)
		out = append(out, e.by...)
		at = e.end
	}
	return append(out, w.raw[at:]...)
}

func (w *walk) top() *frame {
	if len(w.frames) == 0 {
		return nil
	}
	return &w.frames[len(w.frames)-1]
}

// field is the name that the value under way goes by: its member's, its pair's,
// or that of the list around it.
func (w *walk) field() []byte {
	for i := len(w.frames) - 1; i >= 0; i-- {
		f := &w.frames[i]
		if f.array {
			continue
		}
		name := w.raw[f.key.start:f.key.end]
		if f.pair.end > 0 && isPairValue(name) {
			return w.raw[f.pair.start:f.pair.end]
		}
		return name
	}
	return nil
}

// path names the value under way. A name that looks like a card itself, or is
// too long to be a name, is left out.
func (w *walk) path() string {
	b := []byte{'$'}
	var f finder
	for _, fr := range w.frames {
		if fr.array {
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(fr.index), 10)
			b = append(b, ']')
			continue
		}
		name := w.raw[fr.key.start:fr.key.end]
		if fr.pair.end > 0 && isPairValue(name) {
			name = w.raw[fr.pair.start:fr.pair.end]
		}
		if len(name) == 0 {
			continue
		}
		b = append(b, '.')
		if len(name) > maxFieldName || len(f.cards(name, true)) > 0 {
			b = append(b, '*')
			continue
		}
		b = append(b, name...)
	}
	return string(b)
}
