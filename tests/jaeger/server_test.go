package jaeger

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/tests/program"
)

// binary is where `make tools-jaeger` puts Jaeger.
const binary = "../../.tools/jaeger"

// configuration is Jaeger's own for all in one process, with only the doors
// that are used here: OTLP over HTTP in, the query API out, traces in memory.
const configuration = `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], processors: [], exporters: [jaeger_storage_exporter]}
  telemetry: {metrics: {level: none}, logs: {level: warn}}
extensions:
  jaeger_storage: {backends: {memory: {memory: {max_traces: 10000}}}}
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: %q}
    grpc: {endpoint: %q}
receivers:
  otlp: {protocols: {http: {endpoint: %q}}}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`

// server is a running Jaeger.
type server struct {
	otlp  string // takes spans
	query string // answers
}

func skipWithoutJaeger(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(binary); err != nil {
		t.Skip("Jaeger is not built: run `make jaeger` (4 minutes, once)")
	}
}

// startJaeger runs Jaeger until the test ends.
func startJaeger(t *testing.T) server {
	t.Helper()
	ports := freePorts(t, 3)
	query, grpc, otlp := ports[0], ports[1], ports[2]
	file := filepath.Join(t.TempDir(), "jaeger.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, configuration, query, grpc, otlp), 0o600); err != nil {
		t.Fatal(err)
	}
	p := run(t, exec.Command(binary, "--config", file))
	t.Cleanup(func() { _ = p.Cmd.Process.Kill() }) // it has nothing to keep, and takes ten seconds to stop
	s := server{otlp: "http://" + otlp, query: "http://" + query}
	until(t, time.Minute, "Jaeger answers", func() bool {
		return program.Answers(s.query+"/api/services", http.StatusOK) && program.Answers(s.otlp+"/v1/traces", http.StatusMethodNotAllowed)
	})
	return s
}

// trace and span are what Jaeger's API gives of a trace, as far as it is judged here.
type trace struct {
	ID        string `json:"traceID"`
	Spans     []span `json:"spans"`
	Processes map[string]struct {
		Service string `json:"serviceName"`
	} `json:"processes"`
}

type span struct {
	ID         string `json:"spanID"`
	Operation  string `json:"operationName"`
	Process    string `json:"processID"`
	References []struct {
		Type string `json:"refType"`
		ID   string `json:"spanID"`
	} `json:"references"`
	Tags []struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	} `json:"tags"`
}

// find asks for the traces in which a service has a span of this order, as a
// person does with Service and Tags on Jaeger's search page.
func (s server) find(t *testing.T, service, order string) []trace {
	t.Helper()
	tags, err := json.Marshal(map[string]string{"magpie.key": order})
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"service": {service}, "tags": {string(tags)}, "limit": {"100"}}
	resp, err := http.Get(s.query + "/api/traces?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body struct {
		Data []trace `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatalf("Jaeger answered %s: %v", resp.Status, err)
	}
	return body.Data
}

// parent gives the id of the span that a span is a child of, or "".
func (s span) parent() string {
	for _, r := range s.References {
		if r.Type == "CHILD_OF" {
			return r.ID
		}
	}
	return ""
}

// name is the service and what it did: "magpie-transform: publish command".
func (tr trace) name(s span) string { return tr.Processes[s.Process].Service + ": " + s.Operation }

// named gives the spans of one name.
func (tr trace) named(name string) []span {
	var found []span
	for _, s := range tr.Spans {
		if tr.name(s) == name {
			found = append(found, s)
		}
	}
	return found
}

// way gives the names of the spans from the trace's beginning to s.
func (tr trace) way(s span) []string {
	byID := map[string]span{}
	for _, other := range tr.Spans {
		byID[other.ID] = other
	}
	names := []string{tr.name(s)}
	for range tr.Spans { // a ring would end too
		parent, ok := byID[s.parent()]
		if !ok {
			break
		}
		names, s = append([]string{tr.name(parent)}, names...), parent
	}
	return names
}
