package config

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every key has a variable of its own, and variableOf is its name.
func TestEveryKeyHasAVariable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root := &node{kind: mapping}
		pairs := &node{kind: list}
		root.set("pairs", pairs)
		for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z][a-z0-9-]{0,6}`), 0, 3, rapid.ID).Draw(t, "names") {
			pairs.values = append(pairs.values, &node{kind: mapping, names: []string{"name"}, values: []*node{{kind: scalar, text: name}}})
		}
		for _, variable := range settable(configType, root, "MAGPIE") {
			found := ways(configType, root, strings.TrimPrefix(variable, variablePrefix))
			if len(found) != 1 {
				t.Fatalf("%s has %d meanings: %v", variable, len(found), found)
			}
			key := keyOfWay(found[0])
			again := ways(configType, root, strings.TrimPrefix(variableOf(key), variablePrefix))
			if len(again) != 1 || keyOfWay(again[0]) != key {
				t.Fatalf("%s sets %s, whose variable is %s", variable, key, variableOf(key))
			}
		}
	})
}

func TestVariablesAreInOrder(t *testing.T) {
	if compareVariables("MAGPIE_PAIRS_9_NAME", "MAGPIE_PAIRS_10_GP_URL") >= 0 {
		t.Error("the tenth element would be set before the ninth is there")
	}
}
