package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

// flowTables is the key under a pair's flows that has rows for flows' tables:
// flows: {tables: {payment: {klarna: {terms: NET30}}}}.
const flowTables = "tables"

// flowRun is the key under a pair's flows that turns them on and off:
// flows: {run: {item-to-gp: true, stock-to-magento: false}}. The flows are the
// templates of libs/flow: all run that are not optional.
const flowRun = "run"

// templates are the flows that ship.
func templates() ([]*flow.Document, error) {
	names := flow.TemplateNames()
	documents := make([]*flow.Document, len(names))
	for i, name := range names {
		var err error
		if documents[i], err = flow.Template(name); err != nil {
			return nil, err
		}
	}
	return documents, nil
}

// runs gives the flows that a pair runs.
func runs(pair config.Pair) ([]*flow.Document, error) {
	all, err := templates()
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	var running []*flow.Document
	switches, _ := pair.Flows[flowRun].(map[string]any)
	for _, document := range all {
		known[document.Flow] = true
		on := !document.Optional
		if given, ok := switches[document.Flow]; ok {
			if on, ok = given.(bool); !ok {
				return nil, fmt.Errorf("config: flows.run.%s: is true or false", document.Flow)
			}
		}
		if on {
			running = append(running, document)
		}
	}
	for name := range switches {
		if !known[name] {
			return nil, unknownFlowKey("flows.run."+name, "template", known)
		}
	}
	return running, nil
}

// pairFlows gives what each pair has before anything is published. It compiles,
// so that what is wrong in the configuration is said at the start.
func pairFlows(cfg *config.Config) ([]flowstore.Base, error) {
	bases := make([]flowstore.Base, 0, len(cfg.Pairs))
	for _, pair := range cfg.Pairs {
		base, err := pairBase(pair)
		if err != nil {
			return nil, fmt.Errorf("pair %s: %w", pair.Name, err)
		}
		bases = append(bases, base)
	}
	return bases, oneCustomerEach(cfg)
}

// pairBase compiles the flows that ship, with the pair's own rows over those of
// their tables. What it gives under flows and no flow reads is refused: it would
// be a typing error that nobody sees.
func pairBase(pair config.Pair) (flowstore.Base, error) {
	base := flowstore.Base{Pair: pair.Name, Tables: map[string]map[string]any{}, Settings: pairSettings(pair)}
	maps.Copy(base.Settings, givenSettings(pair))
	settings, tables := map[string]bool{}, map[string]bool{}
	given, _ := pair.Flows[flowTables].(map[string]any)
	var err error
	if base.Flows, err = runs(pair); err != nil {
		return base, err
	}
	all, err := templates() // the settings of a flow that is off may stay
	if err != nil {
		return base, err
	}
	for _, document := range all {
		for _, s := range document.Settings {
			settings[s.Name] = true
		}
		for _, table := range document.Tables {
			tables[table.Name] = true
		}
	}
	for name := range given {
		if !tables[name] {
			return base, unknownFlowKey("flows.tables."+name, "table", tables)
		}
		if rows, ok := given[name].(map[string]any); ok {
			base.Tables[name] = rows
		}
	}
	for name := range givenSettings(pair) {
		if _, elsewhere := pairSettings(pair)[name]; elsewhere {
			return base, fmt.Errorf("config: flows.%s: is set by the pair's gp section; set it there", name)
		}
		if !settings[name] {
			return base, unknownFlowKey("flows."+name, "setting", settings)
		}
	}
	_, err = base.Set(flowstore.State{})
	return base, err
}

// oneCustomerEach refuses two stores that would number their customers alike
// in one company: account 412 of both would be one customer.
func oneCustomerEach(cfg *config.Config) error {
	taken := map[string]config.Pair{}
	for _, pair := range cfg.Pairs {
		prefix := any("WEB") // the flow's default
		if own, ok := givenSettings(pair)["customer.prefix"]; ok {
			prefix = own
		}
		name := fmt.Sprintf("%s %s %v", strings.ToLower(strings.TrimSuffix(pair.GP.URL, "/")), pair.GP.Company, prefix)
		if other, ok := taken[name]; ok && other.Magento.URL != pair.Magento.URL {
			return fmt.Errorf("config: pairs %s and %s: two stores write into one company with one customer.prefix (%v), so two people would be one customer; "+
				"give one of them another, under flows: {customer.prefix: ...}", other.Name, pair.Name, prefix)
		}
		taken[name] = pair
	}
	return nil
}

func unknownFlowKey(key, what string, known map[string]bool) error {
	return fmt.Errorf("config: %s: no flow has a %s of this name; there are %s", key, what, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// givenSettings are the pair's own settings of flows, by their dotted names;
// they may stand nested.
func givenSettings(pair config.Pair) map[string]any {
	settings := map[string]any{}
	var flatten func(prefix string, given map[string]any)
	flatten = func(prefix string, given map[string]any) {
		for name, value := range given {
			if nested, ok := value.(map[string]any); ok {
				flatten(prefix+name+".", nested)
			} else {
				settings[prefix+name] = value
			}
		}
	}
	given := maps.Clone(pair.Flows)
	delete(given, flowTables)
	delete(given, flowRun)
	flatten("", given)
	return settings
}

// pairSettings are what the rest of the pair's configuration says to its flows.
func pairSettings(pair config.Pair) map[string]any {
	order := pair.GP.Order
	return map[string]any{
		"order.prefix": order.Prefix, "order.docid": order.DocID, "order.batch": order.Batch, "order.site": order.Site,
		"order.timezone": pair.GP.Location().String(),
	}
}

// wantedOf lists the entities of a system that the pair's flows start from: what
// nobody wants is not read.
func wantedOf(pair config.Pair, system events.System) ([]events.Entity, error) {
	running, err := runs(pair)
	if err != nil {
		return nil, err
	}
	var wanted []events.Entity
	for _, document := range running {
		t, _ := events.TypeOf(document.On)
		if t.Word == events.WordChange && t.System == system && !slices.Contains(wanted, t.Entity) {
			wanted = append(wanted, t.Entity)
		}
	}
	return wanted, nil
}
