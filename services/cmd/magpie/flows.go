package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/flow"
)

// liveFlows are the flows that every pair runs. A new flow is a template in
// libs/flow/templates and a name here.
var liveFlows = []string{"order-to-gp", "order-status-to-magento"}

// flowTables is the key under a pair's flows that has rows for flows' tables:
// flows: {tables: {payment: {klarna: {terms: NET30}}}}.
const flowTables = "tables"

// compileFlows compiles the pair's flows, with its own rows over those of their
// tables. What it gives under flows and no flow reads is refused: it would be
// a typing error that nobody sees.
func compileFlows(pair config.Pair) ([]*flow.Program, error) {
	var programs []*flow.Program
	settings, tables := map[string]bool{}, map[string]bool{}
	given, _ := pair.Flows[flowTables].(map[string]any)
	for _, name := range liveFlows {
		document, err := flow.Template(name)
		if err != nil {
			return nil, err
		}
		for _, s := range document.Settings {
			settings[s.Name] = true
		}
		var options []flow.Option
		for _, table := range document.Tables {
			tables[table.Name] = true
			if rows, ok := given[table.Name].(map[string]any); ok {
				options = append(options, flow.WithTable(table.Name, rows))
			}
		}
		program, err := flow.Compile(document, options...)
		if err != nil {
			return nil, err
		}
		programs = append(programs, program)
	}
	for name := range given {
		if !tables[name] {
			return nil, unknownFlowKey("flows.tables."+name, "table", tables)
		}
	}
	for _, name := range settingNames("", pair.Flows) {
		if !settings[name] {
			return nil, unknownFlowKey("flows."+name, "setting", settings)
		}
	}
	return programs, nil
}

func unknownFlowKey(key, what string, known map[string]bool) error {
	return fmt.Errorf("config: %s: no flow has a %s of this name; there are %s", key, what, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// settingNames gives the dotted names of settings that may stand nested.
func settingNames(prefix string, given map[string]any) []string {
	var names []string
	for name, value := range given {
		if prefix == "" && name == flowTables {
			continue
		}
		if nested, ok := value.(map[string]any); ok {
			names = append(names, settingNames(prefix+name+".", nested)...)
			continue
		}
		names = append(names, prefix+name)
	}
	slices.Sort(names)
	return names
}

// flowSettings are the pair's settings as its flows read them. What the pair
// gives under flows comes over what Magpie knows of it.
func flowSettings(pair config.Pair) map[string]any {
	order := pair.GP.Order
	settings := map[string]any{
		"order.prefix": order.Prefix, "order.docid": order.DocID, "order.batch": order.Batch, "order.site": order.Site,
		"order.timezone": pair.GP.Location().String(),
	}
	for name, value := range pair.Flows {
		if name != flowTables {
			settings[name] = value
		}
	}
	return settings
}
