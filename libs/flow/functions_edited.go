package flow

// Editing an order in Magento's Admin cancels it and places a new one, with the
// number <original>-1, -2, ... (Magento core, Sales/Model/AdminOrder/Create).
// Some versions number a re-order so too and leave the first alive
// (magento/magento2 issue 39089), so only a cancelled parent that names the
// child as its own was replaced.
var editFunctions = []function{
	{
		group: "orders", name: "originalNumber", params: []param{need("number", kindText), may("parent", kindText), may("ancestors", kindList)}, gives: kindText,
		doc: "The increment id of the order that an edited order replaces, through all edits the very first; its own for an order that replaces none. " +
			"Number is the order's increment_id, parent its relation_parent_real_id; ancestors is related.ancestors: the chain of parents, nearest first. An order replaces its parent only if the parent is canceled and its relation_child_real_id names the order: " +
			"a -1 order whose parent is alive is an order of its own (magento/magento2 issue 39089).",
		example: `originalNumber("7-1", "7", [{increment_id: "7", state: "canceled", relation_child_real_id: "7-1"}])`,
		result:  `"7"`,
		do: func(args []any) (any, error) {
			number, of := args[0].(string), textArg(args, 1, "")
			var ancestors []any
			if len(args) > 2 {
				ancestors, _ = args[2].([]any)
			}
			for _, v := range ancestors {
				parent, _ := v.(map[string]any)
				if !replaces(number, of, parent) {
					break
				}
				number, of = textOf(parent["increment_id"]), textOf(parent["relation_parent_real_id"])
			}
			return number, nil
		},
	},
}

// replaces tells whether the order of a number, and with a number of its parent,
// replaces a record.
func replaces(number, of string, parent map[string]any) bool {
	return of != "" && textOf(parent["increment_id"]) == of &&
		parent["state"] == "canceled" && textOf(parent["relation_child_real_id"]) == number
}
