package flow

// Editing an order in Magento's Admin cancels it and places a new one, with the
// number <original>-1, -2, ... (Magento core, Sales/Model/AdminOrder/Create).
// Some versions number a re-order so too and leave the first alive
// (magento/magento2 issue 39089), so only a cancelled parent that names the
// child as its own was replaced.
var editFunctions = []function{
	{
		group: "orders", name: "originalNumber", params: []param{need("order", kindRecord), may("ancestors", kindList)}, gives: kindText,
		doc: "The increment id of the order that an edited order replaces, through all edits the very first; its own for an order that replaces none. " +
			"Ancestors is related.ancestors: the chain of parents, nearest first. An order replaces its parent only if the parent is canceled and its relation_child_real_id names the order: " +
			"a -1 order whose parent is alive is an order of its own (magento/magento2 issue 39089).",
		example: `originalNumber({increment_id: "7-1", relation_parent_real_id: "7"}, [{increment_id: "7", state: "canceled", relation_child_real_id: "7-1"}])`,
		result:  `"7"`,
		do: func(args []any) (any, error) {
			child := args[0].(map[string]any)
			ancestors, _ := args[1].([]any)
			for _, v := range ancestors {
				parent, _ := v.(map[string]any)
				if !replaces(child, parent) {
					break
				}
				child = parent
			}
			return child["increment_id"], nil
		},
	},
}

func replaces(child, parent map[string]any) bool {
	number, parents := textOf(child["increment_id"]), textOf(parent["increment_id"])
	return parents != "" && parents == textOf(child["relation_parent_real_id"]) &&
		parent["state"] == "canceled" && textOf(parent["relation_child_real_id"]) == number
}
