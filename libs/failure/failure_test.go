package failure_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"github.com/magpie-integration/magpie/libs/failure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errCause = errors.New("connection refused")

func TestEveryErrorHasAKind(t *testing.T) {
	rejected := failure.Rejected("gp.item.unknown", "ITEMNMBR", "no item X", "create it")
	for name, tc := range map[string]struct {
		err    error
		kind   failure.Kind
		code   string
		system bool
	}{
		"rejected":                         {rejected, failure.KindRejected, "gp.item.unknown", false},
		"conflict":                         {failure.Conflict("gp.posted", "", "posted", ""), failure.KindConflict, "gp.posted", false},
		"defect":                           {failure.Defect("bus.encode", "?", errCause), failure.KindDefect, "bus.encode", false},
		"transient":                        {failure.Transient("gp.locked", "in use", nil), failure.KindTransient, "gp.locked", false},
		"the system is down":               {failure.Down("gp.down", "no connection", errCause), failure.KindTransient, "gp.down", true},
		"a call without an answer":         {failure.Unknown("gp.no_answer", errCause), failure.KindTransient, "gp.no_answer", true},
		"wrapped":                          {fmt.Errorf("line 3: %w", rejected), failure.KindRejected, "gp.item.unknown", false},
		"joined; the first kind decides":   {errors.Join(errCause, rejected, failure.Down("gp.down", "", nil)), failure.KindRejected, "gp.item.unknown", false},
		"an error of no kind is transient": {errCause, failure.KindTransient, "unclassified", false},
		"a timeout of no kind":             {fmt.Errorf("post: %w", context.DeadlineExceeded), failure.KindTransient, "timeout", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := failure.Of(tc.err)
			if f.Kind != tc.kind || f.Code != tc.code || f.System != tc.system {
				t.Errorf("got %+v", f)
			}
		})
	}
	if f := failure.Of(nil); f != nil {
		t.Errorf("no error became %v", f)
	}
}

func TestTheCauseStaysUnderneath(t *testing.T) {
	for name, err := range map[string]error{
		"defect":           failure.Defect("x", "?", errCause),
		"transient":        failure.Transient("x", "?", errCause),
		"down":             failure.Down("x", "?", errCause),
		"unknown":          failure.Unknown("x", errCause),
		"because":          failure.Rejected("x", "", "?", "").Because(errCause),
		"an error of none": failure.Of(errCause),
	} {
		if !errors.Is(fmt.Errorf("outer: %w", err), errCause) {
			t.Errorf("%s: %v has lost its cause", name, err)
		}
	}
}

func TestOnlyAnUnansweredCallHasAnUnknownOutcome(t *testing.T) {
	if err := fmt.Errorf("outer: %w", failure.Unknown("gp.no_answer", errCause)); !errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
	if err := failure.Down("gp.down", "no connection", errCause); errors.Is(err, failure.ErrUnknownOutcome) {
		t.Errorf("got %v", err)
	}
}

func TestTheTextIsForPeople(t *testing.T) {
	for _, tc := range []struct {
		err  *failure.Error
		want string
	}{
		{failure.Rejected("gp.uofm", "UOFM", "no unit BOX", "add it to the schedule"), "gp.uofm: UOFM: no unit BOX; add it to the schedule"},
		{failure.Transient("gp.locked", "in use", errCause), "gp.locked: in use"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
