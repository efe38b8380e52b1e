package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTheTablesAreFresh(t *testing.T) {
	for name, write := range pages {
		want, err := write()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/reference/%s is stale: run make generate", name)
		}
	}
}
