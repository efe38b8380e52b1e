package magentowriter

import "testing"

func TestAMarkIsAWordOfItsOwn(t *testing.T) {
	for comment, want := range map[string]bool{
		"SOP order WEB12 in Dynamics GP": true,
		"SOP order WEB123":               false,
		"XWEB12":                         false,
		"WEB12":                          true,
		"WEB12-1":                        false,
		"A-WEB12":                        false,
		"ÄWEB12":                         false,
		"WEB12WEB12":                     false,
		"WEB123 and WEB12.":              true,
		"WEB12WEB12 (WEB12)":             true,
		"":                               false,
	} {
		if got := mentions(comment, "WEB12"); got != want {
			t.Errorf("%q: got %v", comment, got)
		}
	}
	if mentions("any comment", "") {
		t.Error("no mark is in no comment")
	}
}
