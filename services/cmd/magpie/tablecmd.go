package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/flow"
	"github.com/magpie-integration/magpie/libs/flowstore"
)

type tableCmd struct {
	Ls       tableLsCmd       `cmd:"" help:"List the tables that a pair's flows read."`
	Show     tableShowCmd     `cmd:"" help:"Show a table's rows, and where each comes from."`
	Set      tableSetCmd      `cmd:"" help:"Add or replace a row: table set payment klarna terms=\"Net 30\" type= checkbook= card=; table set shipping flatrate_flatrate GROUND."`
	Rm       tableRmCmd       `cmd:"" help:"Take away a row that was published."`
	History  tableHistoryCmd  `cmd:"" help:"Tell who published which version."`
	Rollback tableRollbackCmd `cmd:"" help:"Make an older version of the published rows live again."`
}

// tableRow is a row as it counts, and where it comes from.
type tableRow struct {
	Key  string `json:"key"`
	Row  any    `json:"row"`
	From string `json:"from"`
}

// tableOf gives the rows of a table that count: the flow's, the configuration's,
// the published ones.
func (p *published) tableOf(name string) (rows []tableRow, about string, err error) {
	all := map[string]tableRow{}
	layers := []struct {
		from string
		rows map[string]any
	}{{flow.FromConfiguration, p.base.Tables[name]}, {flow.FromPublished, p.state.Tables[name].Rows}}
	found := false
	set, err := p.base.Set(p.state)
	if err != nil {
		return nil, "", err
	}
	for _, f := range set.Flows {
		for _, t := range f.Document().Tables {
			if t.Name != name {
				continue
			}
			found, about = true, t.About
			for key, row := range t.Rows {
				all[key] = tableRow{key, row, flow.FromFlow}
			}
		}
	}
	if !found {
		return nil, "", fmt.Errorf("no flow of the pair %s has a table %s; `magpie table ls` lists them", p.base.Pair, name)
	}
	for _, l := range layers {
		for key, row := range l.rows {
			all[key] = tableRow{key, row, l.from}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, all[key])
	}
	return rows, about, nil
}

type tableLsCmd struct{ pairFlag }

// Run lists tables.
func (c tableLsCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(_ context.Context, p *published) error {
		set, err := p.base.Set(p.state)
		if err != nil {
			return err
		}
		type entry struct {
			Table   string   `json:"table"`
			Flows   []string `json:"flows"`
			Rows    int      `json:"rows"`
			Version int      `json:"version"`
			About   string   `json:"about"`
		}
		list := []entry{}
		for _, f := range set.Flows {
			for _, table := range f.Document().Tables {
				if i := slices.IndexFunc(list, func(e entry) bool { return e.Table == table.Name }); i >= 0 {
					list[i].Flows = append(list[i].Flows, f.Document().Flow)
					continue
				}
				rows, about, err := p.tableOf(table.Name)
				if err != nil {
					return err
				}
				list = append(list, entry{table.Name, []string{f.Document().Flow}, len(rows), p.state.Tables[table.Name].Version, about})
			}
		}
		if t.json {
			return t.print(list)
		}
		var cells [][]string
		for _, e := range list {
			cells = append(cells, []string{e.Table, strings.Join(e.Flows, ", "), strconv.Itoa(e.Rows), strconv.Itoa(e.Version), e.About})
		}
		return t.table("TABLE\tFLOWS\tROWS\tPUBLISHED VERSION\t", cells)
	})
}

type tableShowCmd struct {
	Table string `arg:"" help:"The table."`
	pairFlag
}

// Run shows rows.
func (c tableShowCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(_ context.Context, p *published) error {
		rows, _, err := p.tableOf(c.Table)
		if err != nil {
			return err
		}
		if t.json {
			return t.print(rows)
		}
		var cells [][]string
		for _, r := range rows {
			cells = append(cells, []string{r.Key, rowText(r.Row), r.From})
		}
		return t.table("KEY\tROW\tFROM", cells)
	})
}

// rowText is a row as `table set` takes it.
func rowText(row any) string {
	columns, ok := row.(map[string]any)
	if !ok {
		return fmt.Sprint(row)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		value := fmt.Sprint(columns[name])
		if strings.ContainsAny(value, " \t") {
			value = strconv.Quote(value)
		}
		parts = append(parts, name+"="+value)
	}
	return strings.Join(parts, " ")
}

type tableSetCmd struct {
	Table  string   `arg:"" help:"The table."`
	Key    string   `arg:"" help:"The row's key, such as a payment method."`
	Values []string `arg:"" name:"value" help:"COLUMN=VALUE for each column, or one VALUE."`
	pairFlag
	authorFlags
}

// Run publishes a row.
func (c tableSetCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		have, _, err := p.tableOf(c.Table)
		if err != nil {
			return err
		}
		row, err := parseRow(have, c.Values)
		if err != nil {
			return fmt.Errorf("table %s: %w", c.Table, err)
		}
		done, err := p.store.EditRows(ctx, p.base, c.Table, func(rows map[string]any) error {
			rows[c.Key] = row
			return nil
		}, c.author())
		if err != nil {
			return err
		}
		return printPublished(t, done)
	})
}

// parseRow makes a row of the words of a command line, of the kinds and columns
// that the table's other rows have.
func parseRow(have []tableRow, words []string) (any, error) {
	var sample map[string]any
	scalar := false
	for _, r := range have {
		if columns, ok := r.Row.(map[string]any); ok {
			if sample == nil {
				sample = map[string]any{}
			}
			maps.Copy(sample, columns)
		} else {
			scalar = true
		}
	}
	if sample == nil && len(words) == 1 && (scalar || !strings.Contains(words[0], "=")) {
		if scalar {
			return valueLike(have[0].Row, words[0])
		}
		return words[0], nil
	}
	if scalar && sample == nil {
		return nil, errors.New("its rows are single values; give one")
	}
	row := map[string]any{}
	for _, word := range words {
		column, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("%q: write COLUMN=VALUE; the columns are %s", word, strings.Join(slices.Sorted(maps.Keys(sample)), ", "))
		}
		like, known := sample[column]
		if sample != nil && !known {
			return nil, fmt.Errorf("there is no column %s; the columns are %s", column, strings.Join(slices.Sorted(maps.Keys(sample)), ", "))
		}
		var err error
		if row[column], err = valueLike(like, value); err != nil {
			return nil, fmt.Errorf("column %s: %w", column, err)
		}
	}
	for _, column := range slices.Sorted(maps.Keys(sample)) {
		if _, given := row[column]; !given {
			return nil, fmt.Errorf("the column %s is missing; an empty one is written %s=", column, column)
		}
	}
	return row, nil
}

// valueLike reads a value of the kind that another has; a text where there is none.
func valueLike(like any, value string) (any, error) {
	switch like.(type) {
	case decimal.Decimal, json.Number, int, int64, uint64:
		if _, err := decimal.NewFromString(value); err != nil {
			return nil, fmt.Errorf("%q is not a number", value)
		}
		return json.Number(value), nil
	case bool:
		return strconv.ParseBool(value)
	}
	return value, nil
}

type tableRmCmd struct {
	Table string `arg:"" help:"The table."`
	Key   string `arg:"" help:"The row's key."`
	pairFlag
	authorFlags
}

// Run takes a row away; one of the flow or the configuration comes back.
func (c tableRmCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		done, err := p.store.EditRows(ctx, p.base, c.Table, func(rows map[string]any) error {
			if _, ok := rows[c.Key]; !ok {
				return fmt.Errorf("the published rows of the table %s have none with the key %s; rows of the flow or of the configuration are changed there, or gone over by `magpie table set`", c.Table, c.Key)
			}
			delete(rows, c.Key)
			return nil
		}, c.author())
		if err != nil {
			return err
		}
		return printPublished(t, done)
	})
}

type tableHistoryCmd struct {
	Table string `arg:"" help:"The table."`
	pairFlag
}

// Run tells what was published of a table.
func (c tableHistoryCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		return printHistory(ctx, t, p, flowstore.Table, c.Table)
	})
}

type tableRollbackCmd struct {
	Table string `arg:"" help:"The table."`
	To    string `arg:"" optional:"" name:"version" help:"A number; 0 for no published rows; the default is what was live before."`
	pairFlag
	authorFlags
}

// Run moves the pointer back.
func (c tableRollbackCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	return root.withPublished(ctx, t, c.Pair, false, func(ctx context.Context, p *published) error {
		version, err := p.rollbackTo(ctx, flowstore.Table, c.Table, c.To, p.state.Tables[c.Table].Pointer)
		if err != nil {
			return err
		}
		done, err := p.store.Rollback(ctx, p.base, flowstore.Table, c.Table, version, c.author())
		if err != nil {
			return err
		}
		return printPublished(t, done)
	})
}
