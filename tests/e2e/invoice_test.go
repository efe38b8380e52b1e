package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/magpie-integration/magpie/events"
)

// What GP's accountant posts is invoiced in the store, part by part and once,
// while the store fails and loses answers; what isn't posted is not. An order
// that was paid and invoiced at checkout lacks nothing.
func TestWhatGPInvoicesIsInvoicedInTheStore(t *testing.T) {
	t.Parallel()
	p := all.pairs["shipped"]
	suffer(t, p)
	row := p.place(t, `{"store": "default", "payment_method": "checkmo", "lines": [{"sku": "YOGA-STRAP-06", "qty": 3}, {"sku": "CAMP-MUG", "qty": 1}]}`)
	paid := p.place(t, twoStraps)
	number := p.written(t, row.IncrementID).Number
	p.written(t, paid.IncrementID)
	call(t, http.MethodPost, p.store.URL+"/_sandbox/orders/"+paid.IncrementID+"/invoice", "", "{}")

	p.fulfil(t, number, `{"YOGA-STRAP-06": 1}`, row.IncrementID+"A")
	p.fulfil(t, "WEB"+paid.IncrementID, "", paid.IncrementID+"A")
	p.shippedAs(t, row.IncrementID, []string{row.IncrementID + "A"}) // so GP's invoice is known
	p.shippedAs(t, paid.IncrementID, []string{paid.IncrementID + "A"})
	if got := p.salesDocuments(t, "invoices", row.IncrementID); len(got) > 0 {
		t.Errorf("invoiced before it was posted: %v", got)
	}
	var want []string
	post := func(number string) {
		for _, invoice := range p.invoicesOf(t, number) {
			if invoice.History || slices.ContainsFunc(want, func(w string) bool { return w == invoice.Number+" 1" }) {
				continue
			}
			call(t, http.MethodPost, p.company.URL+"/_sandbox/invoices/"+invoice.Number+"/post", "", "")
			quantity := 0
			for _, l := range invoice.Lines {
				quantity += int(l.Quantity.IntPart())
			}
			want = append(want, fmt.Sprint(invoice.Number, " ", quantity))
		}
		slices.Sort(want)
	}
	post(number)
	p.invoicedAs(t, row.IncrementID, want)
	p.fulfil(t, number, "", row.IncrementID+"B")
	p.shippedAs(t, row.IncrementID, []string{row.IncrementID + "A", row.IncrementID + "B"})
	post(number)
	p.invoicedAs(t, row.IncrementID, want)
	if len(want) != 2 {
		t.Errorf("GP has the invoices %q, want two", want)
	}
	until(t, "order "+row.IncrementID+" is complete", func() bool { return p.order(t, row.IncrementID)["state"] == "complete" })

	want = nil
	post("WEB" + paid.IncrementID)
	p.gpOutcome(t, "WEB"+paid.IncrementID, events.Invoice, events.Unchanged)
	if got := p.salesDocuments(t, "invoices", paid.IncrementID); len(got) != 1 {
		t.Errorf("an order that was invoiced at checkout has %d invoices", len(got))
	}
}

// invoicedAs waits until an order's invoices name these of GP, each with so much.
func (p *pair) invoicedAs(t *testing.T, number string, want []string) {
	t.Helper()
	var got []string
	until(t, fmt.Sprintf("order %s is invoiced as %q", number, want), func() bool {
		got = nil
		for _, invoice := range p.salesDocuments(t, "invoices", number) {
			quantity := 0.0
			for _, item := range invoice["items"].([]any) {
				quantity += item.(map[string]any)["qty"].(float64)
			}
			for _, comment := range invoice["comments"].([]any) {
				var of string
				text := fmt.Sprint(comment.(map[string]any)["comment"])
				if _, err := fmt.Sscanf(text, "Invoiced in Dynamics GP: %s", &of); err != nil {
					t.Fatalf("the comment is %q", text)
				}
				got = append(got, fmt.Sprint(of, " ", quantity))
			}
		}
		slices.Sort(got)
		return slices.Equal(got, want)
	})
}
