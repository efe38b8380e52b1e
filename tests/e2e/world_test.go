package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/bus"
	"github.com/magpie-integration/magpie/libs/history"
	"github.com/magpie-integration/magpie/services/dlq"
	"github.com/magpie-integration/magpie/services/sandbox"
	"github.com/magpie-integration/magpie/services/sandbox/gp"
	"github.com/magpie-integration/magpie/services/sandbox/magento"
	"github.com/magpie-integration/magpie/tests/program"
)

// all is the world of this package's tests; see TestMain.
var all *world

func TestMain(m *testing.M) {
	os.Exit(func() (code int) {
		dir, err := os.MkdirTemp("", "magpie-e2e")
		if err == nil {
			defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
			all, err = create(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() {
			said := all.process.Said(60) // else the end of the run hides what went wrong
			if err := all.end(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
			if code != 0 {
				fmt.Fprintf(os.Stderr, "---- log of magpie (its end)\n%s\n", said)
			}
		}()
		return m.Run()
	}())
}

// world is one Magpie that runs every role, with a store and a company of its
// own for each of its pairs.
type world struct {
	binary, config string
	pairs          map[string]*pair
	process        *program.Process
	bus            *bus.Bus
	door, console  string // ingest's address and dlq's
	cancel         context.CancelFunc
	running        sync.WaitGroup
}

// pair is a store and a company, and their pair in Magpie.
type pair struct {
	*sandbox.Sandbox
	world          *world
	name           string
	store, company *httptest.Server
}

const token = "integration-token-of-the-sandbox"

// create starts everything, and waits until it is ready.
func create(dir string) (w *world, err error) {
	w = &world{config: filepath.Join(dir, "magpie.yaml"), pairs: map[string]*pair{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.end())
		}
	}()
	if w.binary, err = program.Build(dir); err != nil {
		return w, err
	}
	var ctx context.Context
	ctx, w.cancel = context.WithCancel(context.Background())
	text := ""
	for i, set := range pairs {
		p, err := w.found(set, uint64(i))
		if err != nil {
			return w, err
		}
		forms := make([]string, len(set.accepts))
		for i, form := range set.accepts {
			if forms[i], err = form(p.store.URL); err != nil {
				return w, err
			}
		}
		text += fmt.Sprintf(pairConfiguration, set.name, p.store.URL, token, strings.Join(forms, ", "), p.company.URL, set.gp, flowsOf(set))
	}
	ports, err := program.FreePorts(4)
	if err != nil {
		return w, err
	}
	text = fmt.Sprintf(configuration, filepath.Join(dir, "nats"), ports[0], ports[1], ports[2], ports[3]) + text
	if err := os.WriteFile(w.config, []byte(text), 0o600); err != nil {
		return w, err
	}
	w.door, w.console = "http://"+ports[1], "http://"+ports[2]
	for _, set := range pairs {
		if err := w.pairs[set.name].tells(set.sends, w.door); err != nil {
			return w, err
		}
		w.running.Go(func() { _ = w.pairs[set.name].Run(ctx) })
	}
	cmd := exec.Command(w.binary, "up", "--config", w.config)
	cmd.Env = program.Environment()
	if w.process, err = program.Start(cmd, filepath.Join(dir, "magpie.log")); err != nil {
		return w, err
	}
	if err := w.process.Ready("http://"+ports[3]+"/readyz", time.Minute); err != nil {
		return w, err
	}
	w.bus, err = bus.Connect("nats://" + ports[0])
	return w, err
}

// found starts the sandboxes of a pair.
func (w *world) found(set settings, seed uint64) (*pair, error) {
	s, err := sandbox.New(sandbox.Config{
		Token: token, User: "magpie", Password: "secret-of-gp", Site: "WAREHOUSE", DocID: "STDORD", Company: -1, Seed: seed,
		CreateTime: time.Millisecond, ReadTime: time.Millisecond,
	})
	if err != nil {
		return nil, err
	}
	p := &pair{
		Sandbox: s, world: w, name: set.name,
		store: httptest.NewServer(s.Magento.Handler()), company: httptest.NewServer(s.GP.Handler()),
	}
	w.pairs[p.name] = p
	return p, nil
}

// tells has the store send webhooks to the pair's address at a door.
func (p *pair) tells(hooks []magento.Webhook, door string) error {
	for _, hook := range hooks {
		hook.URL = door + "/hooks/magento/" + p.name
		if _, err := p.Magento.AddWebhook(hook); err != nil {
			return err
		}
	}
	return nil
}

// end stops everything.
func (w *world) end() error {
	var errs []error
	if w.bus != nil {
		w.bus.Close()
	}
	if w.process != nil {
		errs = append(errs, w.process.Stop(15*time.Second))
	}
	if w.cancel != nil {
		w.cancel()
	}
	w.running.Wait()
	for _, p := range w.pairs {
		p.store.Close()
		p.company.Close()
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// run runs a command of the CLI and gives what it prints.
func (w *world) run(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), w.binary, append(args, "--config", w.config)...)
	cmd.Env = program.Environment()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("magpie %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

// letters are the dead letters of the pair that the console's API lists, by a
// query such as "key=000000012"; an empty one lists all.
func (p *pair) letters(t *testing.T, query string) []dlq.Letter {
	t.Helper()
	var list []dlq.Letter
	decode(t, call(t, http.MethodGet, p.world.console+"/api/v1/dead?pair="+p.name+"&"+query, "", ""), &list)
	return list
}

// lettersOf are the dead letters of an order and of those that replaced it.
func (p *pair) lettersOf(t *testing.T, number string) []dlq.Letter {
	t.Helper()
	return slices.DeleteFunc(p.letters(t, ""), func(l dlq.Letter) bool {
		return l.Key != number && !strings.HasPrefix(l.Key, number+"-")
	})
}

// letter is one dead letter, whole.
func (p *pair) letter(t *testing.T, id string) dlq.Letter {
	t.Helper()
	var letter dlq.Letter
	decode(t, call(t, http.MethodGet, p.world.console+"/api/v1/dead/"+id, "", ""), &letter)
	return letter
}

// place places an order, which is told as in docs/sandbox.md: {"kind": "bundle"}.
func (p *pair) place(t *testing.T, order string) magento.OrderRow {
	t.Helper()
	return p.tell(t, "", order)
}

// edit replaces an order by another one and gives that.
func (p *pair) edit(t *testing.T, number, how string) magento.OrderRow {
	t.Helper()
	return p.tell(t, "/"+number+"/edit", how)
}

// cancel cancels an order in the store.
func (p *pair) cancel(t *testing.T, number string) {
	t.Helper()
	call(t, http.MethodPost, p.store.URL+"/_sandbox/orders/"+number+"/cancel", "", "{}")
}

func (p *pair) tell(t *testing.T, path, body string) (row magento.OrderRow) {
	t.Helper()
	decode(t, call(t, http.MethodPost, p.store.URL+"/_sandbox/orders"+path, "", body), &row)
	return row
}

// order reads an order by the store's REST API.
func (p *pair) order(t *testing.T, number string) map[string]any {
	t.Helper()
	const search = "/rest/default/V1/orders?searchCriteria[filter_groups][0][filters][0][field]=increment_id" +
		"&searchCriteria[filter_groups][0][filters][0][value]="
	var found struct {
		Items []map[string]any `json:"items"`
	}
	decode(t, call(t, http.MethodGet, p.store.URL+search+number, token, ""), &found)
	if len(found.Items) != 1 {
		t.Fatalf("the store has %d orders with the number %s", len(found.Items), number)
	}
	return found.Items[0]
}

// documents are the sales orders in the company that are marked as an order's.
func (p *pair) documents(t *testing.T, mark string) []gp.OrderRow {
	t.Helper()
	return slices.DeleteFunc(p.allDocuments(t), func(d gp.OrderRow) bool { return d.CustomerPO != mark })
}

// allDocuments are the sales orders in the company, voided ones too.
func (p *pair) allDocuments(t *testing.T) (list []gp.OrderRow) {
	t.Helper()
	decode(t, call(t, http.MethodGet, p.company.URL+"/_sandbox/orders", "", ""), &list)
	return list
}

// document is the one sales order that is marked as an order's.
func (p *pair) document(t *testing.T, mark string) gp.OrderRow {
	t.Helper()
	found := p.documents(t, mark)
	if len(found) != 1 {
		t.Fatalf("GP has %d sales orders of order %s, want one: %+v", len(found), mark, found)
	}
	return found[0]
}

// life is all that is in the streams about an order.
func (p *pair) life(t *testing.T, number string) history.Life {
	t.Helper()
	life, err := history.Of(t.Context(), p.world.bus, p.name, events.Order, events.CanonicalKey(events.Magento, events.Order, number))
	if err != nil {
		t.Fatal(err)
	}
	return life
}

// tellLife logs it.
func (p *pair) tellLife(t *testing.T, number string) {
	t.Helper()
	t.Logf("order %s of pair %s", number, p.name)
	for _, s := range p.life(t, number).Steps {
		t.Logf("%s  %-8s %s", s.At.Format("15:04:05.000"), s.Word, s.Text)
	}
}

// patience is how long a test waits for what takes a second on an idle machine.
const patience = 90 * time.Second

// until waits for something that happens on its own.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	program.Until(t, 50*time.Millisecond, patience, what, ok)
}

// outcome waits for an outcome of an order.
func (p *pair) outcome(t *testing.T, number, what string, ok func(events.Outcome) bool) events.Outcome {
	t.Helper()
	var is events.Outcome
	defer func() {
		if t.Failed() {
			p.tellLife(t, number)
		}
	}()
	subject := "magpie.outcome." + p.name + ".*.order." + events.Key(number).Token()
	until(t, "order "+number+" "+what, func() bool {
		for stored, err := range p.world.bus.Scan(t.Context(), bus.Outcomes, subject) {
			if err != nil {
				t.Fatal(err)
			}
			var o events.Outcome
			if decode(t, stored.Data, &o); ok(o) {
				is = o
				return true
			}
		}
		return false
	})
	return is
}

// quiet waits until nothing of the pair is under way, so that what is true then
// stays true.
func (p *pair) quiet(t *testing.T) {
	t.Helper()
	still := 0 // looks in a row: one look reads the streams one after the other
	until(t, "nothing of pair "+p.name+" is under way", func() bool {
		if still++; p.underWay(t) {
			still = 0
		}
		return still == 2
	})
}

func (p *pair) underWay(t *testing.T) bool {
	t.Helper()
	hooks := p.Magento.WebhookCounts()
	if hooks["queued"] > 0 || hooks["sent"] > hooks["delivered"] {
		return true
	}
	lanes, err := p.world.bus.Survey(t.Context())
	for _, l := range lanes {
		_, of, ofPair := strings.Cut(l.Name, "_")
		ofPair = ofPair && (of == p.name || strings.HasPrefix(of, p.name+"_"))
		if (ofPair || l.Stream == bus.Changes || l.Stream == bus.Outcomes) && l.Pending+uint64(l.AckPending) > 0 { //nolint:gosec // a count
			return true
		}
	}
	for _, stream := range []string{bus.Notices, bus.Commands} {
		later, failed := p.world.bus.Newest(t.Context(), stream, "magpie.later.*."+p.name+".>")
		if err = errors.Join(err, failed); len(later) > 0 {
			return true
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// ended waits until an order's first change has ended: written to GP, skipped,
// withdrawn or refused.
func (p *pair) ended(t *testing.T, number string) events.Outcome {
	t.Helper()
	return p.outcome(t, number, "ended", func(o events.Outcome) bool {
		return o.Result == events.Refused || o.System == events.GP
	})
}

// written waits until an order is in GP, and gives its sales order.
func (p *pair) written(t *testing.T, number string) gp.OrderRow {
	t.Helper()
	if o := p.ended(t, number); o.Result != events.Applied {
		t.Fatalf("order %s is %s: %s", number, o.Result, o.Reason)
	}
	return p.document(t, number)
}

// refused waits until an order is a dead letter, and gives that.
func (p *pair) refused(t *testing.T, number string) dlq.Letter {
	t.Helper()
	if o := p.ended(t, number); o.Result != events.Refused {
		t.Fatalf("order %s is %s %s, want a dead letter", number, o.Result, o.Target)
	}
	var list []dlq.Letter
	until(t, "order "+number+" is a dead letter", func() bool {
		list = p.letters(t, "key="+number)
		return len(list) > 0
	})
	return p.letter(t, list[0].ID)
}

// call calls a server of the test, and gives the body of an answer that is no refusal.
func call(t *testing.T, method, url, bearer, body string) []byte {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close() //nolint:errcheck // read to the end
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode/100 != 2 {
		t.Fatalf("%s %s: %s: %s", method, url, answer.Status, text)
	}
	return text
}

func decode(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}
