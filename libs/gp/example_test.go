package gp_test

import (
	"encoding/json"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/libs/gp"
)

func ExampleClean() {
	id, _ := gp.Clean("CUSTNMBR", "web0000312   ")
	name, _ := gp.Clean("CUSTNAME", "Antonín Dvořák")
	_, err := gp.Clean("ZIP", "97201-12345")
	fmt.Println(id)
	fmt.Println(name)
	fmt.Println(err)
	// Output:
	// WEB0000312
	// Antonín Dvorák
	// gp.zip.too_long: ZIP: GP takes 10 characters, "97201-12345" has 11; shorten it in the source, or map it in the flow
}

func ExampleItem() {
	item := gp.Item{Number: "MUG-BLUE-11", Stock: []gp.Stock{{
		WarehouseID: "MAIN", OnHand: decimal.NewFromInt(140), Allocated: decimal.NewFromInt(9),
	}}}
	record, _ := json.Marshal(item)
	fmt.Println(string(record))
	// Output:
	// {"number":"MUG-BLUE-11","discontinued":false,"allowsBackOrders":false,"quantityDecimals":0,"currencyDecimals":0,"quantities":[{"site":"MAIN","onHand":"140","allocated":"9","available":"131","onOrder":"0","backOrdered":"0","inUse":"0","inService":"0","returned":"0","damaged":"0"}]}
}
