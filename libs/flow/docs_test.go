package flow_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// docs/orders.md lists every kind of order by its case: none is missing, none is
// made up.
func TestOrderKindsAreListed(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/orders.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`\(\.\./libs/flow/(testdata/order-to-gp/[^)]+\.txtar)\)`).FindAllSubmatch(text, -1) {
		listed[string(m[1])] = true
	}
	cases, err := filepath.Glob("testdata/order-to-gp/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(listed)); !slices.Equal(got, cases) {
		t.Errorf("docs/orders.md lists %d cases, and there are %d:\n%v\n%v", len(got), len(cases), got, cases)
	}
}
