package magento

import "strings"

// storeSource is a shop with some stock of its own, beside the default source.
const storeSource = "store"

// knownSource reports whether a source exists. MySQL compares its code without
// case.
func knownSource(code string) bool {
	return strings.EqualFold(code, defaultSource) || strings.EqualFold(code, storeSource)
}
