package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
)

// expectation is what a line of the doctor must be and say.
type expectation struct {
	part, what string // beginnings
	verdict    verdict
	text, fix  string
}

// meets looks for the expected line among the findings.
func (e expectation) meets(t *testing.T, all []finding) {
	t.Helper()
	for _, f := range all {
		if strings.HasPrefix(f.Part, e.part) && strings.HasPrefix(f.What, e.what) && f.Verdict == e.verdict &&
			strings.Contains(f.Text, e.text) && strings.Contains(f.Fix, e.fix) {
			return
		}
	}
	var lines []string
	for _, f := range all {
		if strings.HasPrefix(f.What, e.what) {
			lines = append(lines, string(f.Verdict)+" "+f.Part+": "+f.Text+" | "+f.Fix)
		}
	}
	t.Errorf("no line is %+v; of that name are:\n%s", e, strings.Join(lines, "\n"))
}

func TestAChecksTimeIsBoundedEvenIfItIgnoresIt(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hangs := check{"deaf", func(context.Context, *notes) { <-release }}
	waits := check{"patient", func(ctx context.Context, n *notes) { <-ctx.Done(); n.err("patient", context.Cause(ctx)) }}
	good := check{"good", func(_ context.Context, n *notes) { n.ok("good", "fine") }}
	began := time.Now()
	found := examine(t.Context(), 10*time.Millisecond, []part{{name: "p", gate: good, rest: []check{hangs, waits, good}}})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
	want := []finding{
		{"p", "good", isOK, "fine", ""},
		{"p", "deaf", failed, "no answer within 10ms", "raise --timeout, or see what holds it up"},
		{"p", "patient", failed, "no answer within 10ms", ""},
		{"p", "good", isOK, "fine", ""},
	}
	if !slices.Equal(found, want) {
		t.Errorf("got %+v", found)
	}
}

func TestWhatStandsBehindAShutGateIsNotLookedAt(t *testing.T) {
	closed := false
	shut := part{
		name:  "gp",
		gate:  check{"address", func(_ context.Context, n *notes) { n.err("address", failure.Down("gp.away", "away", nil)) }},
		rest:  []check{{"site", func(context.Context, *notes) { t.Error("was looked at") }}},
		after: func() { closed = true },
	}
	open := part{name: "magento", gate: check{"address", func(_ context.Context, n *notes) { n.ok("address", "answers") }}}
	found := examine(t.Context(), time.Second, []part{shut, open})
	want := []finding{
		{"gp", "address", failed, "away", ""}, {"gp", "site", skipped, "not looked at: see address", ""}, {"magento", "address", isOK, "answers", ""},
	}
	if !slices.Equal(found, want) || !closed {
		t.Errorf("got %+v, closed %t", found, closed)
	}
}

func TestTheReportEndsWithAFailureOnlyIfALineFails(t *testing.T) {
	n := &notes{part: "gp"}
	n.ok("company", "TWO")
	n.warn("items", "few", "more")
	n.skip("currencies", "no store")
	var out bytes.Buffer
	if err := report(&terminal{out: &out}, n.all); err != nil {
		t.Errorf("warnings are no failure: %v", err)
	}
	const text = `ok    gp: company: TWO
warn  gp: items: few
      fix: more
skip  gp: currencies: no store

1 ok, 1 to look at, 0 failed, 1 not looked at
`
	if out.String() != text {
		t.Errorf("got\n%s", out.String())
	}
	n.err("site", failure.Rejected("gp.site", "", "GP has no site X", "create it"))
	n.err("other", errors.New("plain"))
	out.Reset()
	if err := report(&terminal{out: &out, json: true}, n.all); err == nil || err.Error() != "2 of 5 checks failed" {
		t.Errorf("got %v", err)
	}
	var read []finding
	if err := json.Unmarshal(out.Bytes(), &read); err != nil || !slices.Equal(read, n.all) || read[3].Fix != "create it" {
		t.Errorf("got %s, %v", out.String(), err)
	}
}

func TestTheDoctorOfABrokenConfigurationSaysWhatIsWrong(t *testing.T) {
	t.Setenv("MAGPIE_PAIRS_0_GP_TIMEOUT", "10")
	code, out, _ := command("doctor", "--json")
	if code != 1 || !strings.Contains(out, "has no unit") || !strings.Contains(out, `"verdict": "fail"`) {
		t.Errorf("ends with %d: %s", code, out)
	}
}

func TestTheDoctorSaysHowLateGPIsSeen(t *testing.T) {
	got := delays(config.GPCapture{Every: 5 * time.Second, OpenEvery: time.Minute, OpenDays: 3, FullEvery: 48 * time.Hour})
	want := map[string][]string{
		"orders": {"5s", "1m0s", "3 days"}, "customers": {"5s", "48h0m0s"}, "products": {"5s", "48h0m0s"}, "stock": {"5s", "48h0m0s"},
	}
	for _, d := range got {
		for _, part := range want[d[0]] {
			if !strings.Contains(d[1], part) {
				t.Errorf("the delay of %s is %q, without %s", d[0], d[1], part)
			}
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d delays", len(got))
	}
	if d := delays(config.GPCapture{FullEvery: time.Hour})[2]; !strings.Contains(d[1], "24h0m0s") {
		t.Errorf("list prices are read once a day at most: %q", d)
	}
}
