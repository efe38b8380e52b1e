package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/flow"
)

type flowCheckCmd struct {
	File string `arg:"" help:"The flow's document."`
	pairFlag
}

// Run checks a file with the configuration's rows; NATS is not asked.
func (c flowCheckCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, true, func(ctx context.Context, p *published) error {
		program, err := p.program(ctx, c.File, "")
		problems := problemsOf(c.File, err)
		if err != nil && problems == nil {
			return err
		}
		if t.json {
			result := struct {
				Problems []flow.Problem `json:"problems"`
				Unknown  []string       `json:"unknown"`
			}{append([]flow.Problem{}, problems...), []string{}}
			if program != nil {
				result.Unknown = append(result.Unknown, program.Unknown...)
			}
			if err := t.print(result); err != nil {
				return err
			}
		}
		if problems != nil {
			if !t.json {
				for _, problem := range problems {
					fmt.Fprintln(t.out, problem)
				}
			}
			return fmt.Errorf("%s: %d problems", c.File, len(problems))
		}
		if t.json {
			return nil
		}
		for _, path := range program.Unknown {
			fmt.Fprintf(t.out, "%s: warning: %s is no field of Magento's own: an attribute of a module, or a typing error\n", c.File, path)
		}
		d := program.Document()
		fmt.Fprintf(t.out, "%s: %s version %d is well\n", c.File, d.Flow, d.Version)
		return nil
	})
}

// problemsOf gives a document's faults, with the file's name for the flow's.
func problemsOf(file string, err error) []flow.Problem {
	var invalid *flow.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	problems := slices.Clone(invalid.Problems)
	for i := range problems {
		problems[i].Flow = file
	}
	slices.SortStableFunc(problems, func(a, b flow.Problem) int { return a.Line - b.Line })
	return problems
}

// pastFlags choose what a flow is run over.
type pastFlags struct {
	Last    int    `default:"1000" help:"The newest changes of the stream, as many as this."`
	Changes string `type:"existingdir" placeholder:"DIR" help:"A folder of .json files instead: records as their system's API gives them, or whole changes."`
	Key     string `help:"Only the changes of this record."`
	Offline bool   `help:"Ask no NATS: with --changes; published versions and rows are then unknown."`
}

type flowTestCmd struct {
	Flow string `arg:"" name:"version" help:"A file, or the name of a flow (its live version), or NAME@VERSION."`
	pastFlags
	Golden string `placeholder:"DIR" help:"Compare with the decisions that are pinned in this folder, one file for each record."`
	Update bool   `help:"Pin what comes out, instead of comparing."`
	All    bool   `help:"Print each change, however many there are."`
	pairFlag
}

// testReport is what becomes of changes.
type testReport struct {
	Flow     string         `json:"flow"`
	Version  int            `json:"version"`
	Inputs   int            `json:"inputs"`
	Verdicts map[string]int `json:"verdicts"`
	Refusals []refusals     `json:"refusals"`
	Warnings map[string]int `json:"warnings"`
	Changes  []tested       `json:"changes"`
	// Unreadable are messages and files that no flow can start from.
	Unreadable []string `json:"unreadable,omitempty"`
	// Golden counts the pinned decisions that came out, Differing names the others.
	Golden    int      `json:"golden,omitempty"`
	Differing []string `json:"differing,omitempty"`
}

// refusals are those of one code.
type refusals struct {
	Code   string     `json:"code"`
	Inputs int        `json:"inputs"`
	Key    events.Key `json:"key"` // the first
	Reason string     `json:"reason"`
	Fix    string     `json:"fix,omitempty"`
}

// tested is what becomes of one change.
type tested struct {
	Key     events.Key `json:"key"`
	Verdict string     `json:"verdict"`
	Target  string     `json:"target,omitempty"`
	Reason  string     `json:"reason,omitempty"`
}

// Run runs a flow over changes.
func (c flowTestCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	if c.Update && c.Golden == "" {
		return errors.New("--update pins into the folder of --golden; give it")
	}
	return root.withPublished(ctx, t, c.Pair, c.Offline, func(ctx context.Context, p *published) error {
		program, err := p.program(ctx, p.named(c.Flow), "")
		if problems := problemsOf(c.Flow, err); problems != nil {
			return &flow.InvalidError{Problems: problems}
		}
		if err != nil {
			return err
		}
		inputs, err := p.events(ctx, program.Document().On, c.pastFlags)
		if err != nil {
			return err
		}
		report := testReport{
			Flow: program.Document().Flow, Version: program.Document().Version,
			Verdicts: map[string]int{}, Refusals: []refusals{}, Warnings: map[string]int{}, Changes: []tested{},
		}
		for read, err := range inputs {
			if err != nil {
				return err
			}
			in, err := read()
			if err != nil {
				report.Unreadable = append(report.Unreadable, err.Error())
				continue
			}
			trial := program.Try(in)
			report.add(in.Subject.Key, trial)
			if err := c.pin(&report, in.Subject.Key, trial); err != nil {
				return err
			}
		}
		return c.print(t, report)
	})
}

// named makes a flow's bare name its live version.
func (p *published) named(ref string) string {
	if isFile(ref) || strings.Contains(ref, "@") {
		return ref
	}
	return ref + "@" + refLive
}

func (r *testReport) add(key events.Key, trial flow.Trial) {
	r.Inputs++
	r.Verdicts[trial.Verdict()]++
	one := tested{Key: key, Verdict: trial.Verdict(), Reason: trial.Reason()}
	for _, d := range trial.Decisions {
		one.Target = cmp.Or(one.Target, d.TargetKey)
		for _, w := range d.Warnings {
			code, _, _ := strings.Cut(w, ": ")
			r.Warnings[code]++
		}
	}
	r.Changes = append(r.Changes, one)
	f := trial.Refused
	if f == nil {
		return
	}
	if i := slices.IndexFunc(r.Refusals, func(o refusals) bool { return o.Code == f.Code }); i >= 0 {
		r.Refusals[i].Inputs++
		return
	}
	r.Refusals = append(r.Refusals, refusals{Code: f.Code, Inputs: 1, Key: key, Reason: f.Reason, Fix: f.Fix})
}

// pin compares a decision with the pinned one, or pins it. Of several changes
// of one record the last counts.
func (c flowTestCmd) pin(r *testReport, key events.Key, trial flow.Trial) error {
	if c.Golden == "" {
		return nil
	}
	var out any = trial.Decisions
	if f := trial.Refused; f != nil {
		out = map[string]string{"kind": string(f.Kind), "code": f.Code, "field": f.Field, "reason": f.Reason, "fix": f.Fix}
	}
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	name := key.Token() + ".json"
	path := filepath.Join(c.Golden, name)
	if c.Update {
		if err := os.MkdirAll(c.Golden, 0o750); err != nil {
			return err
		}
		r.Golden++
		return os.WriteFile(path, got.Bytes(), 0o600)
	}
	want, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.Differing = append(r.Differing, name+" is not pinned")
	case err != nil:
		return err
	case !bytes.Equal(want, got.Bytes()):
		r.Differing = append(r.Differing, name+": "+firstDifference(want, got.Bytes()))
	default:
		r.Golden++
	}
	return nil
}

// firstDifference shows the first line that two texts have otherwise.
func firstDifference(want, got []byte) string {
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = strings.TrimSpace(w[i])
		}
		if i < len(g) {
			b = strings.TrimSpace(g[i])
		}
		if a != b {
			return fmt.Sprintf("line %d: pinned %s, now %s", i+1, cmp.Or(a, "nothing"), cmp.Or(b, "nothing"))
		}
	}
	return "equal"
}

// eachUpTo is how many changes are printed one by one without --all.
const eachUpTo = 30

func (c flowTestCmd) print(t *terminal, r testReport) error {
	if t.json {
		if err := t.print(r); err != nil {
			return err
		}
		return c.verdict(r)
	}
	if len(r.Changes) <= eachUpTo || c.All {
		var rows [][]string
		for _, one := range r.Changes {
			rows = append(rows, []string{string(one.Key), one.Verdict, one.Target, one.Reason})
		}
		if err := t.table("KEY\tBECOMES\tTARGET\tREASON", rows); err != nil {
			return err
		}
		fmt.Fprintln(t.out)
	}
	fmt.Fprintf(t.out, "%s version %d over %d changes: %s\n", r.Flow, r.Version, r.Inputs, counts(r.Verdicts))
	if len(r.Warnings) > 0 {
		fmt.Fprintf(t.out, "warnings: %s\n", counts(r.Warnings))
	}
	slices.SortStableFunc(r.Refusals, func(a, b refusals) int { return b.Inputs - a.Inputs })
	for _, f := range r.Refusals {
		fmt.Fprintf(t.out, "\nrefused %d times: %s\n  %s: %s\n", f.Inputs, f.Code, f.Key, f.Reason)
		if f.Fix != "" {
			fmt.Fprintf(t.out, "  fix: %s\n", f.Fix)
		}
	}
	for _, u := range r.Unreadable {
		fmt.Fprintf(t.out, "can't be read: %s\n", u)
	}
	if c.Golden != "" {
		word := "as pinned"
		if c.Update {
			word = "pinned"
		}
		fmt.Fprintf(t.out, "%d %s, %d otherwise\n", r.Golden, word, len(r.Differing))
	}
	for _, d := range r.Differing {
		fmt.Fprintf(t.out, "  %s\n", d)
	}
	return c.verdict(r)
}

func (c flowTestCmd) verdict(r testReport) error {
	if len(r.Differing) > 0 {
		return fmt.Errorf("%d decisions are otherwise than pinned in %s; --update pins what comes out", len(r.Differing), c.Golden)
	}
	return nil
}

// counts writes numbers of things, the most first.
func counts(of map[string]int) string {
	if len(of) == 0 {
		return "nothing"
	}
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Or(of[b]-of[a], strings.Compare(a, b)) })
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = name + " " + strconv.Itoa(of[name])
	}
	return strings.Join(parts, ", ")
}
