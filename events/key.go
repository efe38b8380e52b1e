package events

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Key is a business key in its canonical form: an increment id, a SKU, a
// customer number. [Key.Token] is what stands in subjects and KV keys.
type Key string

// idPrefix marks a key that is only a system's internal number. No escaped key
// begins so: "=i" is not a pair of hexadecimal digits.
const idPrefix = "=id="

// InternalID is the key of a record of which only the system's internal number
// is known (Magento's entity_id). A capture resolves it to the business key.
func InternalID(n int64) Key { return Key(idPrefix + strconv.FormatInt(n, 10)) }

// InternalID gives the number of a key made by [InternalID].
func (k Key) InternalID() (int64, bool) {
	digits, ok := strings.CutPrefix(string(k), idPrefix)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	return n, err == nil && strconv.FormatInt(n, 10) == digits
}

// CanonicalKey brings a key to the one form that Magpie uses: blanks at its
// right end cut (GP pads its char columns), and upper case where the system
// compares without case (every GP id, Magento's SKUs; not increment ids).
func CanonicalKey(system System, entity Entity, key string) Key {
	key = strings.TrimRight(key, " ")
	if system == GP || entity == Product || entity == Stock {
		key = strings.ToUpper(key)
	}
	return Key(key)
}

// Token escapes the key to one subject token that is also legal in a KV key:
// letters, digits, '-' and '_' stand for themselves, every other byte is '='
// and two upper-case hexadecimal digits. The empty key is "=".
func (k Key) Token() string {
	if k == "" {
		return "="
	}
	if _, ok := k.InternalID(); ok {
		return string(k)
	}
	var b strings.Builder
	b.Grow(len(k))
	for i := range len(k) {
		if c := k[i]; plain(c) {
			b.WriteByte(c)
		} else {
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'=', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// ErrToken is given for a token that no key escapes to.
var ErrToken = errors.New("not an escaped key")

// ParseToken is the inverse of [Key.Token].
func ParseToken(token string) (Key, error) {
	if token == "=" {
		return "", nil
	}
	if _, ok := Key(token).InternalID(); ok {
		return Key(token), nil
	}
	var b strings.Builder
	b.Grow(len(token))
	for i := 0; i < len(token); i++ {
		switch c := token[i]; {
		case plain(c):
			b.WriteByte(c)
		case c == '=' && i+2 < len(token):
			n, err := strconv.ParseUint(token[i+1:i+3], 16, 8)
			if err != nil {
				return "", fmt.Errorf("%w: %q", ErrToken, token)
			}
			b.WriteByte(byte(n))
			i += 2
		default:
			return "", fmt.Errorf("%w: %q", ErrToken, token)
		}
	}
	k := Key(b.String())
	if token == "" || k.Token() != token {
		return "", fmt.Errorf("%w: %q", ErrToken, token)
	}
	return k, nil
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
