package gp

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

func TestCurrency(t *testing.T) {
	f := newFakeGP(t)
	f.answers("GetCurrencyByKey", `<GetCurrencyByKeyResult><Key><ISOCode>USD </ISOCode></Key><Description>US Dollars</Description><Id>Z-US$</Id></GetCurrencyByKeyResult>`)
	c := f.client(t)
	if got, err := c.Currency(t.Context(), "USD"); err != nil || got != (Currency{"USD", "Z-US$", "US Dollars"}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if !strings.Contains(f.sent["GetCurrencyByKey"], "<ISOCode>USD</ISOCode>") {
		t.Error(f.sent["GetCurrencyByKey"])
	}
	f.answers("GetCurrencyByKey", "")
	if _, err := c.Currency(t.Context(), "EUR"); !errors.Is(err, ErrNotFound) || failure.Of(err).Code != "gp.currency.not_found" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Currency(t.Context(), ""); failure.Of(err).Code != "gp.required" {
		t.Errorf("got %v", err)
	}
}

func TestDocumentTypes(t *testing.T) {
	f := newFakeGP(t)
	row := func(kind, id string) string {
		return `<SalesDocumentSummary><DocumentTypeKey><Type>` + kind + `</Type><Id>` + id + `</Id></DocumentTypeKey></SalesDocumentSummary>`
	}
	f.answers("GetSalesDocumentList", "<GetSalesDocumentListResult>"+row("Order", "STDORD ")+row("Order", "stdord")+row("Invoice", "STDINV")+"</GetSalesDocumentListResult>")
	got, err := f.client(t).DocumentTypes(t.Context(), "STDORD", time.Date(2026, 8, 14, 12, 0, 0, 0, time.UTC))
	if err != nil || !slices.Equal(got, []string{"Order"}) {
		t.Errorf("got %v, %v", got, err)
	}
	sent := f.sent["GetSalesDocumentList"]
	for _, want := range []string{"<EqualValue>STDORD</EqualValue>", "<From>2026-08-14T12:00:00</From>", `<To x:nil="true"/>`, "<Scope>Return All</Scope>"} {
		if !strings.Contains(sent, want) {
			t.Errorf("lacks %s:\n%s", want, sent)
		}
	}
}
