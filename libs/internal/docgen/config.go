package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/magpie-integration/magpie/libs/config"
)

// configPage lists every key of the configuration file.
func configPage() (string, error) {
	var schema jsonschema.Schema
	if err := json.Unmarshal(config.Schema, &schema); err != nil {
		return "", fmt.Errorf("read the configuration's schema: %w", err)
	}
	p := newPage("Configuration keys",
		"One YAML file for all roles (`--config`, or `MAGPIE_CONFIG`). Each key can also be set by a variable, which wins over the file. "+
			"For a pair called `main`, `MAGPIE_PAIRS_MAIN_…` works as well as `MAGPIE_PAIRS_0_…`. "+
			"Durations have a unit: `30s`, `5m`, `336h`. How the file is read is told in [operations](../operations.md#configuration).")
	p.heading("Keys")
	p.table("key", "default", "what it is", "variable")
	keys{page: p, definitions: schema.Definitions}.of("", &schema)
	return p.String(), nil
}

type keys struct {
	page        *page
	definitions jsonschema.Definitions
}

// of writes a row for each value below a schema.
func (k keys) of(path string, s *jsonschema.Schema) {
	for property := s.Properties.Oldest(); property != nil; property = property.Next() {
		key := property.Key
		if path != "" {
			key = path + "." + key
		}
		k.key(key, property.Value)
	}
}

func (k keys) key(path string, s *jsonschema.Schema) {
	target := k.resolve(s)
	if target.Items != nil {
		if items := k.resolve(target.Items); items.Properties != nil {
			k.of(path+"[]", items)
			return
		}
	}
	short := ""
	for _, form := range target.AnyOf { // written alone, or in full
		if form.Type == "object" {
			short, target = " May be written alone.", form
		}
	}
	if target.Properties != nil && target.Properties.Len() > 0 {
		if short != "" {
			k.row(path, s, s.Description+short)
		}
		k.of(path, target)
		return
	}
	k.row(path, target, orElse(s.Description, target.Description))
}

func (k keys) resolve(s *jsonschema.Schema) *jsonschema.Schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		return k.definitions[name]
	}
	return s
}

func (k keys) row(path string, s *jsonschema.Schema, about string) {
	var limits []string
	if len(s.Enum) > 0 {
		limits = append(limits, fmt.Sprintf("One of %s.", list(s.Enum)))
	}
	if s.Minimum != "" && s.Maximum != "" {
		limits = append(limits, fmt.Sprintf("%s to %s.", s.Minimum, s.Maximum))
	} else if s.Minimum != "" {
		limits = append(limits, fmt.Sprintf("At least %s.", s.Minimum))
	}
	if s.MaxLength != nil {
		limits = append(limits, fmt.Sprintf("At most %d characters.", *s.MaxLength))
	}
	initial := ""
	if s.Default != nil {
		initial = code(fmt.Sprint(s.Default))
	}
	p := strings.NewReplacer("pairs[]", "pairs_0", "[]", "_0", ".", "_").Replace(path)
	k.page.row(code(path), initial, strings.TrimSpace(about+" "+strings.Join(limits, " ")), code("MAGPIE_"+strings.ToUpper(p)))
}

func list(all []any) string {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = code(fmt.Sprint(v))
	}
	return strings.Join(texts, ", ")
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
