package gp

import (
	"fmt"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// TestAllocationIsTheSumOfLines: whatever happens to orders, the stock's
// allocated and back ordered quantities are those of the lines in work, and
// never more than there is.
func TestAllocationIsTheSumOfLines(t *testing.T) {
	s := start(t, nil)
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		for n := range 3 { // of the round before
			s.call("DeleteSalesOrder", fmt.Sprintf("<key><Id>W%d-%d</Id></key>CONTEXT", round-1, n))
		}
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			number := fmt.Sprintf("W%d-%d", round, rapid.IntRange(0, 2).Draw(r, "order"))
			quantity := rapid.IntRange(1, 5).Draw(r, "quantity")
			key := "<key><Id>" + number + "</Id></key>CONTEXT"
			doc := fmt.Sprintf(`<salesOrder><Key><Id>%s</Id></Key><DocumentTypeKey><Type>Order</Type><Id>WEBORD</Id></DocumentTypeKey><CustomerKey><Id>WEB0000312</Id></CustomerKey>`+
				`<BatchKey><Id>B</Id></BatchKey><Lines><SalesOrderLine><Key><LineSequenceNumber>16384</LineSequenceNumber></Key><Quantity><Value>%d</Value><DecimalDigits>0</DecimalDigits></Quantity>`+
				`<ItemKey><Id>SCARCE</Id></ItemKey></SalesOrderLine></Lines></salesOrder>CONTEXT`, number, quantity)
			switch rapid.SampledFrom([]string{"create", "update", "void", "delete"}).Draw(r, "step") {
			case "create":
				s.call("CreateSalesOrder", doc)
			case "update":
				s.call("UpdateSalesOrder", doc)
			case "void":
				s.call("VoidSalesOrder", key)
			case "delete":
				s.call("DeleteSalesOrder", key)
			}
		}
		orders, err := s.Orders(t.Context())
		if err != nil {
			r.Fatal(err)
		}
		var allocated, backorder decimal.Decimal
		for _, o := range orders {
			for _, l := range o.Lines {
				if o.History {
					if !l.Allocated.IsZero() {
						r.Fatalf("voided order %s keeps %s allocated", o.Number, l.Allocated)
					}
					continue
				}
				allocated, backorder = allocated.Add(l.Allocated), backorder.Add(l.Backorder)
			}
		}
		st := s.stockOf("SCARCE")
		if !st.allocated.Equal(allocated) || !st.backorder.Equal(backorder) || st.allocated.GreaterThan(st.onHand) {
			r.Fatalf("stock %+v, lines have %s allocated and %s back ordered", st, allocated, backorder)
		}
	})
}
