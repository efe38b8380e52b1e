package scrub_test

import (
	"testing"

	"github.com/magpie-integration/magpie/libs/scrub"
)

func TestText(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"nothing", "order 000000123 refused", "order 000000123 refused"},
		{"card", "paid 4111-1111-1111-1111.", "paid [scrubbed]."},
		{"mail", "mail avery.quinn+x@shop.example.com now", "mail a***@s*** now"},
		{"mail after a sign", "email=avery@example.com&x", "email=a***@e***&x"},
		{"two", "<a@b.c>, d@e", "<a***@b***>, d***@e***"},
		{"letters beyond ASCII", "jörg@übung.example", "j***@ü***"},
		{"no mail", "5 @ 3.00", "5 @ 3.00"},
		{"a card as a name", "4111111111111111@x.y", "4***@x***"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := scrub.Text(tc.in)
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("a@b 4111 1111 1111 1111 @@ x@")
	f.Fuzz(func(t *testing.T, s string) {
		once := scrub.Text(s)
		if twice := scrub.Text(once); twice != once {
			t.Fatalf("not idempotent: %q -> %q -> %q", s, once, twice)
		}
	})
}
