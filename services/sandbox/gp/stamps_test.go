package gp

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// stampIn is the stamp of the one row that a table has under the condition.
func (s *sandbox) stampIn(from string) string {
	s.t.Helper()
	var stamp string
	if err := s.DB().QueryRowContext(s.t.Context(), "SELECT DEX_ROW_TS FROM "+from).Scan(&stamp); err != nil {
		s.t.Fatalf("stamp in %s: %v", from, err)
	}
	return stamp
}

// TestWhatAnEditStamps: each table stamps its own rows, and stock stamps the item.
func TestWhatAnEditStamps(t *testing.T) {
	const (
		customer = "RM00101 WHERE CUSTNMBR = 'WEB0000312'"
		address  = "RM00102 WHERE CUSTNMBR = 'WEB0000312' AND ADRSCODE = 'PRIMARY'"
		mail     = "SY01200 WHERE Master_ID = 'WEB0000312' AND ADRSCODE = 'PRIMARY'"
		item     = "IV00101 WHERE ITEMNMBR = 'SCARCE'"
		other    = "IV00101 WHERE ITEMNMBR = 'OLD'"
		price    = "IV00107 WHERE ITEMNMBR = 'SCARCE' AND CURNCYID = 'USD'"
	)
	post := func(path, body string) func(*sandbox) {
		return func(s *sandbox) { s.admin(http.MethodPost, path, body) }
	}
	call := func(op, params string) func(*sandbox) { return func(s *sandbox) { s.must(op, params+"CONTEXT") } }
	tests := []struct {
		name  string
		edit  func(*sandbox)
		moves string // the rows that get a new stamp
	}{
		{"hold", post("/customers/WEB0000312", `{"hold":true}`), customer},
		{"terms", post("/customers/web0000312", `{"terms":"Net 30"}`), customer},
		{"credit limit", post("/customers/WEB0000312", `{"creditLimit":"500"}`), customer},
		{"address in a window", post("/customers/WEB0000312", `{"address":{"city":"Salem"}}`), address},
		{"e-mail in a window", post("/customers/WEB0000312", `{"email":"new@example.com"}`), mail},
		{"customer by service", call("UpdateCustomer", `<customer><Key><Id>WEB0000312</Id></Key><Name>A</Name></customer>`), customer},
		{"address by service", call("UpdateCustomerAddress", `<address><City>Bend</City><Key><CustomerKey><Id>WEB0000312</Id></CustomerKey><Id>PRIMARY</Id></Key></address>`), address},
		{"address with e-mail by service", call("UpdateCustomerAddress", `<address><InternetAddresses><EmailToAddress>b@example.com</EmailToAddress></InternetAddresses>`+
			`<Key><CustomerKey><Id>WEB0000312</Id></CustomerKey><Id>PRIMARY</Id></Key></address>`), address + "|" + mail},
		{"receipt of goods", post("/receive", `{"item":"scarce","site":"MAIN","quantity":"5"}`), item},
		{"stock count", post("/stock", `{"set":[{"item":"SCARCE","site":"MAIN","onHand":"-2"}]}`), item},
		{"a count that finds the same", post("/stock", `{"set":[{"item":"SCARCE","site":"MAIN","onHand":"3"}]}`), item},
		{"another site", call("CreateItemWarehouse", `<itemWarehouse><Key><ItemKey><Id>SCARCE</Id></ItemKey><WarehouseKey><Id>EMPTY</Id></WarehouseKey></Key></itemWarehouse>`), item},
		{"allocation by an order", func(s *sandbox) { s.must("CreateSalesOrder", order(t, "MUG-BLUE-11", "SCARCE")) }, item},
		{"discontinue", call("DiscontinueSalesItem", "<key><Id>SCARCE</Id></key>"), item},
		{"description", post("/items/SCARCE", `{"ITEMDESC":"Scarcer"}`), item},
		{"price", post("/items/SCARCE", `{"price":"11"}`), price},
		{"nothing", post("/items/SCARCE", `{}`), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := at
			s := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
			now = now.Add(time.Minute)
			tt.edit(s)
			for _, row := range []string{customer, address, mail, item, other, price} {
				moved := s.stampIn(row) == rowStamp(now).Format(datetimeLayout)
				if want := strings.Contains("|"+tt.moves+"|", "|"+row+"|"); moved != want {
					t.Errorf("%s: stamp moved %v, want %v", row, moved, want)
				}
			}
		})
	}
}

func TestOneTransactionHasOneStamp(t *testing.T) {
	now := at
	s := start(t, func(c *Config) {
		c.Now = func() time.Time { now = now.Add(time.Second); return now } // every look at the clock takes a second
	})
	s.admin(http.MethodPost, "/items/generate", `{"count":300,"sites":["MAIN","EMPTY"]}`)
	s.admin(http.MethodPost, "/stock", `{"random":200,"seed":1}`)
	var stamps, items int
	if err := s.DB().QueryRowContext(t.Context(), `SELECT count(DISTINCT DEX_ROW_TS), count(*) FROM IV00101 WHERE ITEMNMBR LIKE 'GEN-%'
		AND DEX_ROW_TS = (SELECT max(DEX_ROW_TS) FROM IV00101)`).Scan(&stamps, &items); err != nil {
		t.Fatal(err)
	}
	if stamps != 1 || items < 100 || items > 200 {
		t.Errorf("%d stamps of %d items", stamps, items)
	}
	list := s.must("GetItemList", "<criteria><LastModifiedDate><From>"+strings.Replace(s.stampIn("IV00101 ORDER BY DEX_ROW_TS DESC LIMIT 1"), " ", "T", 1)+
		"</From></LastModifiedDate></criteria>CONTEXT")
	if n := strings.Count(list, "<ItemSummary>"); n != items {
		t.Errorf("the list has %d items, want %d", n, items)
	}
}

// TestStampsNeverGoBack: whatever the clock does, stamps are a datetime's and
// don't go back.
func TestStampsNeverGoBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		now := at
		s := newStamps(Config{Now: func() time.Time { return now }}, nil)
		var last time.Time
		for range rapid.IntRange(1, 20).Draw(r, "stamps") {
			now = at.Add(time.Duration(rapid.Int64Range(-5e9, 5e9).Draw(r, "clock")))
			stamp := s.next()
			if stamp.Before(last) || stamp.Location() != time.UTC || stamp.UnixMilli()%10 != 0 && stamp.UnixMilli()%10 != 3 && stamp.UnixMilli()%10 != 7 {
				r.Fatalf("stamp %s after %s", stamp.Format(datetimeLayout), last.Format(datetimeLayout))
			}
			last = stamp
		}
	})
}

func TestStampsGoOnAfterARestart(t *testing.T) {
	now := at.Add(time.Hour)
	change := func(c *Config) {
		c.DB, c.Now = filepath.Join(t.TempDir(), "gp.db"), func() time.Time { return now }
	}
	var file string
	s := start(t, func(c *Config) { change(c); file = c.DB })
	last := s.stampIn("RM00101 LIMIT 1")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	now = at // somebody set the clock back
	again := start(t, func(c *Config) { change(c); c.DB = file })
	again.admin(http.MethodPost, "/customers/HELD", `{"hold":false}`)
	if stamp := again.stampIn("RM00101 WHERE CUSTNMBR = 'HELD'"); stamp < last {
		t.Errorf("stamp %s after %s", stamp, last)
	}
}

// TestLateCommit: a reader passes over a row that is stamped and not committed,
// although a row with a later stamp is there already.
func TestLateCommit(t *testing.T) {
	now := at
	s := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	since := "<criteria><LastModifiedDate><From>" + at.Add(time.Second).Format("2006-01-02T15:04:05") + "</From></LastModifiedDate></criteria>CONTEXT"
	changed := func() string { return s.must("GetCustomerList", since) }
	first := true
	s.store.stamps.wait = func(context.Context, time.Duration) {
		if !first {
			return
		}
		first = false
		now = now.Add(time.Minute)
		if err := s.EditCustomer(t.Context(), "DISC", CustomerEdit{Hold: new(bool)}); err != nil {
			t.Error(err)
		}
		if list := changed(); !strings.Contains(list, "DISC") || strings.Contains(list, "GONE") {
			t.Errorf("while the first edit isn't committed: %s", list)
		}
	}
	if got := s.admin(http.MethodPut, "/stamps", `{"lateCommits":"500ms"}`); !strings.Contains(got, `"lateCommits":"500ms"`) {
		t.Errorf("settings %s", got)
	}
	now = now.Add(time.Minute)
	if err := s.EditCustomer(t.Context(), "GONE", CustomerEdit{Hold: new(bool)}); err != nil {
		t.Fatal(err)
	}
	if list := changed(); strings.Count(list, "<CustomerSummary>") != 2 {
		t.Errorf("after both edits: %s", list)
	}
	if early, late := s.stampIn("RM00101 WHERE CUSTNMBR = 'GONE'"), s.stampIn("RM00101 WHERE CUSTNMBR = 'DISC'"); early >= late {
		t.Errorf("the first edit has stamp %s, the second %s", early, late)
	}
}

func TestChangedKeys(t *testing.T) {
	now := at
	tick := func() { now = now.Add(time.Minute) }
	s := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	tick()
	since := now.Format("2006-01-02T15:04:05")
	s.must("CreateSalesOrder", order(t))
	s.must("CreateSalesOrder", order(t, "WEB100000417", "WEB2", "<CustomerPONumber>100000417", "<CustomerPONumber>PO-2"))
	s.must("CreateCustomer", newCustomer)
	tick()
	s.must("VoidSalesOrder", "<key><Id>WEB2</Id></key>CONTEXT")
	s.must("UpdateSalesOrder", `<salesOrder><Key><Id>WEB100000417</Id></Key><Reference>r</Reference></salesOrder>CONTEXT`)
	s.must("DeleteCustomer", "<key><Id>GONE</Id></key>CONTEXT")
	s.admin(http.MethodPost, "/customers/WEB0000312", `{"address":{"city":"Salem"}}`)
	s.admin(http.MethodPost, "/items/SCARCE", `{"price":"12"}`)
	s.admin(http.MethodDelete, "/items/OLD", "")
	tests := []struct {
		op, entry, criteria string
		want                []string
	}{
		{"GetChangedCustomerKeyList", "ChangedCustomerKey", "", []string{"<Action>Created</Action>", "<Id>WEB0000313</Id>", "<Action>Deleted</Action>", "<Id>GONE</Id>"}},
		{"GetChangedCustomerKeyList", "ChangedCustomerKey", "<Action><EqualValue>Deleted</EqualValue></Action>", []string{"<Id>GONE</Id>"}},
		{"GetChangedCustomerKeyList", "ChangedCustomerKey", "<Id><From>WEB</From><To>WEB0000313</To></Id>", []string{"<Id>WEB0000313</Id>"}},
		{"GetChangedCustomerAddressKeyList", "ChangedCustomerAddressKey", "<Action><EqualValue>Updated</EqualValue></Action>", []string{"<CustomerKey>", "<Id>WEB0000312</Id>", "<Id>PRIMARY</Id>"}},
		{"GetChangedItemKeyList", "ChangedItemKey", "", []string{"<Id>MUG-BLUE-11</Id>", "<ItemType>Sales Item</ItemType>", "<Id>OLD</Id>", `<ItemType xsi:nil="true"/>`}},
		{"GetChangedItemKeyList", "ChangedItemKey", "<ItemType><EqualValue>Sales Item</EqualValue></ItemType>", []string{"<Id>MUG-BLUE-11</Id>"}},
		{"GetChangedPricingKeyList", "ChangedPricingKey", "<Action><EqualValue>Updated</EqualValue></Action>", []string{"<Id>SCARCE</Id>", "<ISOCode>USD</ISOCode>", "<Id>RETAIL</Id>", "<UofM>EACH</UofM>"}},
		{"GetChangedPricingKeyList", "ChangedPricingKey", "<Action><EqualValue>Deleted</EqualValue></Action>", []string{"<Id>OLD</Id>"}},
		{"GetChangedSalesOrderKeyList", "ChangedSalesOrderKey", "<Action><EqualValue>Updated</EqualValue></Action>", []string{
			"<Id>WEB2</Id>", "<Id>WEB100000417</Id>", "<Type>Order</Type>", "<Id>WEBORD</Id>",
		}},
		{"GetChangedSalesInvoiceKeyList", "ChangedSalesInvoiceKey", "", nil},
	}
	entries := []int{2, 1, 1, 1, 2, 1, 1, 1, 2, 0}
	for i, tt := range tests {
		t.Run(fmt.Sprint(tt.op, tt.criteria), func(t *testing.T) {
			criteria := "<criteria><LastModifiedDate><From>" + since + "</From></LastModifiedDate>" + tt.criteria + "</criteria>CONTEXT"
			got := s.must(tt.op, criteria)
			if n := strings.Count(got, "<"+tt.entry+">"); n != entries[i] {
				t.Errorf("%d keys, want %d: %s", n, entries[i], got)
			}
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %s in %s", want, got)
				}
			}
		})
	}
	s.admin(http.MethodPut, "/stamps", `{"changedKeys":false}`)
	if got := s.must("GetChangedCustomerKeyList", "<criteria></criteria>CONTEXT"); strings.Contains(got, "ChangedCustomerKey>") {
		t.Errorf("unfed list %s", got)
	}
}
