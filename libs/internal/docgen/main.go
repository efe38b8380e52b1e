package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// folder is where the tables go, seen from this package's folder.
const folder = "../../../docs/reference"

// pages are the files of the folder, and what makes each.
var pages = map[string]func() (string, error){
	"config.md":    configPage,
	"functions.md": functionsPage,
	"flows.md":     flowsPage,
	"documents.md": documentsPage,
}

func main() {
	for name, write := range pages {
		text, err := write()
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "docgen: %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}
