package flow

import (
	"embed"
	"strings"
)

// known lists, one a line, the fields of records: dotted, without indexes, an
// asterisk for whatever follows. From Magento's OpenAPI document
// (sales-data-order-interface and its parts) and events.Outcome.
//
//go:embed known/*.txt
var known embed.FS

var knownFields = func() map[string]map[string]bool {
	all := map[string]map[string]bool{}
	entries, err := known.ReadDir("known")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		text, err := known.ReadFile("known/" + e.Name())
		if err != nil {
			panic(err) // embedded
		}
		fields := map[string]bool{}
		for path := range strings.FieldsSeq(string(text)) {
			for { // a field's parents are known too
				fields[path] = true
				i := strings.LastIndexByte(path, '.')
				if i < 0 {
					break
				}
				path = path[:i]
			}
		}
		all[strings.TrimSuffix(e.Name(), ".txt")] = fields
	}
	return all
}()

// relatedRecords are what captures read beside a record, by its system and entity.
var relatedRecords = map[string][]string{
	"magento.order": {"ancestors"}, // the orders that an edited order was made from, nearest first
	"gp.order":      {"invoices"},  // the SOP invoices that were made of it, oldest first
	// The order of a store's invoice or credit memo, and all invoices of that order.
	"magento.invoice": {"order", "invoices"},
	"magento.refund":  {"order"},
}

// knownField tells whether a record is known to have a field; nothing is said
// about records that have no list.
func knownField(record string, a *access) bool {
	fields, ok := knownFields[record]
	if !ok {
		return true
	}
	var path []string
	for _, k := range a.keys {
		name, ok := k.(string)
		if !ok {
			continue
		}
		if fields[strings.Join(append(path, "*"), ".")] {
			return true
		}
		path = append(path, name)
	}
	return fields[strings.Join(path, ".")]
}
