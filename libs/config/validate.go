package config

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// validator checks what the fields' tags can't say.
type validator struct {
	*report
}

// fail reports a broken rule, unless the key, or what it is in, was found at
// fault before: one mistake is one problem.
func (v *validator) fail(key, value string, broken rule) {
	for at := key; ; at = parent(at) {
		if slices.ContainsFunc(v.problems, func(p Problem) bool { return p.Key == at }) {
			return
		}
		if at == "" {
			break
		}
	}
	v.report.fail(key, value, broken)
}

func (v *validator) config(c *Config) {
	v.nats(c.NATS)
	v.listeners(c.HTTP)
	if c.Telemetry.OTLP != "" {
		v.url("telemetry.otlp", c.Telemetry.OTLP, "http://127.0.0.1:4318")
	}
	v.positive("retry.stuck_after", c.Retry.StuckAfter)
	v.positive("keep", c.Keep)
	v.pairs(c.Pairs)
}

func (v *validator) nats(n NATS) {
	if n.Embedded() {
		v.listen("nats.listen", n.Listen)
		if n.Store == "" {
			v.fail("nats.store", "", rule{"is empty", "write the folder of the embedded server's streams, such as ./data"})
		}
		if n.Creds != "" || n.TLS != nil {
			v.warn("nats.url", n.URL, rule{"has no use for nats.creds and nats.tls", "write the server's URL, or leave them out"})
		}
	} else {
		for server := range strings.SplitSeq(n.URL, ",") {
			v.natsURL(server)
		}
	}
	if !n.Sync.Always && n.Sync.Every <= 0 {
		v.fail("nats.sync", n.Sync.String(), rule{"is not a time", `write "always", or a duration such as "2m"`})
	}
	v.path("nats.creds", n.Creds)
	if n.TLS != nil {
		v.path("nats.tls.ca", n.TLS.CA)
		if n.TLS.Cert != "" || n.TLS.Key != "" {
			v.certificate("nats.tls", n.TLS.Cert, n.TLS.Key)
		}
	}
}

func (v *validator) natsURL(server string) {
	u, err := url.Parse(strings.TrimSpace(server))
	switch {
	case err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme):
		v.fail("nats.url", server, rule{"is not a NATS URL", `write "embedded", or one such as nats://nats:4222`})
	case u.User != nil:
		v.fail("nats.url", server, rule{"has credentials, which would be seen in logs", "write them into a file, and its path as nats.creds"})
	}
}

func (v *validator) listeners(h HTTP) {
	taken := map[string]string{}
	for _, l := range []struct {
		key string
		Listener
	}{{"http.ingest", h.Ingest}, {"http.console", h.Console}, {"http.health", h.Health}} {
		v.listen(l.key+".listen", l.Listen)
		if other := taken[l.Listen]; other != "" && !strings.HasSuffix(l.Listen, ":0") {
			v.fail(l.key+".listen", l.Listen, rule{"is taken by " + other, "write another port"})
		}
		taken[l.Listen] = l.key
		if l.TLS != nil && l.TLS != h.TLS {
			v.certificate(l.key+".tls", l.TLS.Cert, l.TLS.Key)
		}
	}
	if h.TLS != nil {
		v.certificate("http.tls", h.TLS.Cert, h.TLS.Key)
	}
}

// listen checks host:port; port 0 asks for any.
func (v *validator) listen(key, address string) {
	fix := "write host:port, such as 127.0.0.1:8080"
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		v.fail(key, address, rule{"is not host:port", fix})
		return
	}
	if strings.ContainsAny(host, " /@") {
		v.fail(key, address, rule{"has no host that can be listened on", fix})
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		v.fail(key, address, rule{"has no port from 0 to 65535", fix})
	}
}

// certificate checks that both halves are there.
func (v *validator) certificate(key, cert, privateKey string) {
	v.path(key+".cert", cert)
	v.path(key+".key", privateKey)
	if cert == "" {
		v.fail(key+".cert", "", rule{"is missing", "write the path of a PEM file"})
	}
	if privateKey == "" {
		v.fail(key+".key", "", rule{"is missing", "write the path of a PEM file"})
	}
}

// path refuses a file's content where its path belongs.
func (v *validator) path(key, path string) {
	if strings.ContainsAny(path, "\n\x00") || strings.HasPrefix(path, "-----BEGIN") {
		v.fail(key, "", rule{"is a file's content, not its path", "write the path, without file: before it"})
	}
}

// url checks an http URL and gives it, or nil.
func (v *validator) url(key, text, example string) *url.URL {
	if text == "" {
		v.fail(key, "", rule{"is missing", "write a URL such as " + example})
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		v.fail(key, text, rule{"is not an http or https URL", "write one such as " + example})
		return nil
	case u.User != nil:
		v.fail(key, text, rule{"has credentials, which would be seen in logs", "write them as settings of their own"})
		return nil
	case u.RawQuery != "" || u.Fragment != "":
		v.fail(key, text, rule{"has a query or a fragment", "leave them out"})
		return nil
	}
	return u
}

func (v *validator) positive(key string, d time.Duration) {
	if d <= 0 {
		v.fail(key, d.String(), rule{"is not more than nothing", `write a duration such as "30s"`})
	}
}

// plainHTTP tells whether what is sent to u can be read on the way.
func plainHTTP(u *url.URL) bool {
	if u == nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}
