package scrub_test

import (
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/scrub"
)

func TestGlimpse(t *testing.T) {
	for _, tt := range []struct{ kind, body, want string }{
		{"text/html; charset=utf-8", "<html><style>p {}</style><script>x()</script><!-- v1 --><h1>Backend\n fetch</h1> failed</html>", `text/html, "Backend fetch failed"`},
		{"", " \r\n", `no content type, empty`},
		{"text/html", "<html></html>", `text/html, without words`},
		{"text/plain", "card 4111 1111 1111 1111 of avery.quinn@example.com", `text/plain, "card [scrubbed] of a***@e***"`},
		{"text/plain", strings.Repeat("ä", 80), `text/plain, "` + strings.Repeat("ä", 50) + `..."`},
		{"text/plain", strings.Repeat("word ", 1<<20), `text/plain, "` + strings.Repeat("word ", 20) + `..."`},
		{"application/json", `{"a":`, `application/json, "{"a":"`},
	} {
		if got := scrub.Glimpse(tt.kind, []byte(tt.body)); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}
