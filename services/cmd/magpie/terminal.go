package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// terminal is where a command prints.
type terminal struct {
	out, err io.Writer
	json     bool
}

// print writes a value as JSON.
func (t *terminal) print(v any) error {
	enc := json.NewEncoder(t.out)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// table writes rows under a header, in columns.
func (t *terminal) table(header string, rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, header)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(w, "\t")
			}
			fmt.Fprint(w, cell)
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
