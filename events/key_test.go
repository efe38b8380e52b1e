package events_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/events"
)

// legal is the alphabet of KV keys without the separators '.' and '/'.
var legal = regexp.MustCompile(`^[-_=a-zA-Z0-9]+$`)

func TestAnyKeyBecomesOneTokenAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := events.Key(rapid.String().Draw(t, "key"))
		token := key.Token()
		if !legal.MatchString(token) {
			t.Fatalf("token %q of %q is not legal", token, key)
		}
		back, err := events.ParseToken(token)
		if err != nil || back != key {
			t.Fatalf("%q became %q, %v", key, back, err)
		}
		subject := events.ChangeSubject("main", events.Magento, events.Order, key)
		parsed, err := events.ParseSubject(subject.String())
		if err != nil || parsed != subject {
			t.Fatalf("%q became %+v, %v", subject, parsed, err)
		}
	})
}

func TestTokens(t *testing.T) {
	for key, want := range map[events.Key]string{
		"000000123":           "000000123",
		"":                    "=",
		"24-MB01":             "24-MB01",
		"a.b c*>/":            "a=2Eb=20c=2A=3E=2F",
		"=":                   "=3D",
		"Größe":               "Gr=C3=B6=C3=9Fe",
		events.InternalID(17): "=id=17",
		"=id=017":             "=3Did=3D017", // not the form of an internal id
	} {
		if got := key.Token(); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, s := range []string{"", "=", "=id=7", "=2E", "=2e", "a b", "=2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, token string) {
		key, err := events.ParseToken(token)
		if err == nil && key.Token() != token {
			t.Errorf("%q was taken for %q, which escapes to %q", token, key, key.Token())
		}
	})
}

func FuzzKey(f *testing.F) {
	for _, s := range []string{"", "000000123", "24-MB01", "a b", "=id=7", "=", "é", "x.y>*", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key := events.Key(text)
		token := key.Token()
		if !legal.MatchString(token) {
			t.Errorf("%q escapes to %q, which is no token", key, token)
		}
		if back, err := events.ParseToken(token); err != nil || back != key {
			t.Errorf("%q came back as %q, %v", key, back, err)
		}
	})
}

func TestCanonicalKey(t *testing.T) {
	for _, tc := range []struct {
		system events.System
		entity events.Entity
		in     string
		want   events.Key
	}{
		{events.GP, events.Customer, "web1   ", "WEB1"},
		{events.Magento, events.Product, "24-mb01", "24-MB01"},
		{events.Magento, events.Order, "a000123-1", "a000123-1"},
		{events.Magento, events.Order, " 000123 ", " 000123"},
	} {
		if got := events.CanonicalKey(tc.system, tc.entity, tc.in); got != tc.want {
			t.Errorf("%s %s %q: got %q, want %q", tc.system, tc.entity, tc.in, got, tc.want)
		}
	}
}

func TestRevisionsAreOrderedByTheirParts(t *testing.T) {
	ascending := []events.Revision{
		{}, {Epoch: 1}, {Epoch: 1, Change: 9}, {Epoch: 1, Change: 9, Rewrite: 3},
		{Epoch: 1, Change: 9, Outcome: 2}, {Epoch: 1, Change: 10}, {Epoch: 2, Change: 1},
	}
	for i, a := range ascending {
		for j, b := range ascending {
			if got, want := sign(a.Compare(b)), sign(i-j); got != want {
				t.Errorf("%s against %s: got %d, want %d", a, b, got, want)
			}
		}
	}
}

func sign(n int) int {
	return strings.Compare(strings.Repeat("x", max(n, 0)), strings.Repeat("x", max(-n, 0)))
}

func TestPairsAreTokens(t *testing.T) {
	for name, want := range map[string]bool{"main": true, "": false, "a.b": false, "eu_1": true, strings.Repeat("x", 33): false} {
		if got := events.ValidPair(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}
