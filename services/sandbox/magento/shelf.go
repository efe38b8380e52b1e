package magento

import "strings"

// get returns a product of the catalogue by its SKU, or nil.
func (sh *shelf) get(sku string) *Product {
	return sh.bySKU[strings.ToUpper(strings.TrimRight(sku, " "))]
}

// childrenOf are the products that a configurable is sold as.
func (sh *shelf) childrenOf(sku string) []*Product { return sh.children[sku] }
