package gp_test

import (
	"fmt"

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
