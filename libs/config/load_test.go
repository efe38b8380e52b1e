package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/config"
)

// pair is a pair that is right, at lines 1 to 5 of a file.
const pair = `pairs:
  - name: main
    magento: {url: 'https://shop.example', token: a-magento-token}
    gp: {url: 'https://gp.example', timezone: UTC, company: -1, user: magpie, password: a-gp-password}
`

// edited replaces parts of [pair].
func edited(oldnew ...string) string { return strings.NewReplacer(oldnew...).Replace(pair) }

func load(t *testing.T, text string, env ...string) (*config.Config, []config.Warning, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "magpie.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, env)
}

func mustLoad(t *testing.T, text string, env ...string) *config.Config {
	t.Helper()
	c, _, err := load(t, text, env...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDefaults(t *testing.T) {
	c := mustLoad(t, pair)
	got := []any{
		c.NATS.URL, c.NATS.Store, c.NATS.Listen, c.NATS.Sync.Always,
		c.HTTP.Ingest.Listen, c.HTTP.Console.Listen, c.HTTP.Health.Listen,
		c.Log, c.Retry, c.Keep,
		c.Pairs[0].Magento.Store, c.Pairs[0].Magento.Sweep, c.Pairs[0].Magento.Timeout, c.Pairs[0].Magento.Parallel,
		c.Pairs[0].Magento.WriteBack, c.Pairs[0].Magento.NotFoundWait,
		c.Pairs[0].GP.Transport, c.Pairs[0].GP.Paths.Preset, c.Pairs[0].GP.Auth, c.Pairs[0].GP.Order,
		c.Pairs[0].GP.Timeout, c.Pairs[0].GP.WorkTime, c.Pairs[0].GP.Parallel, c.Pairs[0].GP.Capture,
	}
	want := []any{
		"embedded", "./data", "127.0.0.1:4222", true,
		"127.0.0.1:8081", "127.0.0.1:8080", "127.0.0.1:8082",
		config.Log{Level: "info", Format: "json"}, config.Retry{StuckAfter: 24 * time.Hour, Tries: 20, NeedsAfter: 24 * time.Hour}, 336 * time.Hour,
		"default", config.Sweep{Every: 5 * time.Minute, Overlap: 10 * time.Minute}, 30 * time.Second, 4,
		"save", 15 * time.Minute,
		"web-services", "gp-service", "basic",
		config.Order{DocID: "STDORD", Batch: "WEB{{date}}", Prefix: "WEB", Site: "WAREHOUSE"},
		time.Minute, time.Minute, 4,
		config.GPCapture{
			Every: 30 * time.Second, Overlap: 10 * time.Minute, OpenEvery: 2 * time.Minute, OpenDays: 14, FullEvery: 6 * time.Hour,
		},
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("default %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		env  []string
		want []string
	}{
		{
			"a duration without a unit",
			edited("url: 'https://gp.example'", "url: 'https://gp.example', timeout: 10"), nil,
			[]string{`config: pairs[0].gp.timeout: "10" has no unit; write "10s" (magpie.yaml:4, or MAGPIE_PAIRS_0_GP_TIMEOUT)`},
		}, {
			"all of them at once",
			"keep: 2d\nnats: {sync: sometimes}\n" + pair, nil,
			[]string{
				`config: nats.sync: "sometimes" is not a duration; write "always", or a duration such as "2m" (magpie.yaml:2, or MAGPIE_NATS_SYNC)`,
				`config: keep: "2d" is in days, which have no unit here; write "48h" (magpie.yaml:1, or MAGPIE_KEEP)`,
			},
		}, {
			"times of a capture that make no sense",
			edited("url: 'https://gp.example'", "url: 'https://gp.example', capture: {every: 5m, full_every: 1m, open_every: 0s}"), nil,
			[]string{
				`pairs[0].gp.capture.open_every: "0s" is not more than nothing; write a duration such as "30s"`,
				`pairs[0].gp.capture.full_every: "1m0s" is shorter than every, 5m0s: everything would be read at each look; write hours, such as 6h`,
			},
		}, {
			"an unknown key", "nats: {uri: embedded}\n" + pair, nil,
			[]string{`config: nats.uri: is not a known key; the nearest is url (magpie.yaml:1)`},
		}, {
			"a misspelt key of a pair", edited("a-magento-token", "a-magento-token, timout: 5s"), nil,
			[]string{`config: pairs[0].magento.timout: is not a known key; the nearest is timeout (magpie.yaml:3)`},
		}, {
			"an unknown variable", pair, []string{"MAGPIE_PAIRS_MAIN_GP_TIMEOT=5s"},
			[]string{`config: MAGPIE_PAIRS_MAIN_GP_TIMEOT: is not a known variable; the nearest is MAGPIE_PAIRS_MAIN_GP_TIMEOUT`},
		}, {
			"a variable's bad value", pair, []string{"MAGPIE_RETRY_TRIES=0"},
			[]string{`config: retry.tries: "0" is too small; the least is 1 (MAGPIE_RETRY_TRIES)`},
		}, {
			"a variable that is not set", edited("a-magento-token", "'${MAGENTO_TOKEN}'"), nil,
			[]string{`config: pairs[0].magento.token: refers to the variable MAGENTO_TOKEN, which is not set; set MAGENTO_TOKEN, or write the value (file:PATH for one in a file) (magpie.yaml:3, or MAGPIE_PAIRS_0_MAGENTO_TOKEN)`},
		}, {
			"a reference that names nothing", edited("a-magento-token", "'${}'"), nil,
			[]string{`pairs[0].magento.token: has a ${ that names no variable`},
		}, {
			"a file that is not there", edited("a-gp-password", "file:/nowhere/gp"), nil,
			[]string{`config: pairs[0].gp.password: refers to the file "/nowhere/gp", which can't be read: no such file or directory`},
		}, {
			"a file that is a folder", edited("a-gp-password", "file:/"), nil, []string{`not a regular file`},
		}, {
			"a value that came by a reference is not shown", edited("company: -1", "company: -1, parallel: '${N}'"), []string{"N=hunter2"},
			[]string{`pairs[0].gp.parallel: "${N}" is not a whole number; write one such as 4`},
		}, {
			"a pair's name with a dot", edited("name: main", "name: a.b"), nil,
			[]string{`pairs[0].name: "a.b" can't stand in a subject`},
		}, {
			"a pair without a name", edited("name: main", "name:"), nil, []string{`pairs[0].name: is missing`},
		}, {
			"no pair", "log: {level: info}", nil, []string{`config: pairs: has no pair`},
		}, {
			"an empty file", "", nil, []string{`config: pairs: has no pair; write at least one: a name, a magento and a gp (magpie.yaml:1)`},
		}, {
			"two pairs of one name and one company and prefix", pair + strings.TrimPrefix(pair, "pairs:\n"), nil,
			[]string{
				`pairs[1].name: "main" is the name of pairs[0] too`,
				`pairs[1].gp.order.prefix: "WEB" is the prefix of pairs[0] too, which writes into the same company`,
			},
		}, {
			"a password over plain http", edited("https://gp.example", "http://gp.example"), nil,
			[]string{`pairs[0].gp.url: "http://gp.example" would send the password in the clear`},
		}, {
			"a token over plain http", edited("https://shop.example", "http://10.0.0.1"), nil,
			[]string{`pairs[0].magento.url: "http://10.0.0.1" would send the token in the clear`},
		}, {
			"a URL with a password, which is not shown", edited("https://gp.example", "https://u:hunter2@gp.example"), nil,
			[]string{`pairs[0].gp.url: "https://[secret]@gp.example" has credentials`},
		}, {
			"a prefix that is too long", edited("company: -1", "company: -1, order: {prefix: MAGPIESHOP}"), nil,
			[]string{`pairs[0].gp.order.prefix: "MAGPIESHOP" has 10 characters: with an increment id of 12 the SOP number would pass GP's 20; the most is 8`},
		}, {
			"long ids", edited("company: -1", "company: -1, order: {docid: SIXTEENCHARACTER, site: ELEVENCHARS, batch: 'MAGPIEWEB{{date}}'}"), nil,
			[]string{
				`docid: "SIXTEENCHARACTER" has 16 characters; the most is 15`,
				`site: "ELEVENCHARS" has 11 characters; the most is 10`,
				`batch: "MAGPIEWEB{{date}}" makes a batch of 17 characters, such as MAGPIEWEB20000101; the most is 15`,
			},
		}, {
			"an unknown placeholder", edited("company: -1", "company: -1, order: {batch: 'WEB{{day}}'}"), nil,
			[]string{`batch: "WEB{{day}}" has a placeholder that is not known; the only one is {{date}}`},
		}, {
			"an unknown scheme, and no secret", edited("token: ", "webhooks: [{scheme: md5}], token: "), nil,
			[]string{
				`webhooks[0].scheme: "md5" is not one of the known values; write hmac-sha256 or bearer`,
				`webhooks[0].secret: is empty: anyone could send webhooks`,
			},
		}, {
			"an event that is told twice", edited("token: ", "webhooks: [{secret: sixteen-is-enough, event: order}], token: "), nil,
			[]string{`webhooks[0].event: "order" is told twice`},
		}, {
			"an event that is nowhere", edited("token: ", "webhooks: [{secret: sixteen-is-enough, event_in: cookie}], token: "), nil,
			[]string{`webhooks[0].event_in: "cookie" is no place of a webhook`},
		}, {
			"some paths", edited("company: -1", "company: -1, paths: {sales: /S, ledger: /L}"), nil,
			[]string{`pairs[0].gp.paths.customer: is missing beside the other paths`, `pairs[0].gp.paths.inventory: is missing`},
		}, {
			"paths and a preset", edited("company: -1", "company: -1, paths: {preset: dynamics-gp, sales: /S}"), nil,
			[]string{`pairs[0].gp.paths.preset: "dynamics-gp" stands beside paths of their own`},
		}, {
			"a wrong time zone", edited("timezone: UTC", "timezone: Eastern"), nil,
			[]string{`timezone: "Eastern" is not a time zone; write an IANA name`},
		}, {
			"the machine's own time zone", edited("timezone: UTC", "timezone: Local"), nil, []string{`"Local" is not a time zone`},
		}, {
			"addresses that can't be listened on", "http: {ingest: ':70000', console: localhost, health: {listen: '[::1]:0'}}\n" + pair, nil,
			[]string{`http.ingest.listen: ":70000" has no port`, `http.console.listen: "localhost" is not host:port`},
		}, {
			"two servers on one port", "http: {ingest: ':80', console: ':80'}\n" + pair, nil,
			[]string{`http.console.listen: ":80" is taken by http.ingest`},
		}, {
			"half a certificate", "http: {tls: {cert: c.pem}}\n" + pair, nil, []string{`http.tls.key: is missing`},
		}, {
			"a file's content for a path", "nats: {url: 'tls://nats:4222', creds: \"-----BEGIN NATS USER JWT-----\\nhunter2\"}\n" + pair, nil,
			[]string{`nats.creds: is a file's content, not its path`},
		}, {
			"a NATS URL with a password", "nats: {url: 'nats://u:hunter2@nats'}\n" + pair, nil, []string{`"nats://[secret]@nats" has credentials`},
		}, {
			"a list for a mapping", "nats: []\n" + pair, nil, []string{`config: nats: is a list; write a mapping with url, store,`},
		}, {
			"a mapping for a value", "keep: {hours: 3}\n" + pair, nil, []string{`config: keep: is a mapping; write a single value`},
		}, {
			"a word for a yes", edited("company: -1", "company: -1, insecure: yes"), nil, []string{`"yes" is not a yes or no; write true or false`},
		}, {
			"not YAML, without an excerpt", pair + "password: 'hunter2\n", nil, []string{`config: is not YAML: could not find end character of single-quoted text (magpie.yaml:5)`},
		}, {
			"a key twice", "keep: 1h\nkeep: 2h\n" + pair, nil, []string{`(magpie.yaml:2)`},
		}, {
			"two documents", pair + "---\nkeep: 1h\n", nil, []string{`more than one document (magpie.yaml:6)`},
		}, {
			"names that look alike as variables", pair + strings.NewReplacer("pairs:\n", "", "main", "MAIN", "-1", "TWO").Replace(pair),
			[]string{"MAGPIE_PAIRS_MAIN_GP_USER=x"},
			[]string{`config: MAGPIE_PAIRS_MAIN_GP_USER: may mean pairs[0].gp.user or pairs[1].gp.user; write the one with its index: MAGPIE_PAIRS_0_GP_USER`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, tt.text, tt.env...)
			var broken *config.Error
			if !errors.As(err, &broken) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if len(broken.Problems) != len(tt.want) {
				t.Fatalf("got %d problems, want %d:\n%v", len(broken.Problems), len(tt.want), err)
			}
			for i, want := range tt.want {
				if got := broken.Problems[i].String(); !strings.Contains(got, want) {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"none", pair, nil},
		{
			"no time zone", edited("timezone: UTC, ", ""),
			[]string{`config: pairs[0].gp.timezone: is missing, and UTC is taken`},
		}, {
			"a role without credentials", edited(", token: a-magento-token", "", ", password: a-gp-password", ""),
			[]string{"magento.token: is missing", "gp.password: is missing"},
		}, {
			"a short secret", edited("token: ", "webhooks: [{secret: hunter2}], token: "),
			[]string{`webhooks[0].secret: is short (7 bytes) and can be guessed; take at least 16 (magpie.yaml:3, or MAGPIE_PAIRS_0_MAGENTO_WEBHOOKS_0_SECRET)`},
		}, {
			"credentials for the embedded server", "nats: {creds: nats.creds}\n" + pair, []string{"nats.url"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, warnings, err := load(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) != len(tt.want) {
				t.Fatalf("got %v, want %v", warnings, tt.want)
			}
			for i, want := range tt.want {
				if got := warnings[i].String(); !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			}
		})
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	_, _, err := config.Load("/nowhere/magpie.yaml", nil)
	if want := `config: "/nowhere/magpie.yaml" can't be read: no such file or directory`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestSandbox(t *testing.T) {
	c, warnings, err := config.Load("", []string{"MAGPIE_HTTP_CONSOLE=127.0.0.1:0", "PATH=/bin"})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("got %v and %v", err, warnings)
	}
	p, ok := c.Pair("main")
	if !ok || c.HTTP.Console.Listen != "127.0.0.1:0" || p.GP.Location().String() != "America/New_York" ||
		p.Magento.URL != "http://127.0.0.1:9001" || p.GP.URL != "http://127.0.0.1:9002" {
		t.Errorf("got %s", c.Redacted())
	}
	if n, ok := p.GP.Company.Number(); !ok || n != -1 {
		t.Errorf("company is %q", p.GP.Company)
	}
}

func TestReferences(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "gp"), []byte("pass ${HOME}\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{"DIR=" + dir, "NAME=shop", "TRICK=file:/etc/passwd ${NAME}", "N=7"}
	for _, tt := range []struct{ name, written, want string }{
		{"a variable", "'${NAME}'", "shop"},
		{"inside of a text", "'a ${NAME} of ${N}'", "a shop of 7"},
		{"escaped", "'$${NAME}'", "${NAME}"},
		{"a dollar that is none", "'$5 $NAME $'", "$5 $NAME $"},
		{"a file, its last line break cut", "file:" + dir + "/gp", "pass ${HOME}"},
		{"a file in a variable's folder", "'file:${DIR}/gp'", "pass ${HOME}"},
		{"what a reference gives is not looked at again", "'${TRICK}'", "file:/etc/passwd ${NAME}"},
		{"a block", "|-\n        line\n", "line"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := edited("token: a-magento-token", "token: TOKEN")
			text = strings.Replace(text, "{url: 'https://shop.example', token: TOKEN}", "\n      url: https://shop.example\n      token: "+tt.written, 1)
			c := mustLoad(t, text, env...)
			if got := c.Pairs[0].Magento.Token.Reveal(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := pair + "http: {health: '127.0.0.1:1'}\n"
	for _, tt := range []struct {
		name string
		env  []string
		get  func(c *config.Config) any
		want any
	}{
		{"by index", []string{"MAGPIE_PAIRS_0_GP_USER=u"}, func(c *config.Config) any { return c.Pairs[0].GP.User }, "u"},
		{"by the pair's name", []string{"MAGPIE_PAIRS_MAIN_GP_WORK_TIME=3m"}, func(c *config.Config) any { return c.Pairs[0].GP.WorkTime }, 3 * time.Minute},
		{"a secret in a file", []string{"MAGPIE_PAIRS_MAIN_GP_PASSWORD=file:" + dir + "/secret"}, func(c *config.Config) any { return c.Pairs[0].GP.Password.Reveal() }, "from a file"},
		{"a dollar is nothing special", []string{"MAGPIE_PAIRS_MAIN_GP_PASSWORD=a${B}"}, func(c *config.Config) any { return c.Pairs[0].GP.Password.Reveal() }, "a${B}"},
		{"a struct's short form", []string{"MAGPIE_HTTP_HEALTH=:2"}, func(c *config.Config) any { return c.HTTP.Health.Listen }, ":2"},
		{
			"beside a struct's short form", []string{"MAGPIE_HTTP_HEALTH_TLS_CERT=c", "MAGPIE_HTTP_HEALTH_TLS_KEY=k"},
			func(c *config.Config) any { return []any{c.HTTP.Health.Listen, *c.HTTP.Health.TLS} },
			[]any{"127.0.0.1:1", config.ServerTLS{Cert: "c", Key: "k"}},
		},
		{
			"a list, element by element", []string{
				"MAGPIE_PAIRS_MAIN_MAGENTO_WEBHOOKS_0_SECRET=0123456789abcdef",
				"MAGPIE_PAIRS_MAIN_MAGENTO_WEBHOOKS_0_PREVIOUS_SECRETS_0=fedcba9876543210",
				"MAGPIE_PAIRS_MAIN_MAGENTO_WEBHOOKS_0_PREFIX=",
				"MAGPIE_PAIRS_MAIN_MAGENTO_WEBHOOKS_1_SCHEME=bearer",
				"MAGPIE_PAIRS_MAIN_MAGENTO_WEBHOOKS_1_SECRET=0123456789abcdeX",
			},
			func(c *config.Config) any {
				w := c.Pairs[0].Magento.Webhooks
				return []any{len(w), w[0].PreviousSecrets[0].Reveal(), *w[0].Prefix, w[1].Scheme, w[1].Prefix == nil}
			},
			[]any{2, "fedcba9876543210", "", "bearer", true},
		},
		{
			"a whole second pair, named in the environment", []string{
				"MAGPIE_PAIRS_1_NAME=uk-shop", "MAGPIE_PAIRS_UK_SHOP_MAGENTO_URL=https://uk", "MAGPIE_PAIRS_UK_SHOP_GP_URL=https://gp.uk",
				"MAGPIE_PAIRS_UK_SHOP_GP_COMPANY=TWO", "MAGPIE_PAIRS_UK_SHOP_GP_TIMEZONE=Europe/London",
			},
			func(c *config.Config) any { return c.Pairs[1].GP.URL }, "https://gp.uk",
		},
		{
			"flow settings", []string{"MAGPIE_PAIRS_MAIN_FLOWS_GUEST=WEBGUEST", "MAGPIE_PAIRS_MAIN_FLOWS_DAYS=3"},
			func(c *config.Config) any { return c.Pairs[0].Flows }, map[string]any{"guest": "WEBGUEST", "days": 3},
		},
		{
			"what is not ours", []string{
				"MAGPIE_CONFIG=magpie.yaml", "MAGPIE_SERVICE_HOST=10.0.0.1", "MAGPIE_PORT=tcp://10.0.0.1:80",
				"MAGPIE_INGEST_PORT_8081_TCP_ADDR=10.0.0.1", "MAGPIE_NATS_SERVICE_PORT_CLIENT=4222",
			},
			func(c *config.Config) any { return c.NATS.URL }, "embedded",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.get(mustLoad(t, text, tt.env...)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAliasesAndMerges(t *testing.T) {
	text := pair + `  - name: two
    magento: &shop {url: 'https://two', token: t, parallel: 9}
    gp: {url: 'https://gp2', timezone: UTC, company: 2, user: u, password: p}
  - name: three
    magento: {<<: *shop, store: three}
    gp: {url: 'https://gp3', timezone: UTC, company: 3, user: u, password: p}
`
	c := mustLoad(t, text, "MAGPIE_PAIRS_THREE_MAGENTO_URL=https://three")
	if c.Pairs[1].Magento.URL != "https://two" || c.Pairs[2].Magento.URL != "https://three" || c.Pairs[2].Magento.Parallel != 9 {
		t.Errorf("got %s", c.Redacted())
	}
}

func TestFlowsKeepTheirTypes(t *testing.T) {
	c := mustLoad(t, pair+"    flows: {a: 1, b: 1.5, c: true, d: '1', e: [x, {f: null}], g: '${V}'}\n", "V=5")
	want := map[string]any{"a": 1, "b": json.Number("1.5"), "c": true, "d": "1", "e": []any{"x", map[string]any{"f": nil}}, "g": "5"}
	if !reflect.DeepEqual(c.Pairs[0].Flows, want) {
		t.Errorf("got %#v", c.Pairs[0].Flows)
	}
}

func TestPathsOfTheirOwn(t *testing.T) {
	c := mustLoad(t, edited("company: -1", "company: -1, paths: {sales: /S, customer: /C, inventory: /I, ledger: /L}"))
	if got, want := c.Pairs[0].GP.Paths, (config.Paths{Sales: "/S", Customer: "/C", Inventory: "/I", Ledger: "/L"}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestBatchOn(t *testing.T) {
	o := config.Order{Batch: "WEB{{date}}"}
	if got := o.BatchOn(time.Date(2026, 3, 9, 23, 0, 0, 0, time.UTC)); got != "WEB20260309" {
		t.Errorf("got %s", got)
	}
}
