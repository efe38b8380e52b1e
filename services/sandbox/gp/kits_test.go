package gp

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
)

func withKit(c *Config) {
	dec := decimal.RequireFromString
	c.Items = append(c.Items, Item{
		ItemNumber: "PARTY-SET", Description: "Two mugs and a scarce thing", Type: "Kit", Price: dec("60"),
		Components: []Component{{"MUG-BLUE-11", dec("2")}, {"SCARCE", dec("1")}},
	})
}

func kitOrder(quantity int) string {
	return fmt.Sprintf(`<salesOrder><Key><Id>K1</Id></Key><DocumentTypeKey><Type>Order</Type><Id>WEBORD</Id></DocumentTypeKey>`+
		`<CustomerKey><Id>WEB0000312</Id></CustomerKey><BatchKey><Id>B</Id></BatchKey><Lines><SalesOrderLine>`+
		`<Quantity><Value>%d</Value><DecimalDigits>0</DecimalDigits></Quantity><ItemKey><Id>party-set</Id></ItemKey>`+
		`</SalesOrderLine></Lines></salesOrder>CONTEXT`, quantity)
}

// TestKitsTakeTheirComponents: a kit has no stock; three scarce things make
// three kits, and the fourth is back ordered.
func TestKitsTakeTheirComponents(t *testing.T) {
	s := start(t, withKit)
	s.must("CreateSalesOrder", kitOrder(4))
	orders, err := s.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := orders[0].Lines[0]
	if l.Item != "PARTY-SET" || l.Total.String() != "240" || l.Allocated.String() != "3" || l.Backorder.String() != "1" {
		t.Errorf("line %+v", l)
	}
	for item, want := range map[string]string{"MUG-BLUE-11": "6 2", "SCARCE": "3 1"} {
		if st := s.stockOf(item); st.allocated.String()+" "+st.backorder.String() != want {
			t.Errorf("%s: %s allocated, %s back ordered, want %s", item, st.allocated, st.backorder, want)
		}
	}
	s.must("VoidSalesOrder", "<key><Id>K1</Id></key>CONTEXT")
	for _, item := range []string{"MUG-BLUE-11", "SCARCE"} {
		if st := s.stockOf(item); !st.allocated.IsZero() || !st.backorder.IsZero() {
			t.Errorf("%s keeps %s allocated and %s back ordered for a void order", item, st.allocated, st.backorder)
		}
	}
}

func TestAKitSaysWhatItIs(t *testing.T) {
	s := start(t, withKit)
	body := s.must("GetItemByKey", "<key><Id>PARTY-SET</Id></key>CONTEXT")
	if !strings.Contains(body, `xsi:type="Kit"`) || strings.Contains(body, "<Quantities>") {
		t.Errorf("answer %s", body)
	}
}

// TestUserDefinedFieldsComeBack: SOP10106 keeps ten fields beside the header.
func TestUserDefinedFieldsComeBack(t *testing.T) {
	s := start(t, nil)
	fields := `<UserDefined><Date01>2026-12-24T00:00:00</Date01><List01>WEB</List01><List03>L3</List03><Text01>Kind words</Text01><Text05>last</Text05></UserDefined>`
	s.must("CreateSalesOrder", strings.Replace(order(t), " <Lines>", fields+"<Lines>", 1))
	read := func() string { return s.must("GetSalesOrderByKey", "<key><Id>WEB100000417</Id></key>CONTEXT") }
	for _, want := range []string{"<Date01>2026-12-24T00:00:00</Date01>", "<List01>WEB</List01>", "<List03>L3</List03>", "<Text01>Kind words</Text01>", "<Text05>last</Text05>"} {
		if body := read(); !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	orders, err := s.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := orders[0].UserDefined; len(got) != 5 || got["USERDEF1"] != "Kind words" || got["USRTAB03"] != "L3" {
		t.Errorf("the admin API shows %v", got)
	}
	s.must("UpdateSalesOrder", `<salesOrder><Key><Id>WEB100000417</Id></Key><UserDefined><Text01>Other words</Text01></UserDefined></salesOrder>CONTEXT`)
	if body := read(); !strings.Contains(body, "<Text01>Other words</Text01>") {
		t.Errorf("an update left %s", body)
	}
}
