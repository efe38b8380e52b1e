package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/services/sandbox/magento"
)

// storeSandbox is a sandbox store that the commands find.
func storeSandbox(t *testing.T) *magento.Server {
	t.Helper()
	s, err := magento.New(magento.Config{Products: 20, Customers: 5, CommitDelay: -1})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("MAGPIE_PAIRS_0_MAGENTO_URL", web.URL)
	return s
}

// file writes a file that a command reads.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "input.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOrdersOfAKindArePlacedAndEdited(t *testing.T) {
	s := storeSandbox(t)
	code, out, errs := command("order", "place", "--kind", "virtual", file(t, `{"store":"default","payment_method":"checkmo"}`))
	if code != 0 || !strings.Contains(out, "order 000000001 is placed") {
		t.Fatalf("place: %d %s %s", code, out, errs)
	}
	if code, out, errs = command("order", "edit", "000000001", file(t, `{"lines":[{"sku":"GUIDE-PDF"}]}`)); code != 0 || !strings.Contains(out, "000000001-1") {
		t.Fatalf("edit: %d %s %s", code, out, errs)
	}
	rows, err := s.Orders(t.Context())
	if err != nil || len(rows) != 2 || rows[0].State != "canceled" || rows[1].Replaces != "000000001" {
		t.Errorf("orders %+v, %v", rows, err)
	}
	if code, _, errs := command("order", "place", "--kind", "odd"); code == 0 || !strings.Contains(errs, "gift-card-paid") {
		t.Errorf("an unknown kind: %d %s", code, errs)
	}
	if code, _, errs := command("order", "edit", "000000001", file(t, `[]`)); code == 0 || !strings.Contains(errs, "no JSON object") {
		t.Errorf("a list for an object: %d %s", code, errs)
	}
}

func TestWebhooksOfAFile(t *testing.T) {
	list, err := readWebhooks(file(t, `[{"url":"http://127.0.0.1/x","scheme":"adobe-io","minute":"1s"}]`))
	if err != nil || len(list) != 1 || list[0].Scheme != magento.SchemeAdobeIO {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := readWebhooks(""); list != nil || err != nil {
		t.Errorf("no file: %v, %v", list, err)
	}
	if _, err := readWebhooks(file(t, `[{"uri":"http://127.0.0.1/x"}]`)); err == nil || !strings.Contains(err.Error(), "uri") {
		t.Errorf("a misspelt key: %v", err)
	}
}
