package flow

import (
	"fmt"
	"slices"
	"strings"
)

// Functions for what GP says was shipped or invoiced of an order.
var fulfilFunctions = []function{
	{
		group: "values", name: "keysOf", params: []param{need("table", kindTable), need("value", kindAny), may("field", kindText)}, gives: kindList,
		doc: "A table read backwards: the keys, in order, of the rows that have the value, or have it in a field. Upper and lower case are one. " +
			"None gives an empty list; several may share a value.",
		example: `keysOf("colours", "R", "code")`, result: `["red"]`,
		do: func(args []any) (any, error) {
			table, want := args[0].(*lookupTable), textOf(args[1])
			keys := []any{}
			for _, key := range table.keys() {
				v, _ := table.row(key)
				if field, ok := args[2].(string); ok {
					record, _ := v.(map[string]any)
					v = record[field]
				}
				if v != nil && strings.EqualFold(textOf(v), want) {
					keys = append(keys, key)
				}
			}
			return keys, nil
		},
	},
	{
		group: "values", name: "splitBy", params: []param{need("records", kindList), need("list", kindText), need("field", kindText)}, gives: kindList,
		doc: "Records that have a list, one for each value of a field of the list's elements: it has these elements only, and the value as a field of its own. " +
			"The order is that of the records, then that in which the values come.",
		example: `map(splitBy([{number: "INV1", lines: [{site: "A"}, {site: "B"}, {site: "A"}]}], "lines", "site"), .site + text(len(.lines)))`,
		result:  `["A2","B1"]`,
		do: func(args []any) (any, error) {
			return splitBy(args[0].([]any), args[1].(string), args[2].(string))
		},
	},
}

func splitBy(records []any, list, field string) (any, error) {
	split := []any{}
	for _, v := range records {
		record, ok := v.(map[string]any)
		elements, isList := record[list].([]any)
		if !ok || !isList {
			return nil, fmt.Errorf("splitBy needs records that have a list %s", list)
		}
		first := len(split)
		for _, e := range elements {
			element, _ := e.(map[string]any)
			value := element[field]
			at := slices.IndexFunc(split[first:], func(part any) bool { return textOf(part.(map[string]any)[field]) == textOf(value) })
			if at < 0 {
				part := make(map[string]any, len(record)+1)
				for k, v := range record {
					part[k] = v
				}
				part[field], part[list] = value, []any{}
				at, split = len(split)-first, append(split, part)
			}
			part := split[first+at].(map[string]any)
			part[list] = append(part[list].([]any), e)
		}
	}
	return split, nil
}
