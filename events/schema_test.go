package events_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
)

func compile(t *testing.T, typeName string) *jsonschema.Schema {
	t.Helper()
	data, err := events.Schema(typeName)
	if err != nil {
		t.Fatalf("%s has no schema; run make generate: %v", typeName, err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(typeName, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(typeName)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryTypeHasASchemaAndAChannel(t *testing.T) {
	var doc struct {
		AsyncAPI string
		Channels map[string]struct{ Address string }
	}
	if err := yaml.Unmarshal(events.AsyncAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.AsyncAPI != "3.0.0" {
		t.Errorf("AsyncAPI %q", doc.AsyncAPI)
	}
	addresses := map[string]bool{}
	for _, c := range doc.Channels {
		addresses[c.Address] = true
	}
	for _, typ := range events.Types {
		compile(t, typ.Name)
		found := false
		for a := range addresses {
			found = found || strings.HasPrefix(a, "magpie."+string(typ.Word)+".")
		}
		if !found {
			t.Errorf("%s: no channel for magpie.%s", typ.Name, typ.Word)
		}
	}
}

func TestSchemasAcceptWhatWeSayAndRefuseWhatWeDont(t *testing.T) {
	order := events.SalesOrder{
		Number: "WEB000000123", DocumentType: "STDORD", SOPType: "Order", Date: "2026-11-24",
		Batch: "WEB20261124", Site: "WAREHOUSE", Currency: "USD", CustomerPO: "000000123",
		Total: decimal.RequireFromString("12.50"),
		Lines: []events.SalesLine{{Item: "24-MB01", Quantity: decimal.NewFromInt(1)}},
	}
	body := func(o events.SalesOrder) any {
		document, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(events.Command{
			Verb: events.Apply, Revision: events.Revision{Epoch: 1, Change: 1}, Target: o.Number, Document: document,
			Source: events.SourceRef{System: events.Magento, Entity: events.Order, Key: "000000123", At: time.Now()},
		})
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	schema := compile(t, events.TypeName(events.GP, events.Order, "write"))
	if err := schema.Validate(body(order)); err != nil {
		t.Errorf("a good order: %v", err)
	}
	order.Number = strings.Repeat("9", 21)
	if err := schema.Validate(body(order)); err == nil {
		t.Error("a document number of 21 characters was accepted; GP takes 20")
	}
}
