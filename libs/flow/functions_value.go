package flow

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/failure"
)

var valueFunctions = []function{
	{
		group: "values", name: "coalesce", params: []param{need("value", kindAny)}, many: true, nulls: true, gives: kindAny,
		doc:     "The first value that is there: not null and not an empty text.",
		example: `coalesce(nil, "", "b")`, result: `"b"`,
		do: func(args []any) (any, error) {
			for _, v := range args {
				if v != nil && v != "" {
					return v, nil
				}
			}
			return nil, nil
		},
	},
	{
		group: "values", name: "text", params: []param{need("value", kindAny)}, gives: kindText,
		doc:     "The value as text; a number without trailing zeros.",
		example: `text(12.50)`, result: `"12.5"`,
		do: func(args []any) (any, error) { return textOf(args[0]), nil },
	},
	{
		group: "values", name: "number", params: []param{need("value", kindAny), may("default", kindNumber)}, nulls: true, gives: kindNumber,
		doc:     "A number from a number or its text; the default where there is nothing. Magento gives some amounts as text (gw_*).",
		example: `number("12.50") + number(nil, 1)`, result: `"13.5"`,
		do: func(args []any) (any, error) {
			switch v := args[0].(type) {
			case nil:
				return args[1], nil
			case decimal.Decimal:
				return v, nil
			case string:
				if strings.TrimSpace(v) == "" {
					return args[1], nil
				}
				return parseDecimal(strings.TrimSpace(v))
			}
			return nil, fmt.Errorf("number can't be made of %v", kindOf(args[0]))
		},
	},
	{
		group: "values", name: "len", params: []param{need("value", kindAny)}, nulls: true, gives: kindNumber,
		doc:     "How many characters a text, elements a list or fields a record has; 0 for nothing.",
		example: `len([1, 2]) + 0.5`, result: `"2.5"`,
		do: func(args []any) (any, error) {
			n := 0
			switch v := args[0].(type) {
			case nil:
			case string:
				n = utf8.RuneCountInString(v)
			case []any:
				n = len(v)
			case map[string]any:
				n = len(v)
			default:
				return nil, fmt.Errorf("len works on texts, lists and records, not on %v", kindOf(v))
			}
			return decimal.NewFromInt(int64(n)), nil
		},
	},
	{
		group: "values", name: "concat", params: []param{need("list", kindList)}, many: true, nulls: true, gives: kindList,
		doc:     "One list of several; what is null has nothing in it.",
		example: `concat(["a"], nil, ["b", "c"])`, result: `["a","b","c"]`,
		do: func(args []any) (any, error) {
			all := []any{}
			for _, v := range args {
				list, _ := v.([]any)
				all = append(all, list...)
			}
			return all, nil
		},
	},
	{
		group: "values", name: "at", params: []param{need("record", kindAny), need("path", kindText)}, gives: kindAny,
		doc: "What stands at a dotted path that is a value, such as a table's; null where nothing does. In a list a number is an index, and a name finds the element " +
			"with this attribute_code, key, code or name and gives its value: so Magento's custom_attributes and payment_additional_info read like fields.",
		example: `at({custom_attributes: [{attribute_code: "po", value: "4711"}]}, "custom_attributes.po")`, result: `"4711"`,
		do: func(args []any) (any, error) { return valueAt(args[0], args[1].(string)), nil },
	},
	{
		group: "values", name: "pick", params: []param{need("record", kindAny), need("table", kindTable)}, gives: kindRecord,
		doc:     "A record with, for each row of a table, what stands in the record at the row's path (see at); null where no row finds anything.",
		example: `pick({x_forwarded_for: "203.0.113.9"}, "paths").text1`, result: `"203.0.113.9"`,
		do: func(args []any) (any, error) {
			table := args[1].(*lookupTable)
			var picked map[string]any
			for _, key := range table.keys() {
				path, _ := table.row(key)
				v := valueAt(args[0], textOf(path))
				if v == nil || v == "" {
					continue
				}
				if picked == nil {
					picked = map[string]any{}
				}
				picked[key] = v
			}
			if picked == nil {
				return nil, nil
			}
			return picked, nil
		},
	},
	{
		group: "values", name: "hash", params: []param{need("s", kindText)}, gives: kindText,
		doc:     "16 letters and digits that stand for the text (SHA-256, base 32): the same text, the same letters.",
		example: `hash("a")`, result: `"ZKLYCEWKDO64V6WC"`,
		do: func(args []any) (any, error) { return digest(16, args[0].(string)), nil },
	},
	{
		group: "values", name: "lookup", params: []param{need("table", kindTable), need("key", kindAny), may("default", kindAny)}, nulls: true, gives: kindAny,
		doc:     "The row of a table; the default where the table has none. Without a default the record is refused (flow.lookup.missing), and the refusal names the table and the key.",
		example: `lookup("colours", "red").code`, result: `"R"`,
		do: func(args []any) (any, error) {
			t, key := args[0].(*lookupTable), textOf(args[1])
			if v, ok := t.row(key); ok {
				return v, nil
			}
			if args[2] != nil {
				return args[2], nil
			}
			return nil, failure.Rejected("flow.lookup.missing", "", fmt.Sprintf("the table %s has no row %q", t.name, key),
				fmt.Sprintf("add a row %q to the table %s, then replay", key, t.name))
		},
	},
	{
		group: "values", name: "grouped", params: []param{need("list", kindList), need("field", kindText)}, gives: kindList,
		doc:     "The records of a list by what they have in a field: {key, rows} for each text there is, in its order.",
		example: `map(grouped([{at: "b", n: 1}, {at: "a", n: 2}, {at: "b", n: 3}], "at"), text(.key) + text(sum(.rows, .n)))`, result: `["a2","b4"]`,
		do: func(args []any) (any, error) {
			rows := map[string][]any{}
			for _, v := range args[0].([]any) {
				record, ok := v.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("grouped works on records, not on %v", kindOf(v))
				}
				key := textOf(record[args[1].(string)])
				rows[key] = append(rows[key], record)
			}
			groups := []any{}
			for _, key := range slices.Sorted(maps.Keys(rows)) {
				groups = append(groups, map[string]any{"key": key, "rows": rows[key]})
			}
			return groups, nil
		},
	},
	{
		group: "values", name: "known", params: []param{need("table", kindTable), need("key", kindAny)}, nulls: true, gives: kindBool,
		doc:     "Tells whether a table has the row.",
		example: `known("colours", "blue")`, result: `false`,
		do: func(args []any) (any, error) {
			_, ok := args[0].(*lookupTable).row(textOf(args[1]))
			return ok, nil
		},
	},
}

// valueAt follows a dotted path.
func valueAt(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			v = elementNamed(at, name)
		default:
			return nil
		}
	}
	return v
}

// elementNamed is an element by its index, or the value of the one that has the
// name (Magento's AttributeInterface, and key-value lists such as
// payment_additional_info).
func elementNamed(list []any, name string) any {
	if i, err := strconv.Atoi(name); err == nil {
		if i < 0 || i >= len(list) {
			return nil
		}
		return list[i]
	}
	for _, e := range list {
		record, _ := e.(map[string]any)
		for _, by := range []string{"attribute_code", "key", "code", "name"} {
			if record[by] == name {
				return record["value"]
			}
		}
	}
	return nil
}

// digest is the first n letters of the base 32 of a SHA-256 over the parts.
func digest(n int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x1f")))
	return base32.StdEncoding.EncodeToString(sum[:])[:n]
}
