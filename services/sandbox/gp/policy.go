package gp

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
)

// policy is the behaviors of one operation. Those of external behaviors a
// caller may choose per call; internal ones belong to the administrator, and
// a caller's choice has no effect (SDK, CreateSalesOrder policy).
type policy struct {
	id, operation, object string
	behaviors             []behavior
}

type behavior struct {
	id, name string
	external bool
	options  []option
	selected int // id
}

type option struct {
	id   int
	name string
}

// behaviors are the choices in force for one call.
type behaviors struct {
	createsBatches, allocates, checksHold, calculatesPrice bool
	shortage                                               Shortage
}

// Names of the behaviors that the sandbox obeys.
const (
	behaviorCreateBatch = "Create Batch"
	behaviorAllocate    = "Allocate Quantities"
	behaviorCheckHold   = "Check Hold"
	behaviorUnitPrice   = "Calculate Unit Price"
	behaviorShortage    = "Quantity Shortage"
)

// salesBehaviors are the behaviors of the CreateSalesOrder policy, in the
// SDK's order. The update policy lacks three of them.
var salesBehaviors = []string{
	"Assign Batch Prefix", behaviorUnitPrice, "Bin Quantity Shortage", "Calculate Total Amount",
	"Create Inventory Serial", "Allocate Lots", "Include Promotions", "Default Warehouse",
	"Default Document Type Id", "Create Components", behaviorCheckHold, "Create Commissions",
	behaviorAllocate, "Check Credit Limit", "Assign Bin", "Create Inventory Lot", "Allocate Serials",
	"Miscellaneous Tax", behaviorCreateBatch, "Create Bins", "Freight Tax", "Day of Week", behaviorShortage,
}

var notOnUpdate = map[string]bool{"Assign Batch Prefix": true, behaviorCreateBatch: true, "Day of Week": true}

// publishedIDs are the GUIDs that the SDK prints. The others are made up here,
// from the name, so that they stay the same.
var publishedIDs = map[string]string{
	"CreateSalesOrder":            "4d060bdc-fa1e-4ea1-9e89-e1d19a5cb2ce",
	"UpdateSalesOrder":            "150401c6-7467-4853-9146-236fc5fa7bf8",
	"UpdateSalesFulfillmentOrder": "5c725f07-6b2f-44ea-84e2-cc50dcded5e0",
	"Assign Batch Prefix":         "dc788b46-e2ae-4b7a-80c2-00cb40dcf76f",
	behaviorUnitPrice:             "2e873316-fee1-460e-8da1-12167013401b",
	"Bin Quantity Shortage":       "67e5073d-b69e-4526-8079-1a691d475c48",
}

func policyID(name string) string {
	if id, ok := publishedIDs[name]; ok {
		return id
	}
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("magpie/gp-sandbox/"+name)).String()
}

// allPolicies has one policy per operation that writes.
func (s *Server) allPolicies() []*policy {
	var list []*policy
	for _, op := range s.operations {
		if !op.writes() {
			continue
		}
		p := &policy{id: policyID(op.name), operation: op.name, object: op.object}
		if (op.object == orders.object || op.object == invoices.object) && (op.kind == "Create" || op.kind == "Update") {
			for _, name := range salesBehaviors {
				if op.kind == "Update" && notOnUpdate[name] {
					continue
				}
				p.behaviors = append(p.behaviors, s.behavior(name))
			}
		}
		list = append(list, p)
	}
	return list
}

func (s *Server) behavior(name string) behavior {
	b := behavior{id: policyID(name), name: name, options: []option{{0, "Do Not " + name}, {1, name}}}
	on := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	switch name {
	case "Assign Batch Prefix":
		b.options, b.selected = []option{{1, "No Prefix"}, {2, "Specify Prefix"}}, 1
	case behaviorUnitPrice:
		b.options, b.selected = []option{{0, "Do Not Calculate"}, {1, "Calculate"}}, on(s.cfg.CalculatesUnitPrice)
	case "Bin Quantity Shortage":
		b.external, b.options = true, []option{{0, "Do Not Override"}, {1, "Override"}}
	case behaviorCreateBatch:
		b.selected = on(*s.cfg.PolicyCreatesBatches)
	case behaviorAllocate:
		b.selected = on(*s.cfg.PolicyAllocates)
	case behaviorCheckHold:
		b.selected = on(*s.cfg.PolicyChecksHold)
	case behaviorShortage:
		b.external, b.options, b.selected = true, nil, shortageID(s.cfg.Shortage)
		for i, v := range shortages {
			b.options = append(b.options, option{i, string(v)})
		}
	}
	return b
}

func (s *Server) policyOf(match func(*policy) bool) *policy {
	for _, p := range s.policies {
		if match(p) {
			return p
		}
	}
	return nil
}

// behaviorsOf takes the administrator's choices and, for external behaviors,
// the caller's over them.
func (s *Server) behaviorsOf(op *operation, sent *object) (behaviors, error) {
	chosen := behaviors{
		createsBatches: *s.cfg.PolicyCreatesBatches, allocates: *s.cfg.PolicyAllocates,
		checksHold: *s.cfg.PolicyChecksHold, calculatesPrice: s.cfg.CalculatesUnitPrice, shortage: s.cfg.Shortage,
	}
	id := sent.str("Key.Id")
	if id == "" {
		return chosen, nil
	}
	p := s.policyOf(func(p *policy) bool { return p.id == id })
	if p == nil || p.operation != op.name {
		return chosen, refuse("Policy", ruleUnknown, "Key", "The policy %s is not a policy of %s.", id, op.name)
	}
	for _, b := range sent.list("Behaviors") {
		if b.str("Key.Id") != policyID(behaviorShortage) {
			continue
		}
		selected := b.object("SelectedOption.Key")
		if selected == nil {
			continue
		}
		n := selected.int("Id")
		if n < 0 || n >= int64(len(shortages)) {
			return chosen, refuse("Policy", ruleUnknown, "SelectedOption", "Behavior %s has no option %d.", behaviorShortage, n)
		}
		chosen.shortage = shortages[n]
	}
	return chosen, nil
}

func (p *policy) describe() *object {
	list := []any{}
	policyKey := newObject("PolicyKey").set("Id", p.id)
	for _, b := range p.behaviors {
		behaviorKey := newObject("BehaviorKey").set("PolicyKey", policyKey).set("Id", b.id)
		o := newObject("Behavior").set("Key", behaviorKey).set("Name", b.name).
			set("Description", b.name).set("Internal", !b.external)
		options := []any{}
		for _, v := range b.options {
			opt := newObject("BehaviorOption").
				set("Key", newObject("BehaviorOptionKey").set("BehaviorKey", behaviorKey).set("Id", int64(v.id))).
				set("Name", v.name).set("Description", v.name).set("Parameters", []any{})
			options = append(options, opt)
			if v.id == b.selected {
				o.set("SelectedOption", opt)
			}
		}
		list = append(list, o.set("Options", options))
	}
	return newObject("Policy").set("Key", policyKey).set("Behaviors", list).
		set("Name", p.operation).set("RootBusinessObjectName", p.object)
}

func getPolicyByOperation(_ context.Context, c *call) (any, error) {
	name := c.args.str("operation")
	p := c.policyOf(func(p *policy) bool { return strings.EqualFold(p.operation, name) })
	if p == nil {
		return nil, refuse("Policy", ruleNotFound, "operation", "There is no policy for operation %s.", name)
	}
	return p.describe(), nil
}

func getPolicyByKey(_ context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	p := c.policyOf(func(p *policy) bool { return p.id == id })
	if p == nil {
		return nil, refuse("Policy", ruleNotFound, "Key", "%s", fmt.Sprintf("The policy %s was not found.", id))
	}
	return p.describe(), nil
}
