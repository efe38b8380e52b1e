package flow

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/magpie-integration/magpie/libs/failure"
)

// phoneLength is PHNUMBR1's (eConnect, taSopHdrIvcInsert).
const phoneLength = 21

var addressFunctions = []function{
	{
		group: "addresses", name: "addressLines",
		params: []param{need("street", kindList), need("lines", kindNumber), need("length", kindNumber), may("rule", kindText)}, gives: kindList,
		doc: "A street of any number of lines as exactly so many lines of at most that length (GP: ADDRESS1 to 3, 60 each); blank lines are dropped, unused ones empty. " +
			`What doesn't fit is refused with rule "reject"; rule "join" (the default) joins neighbours with a comma, shortest first, then breaks at blanks, and refuses only what still doesn't fit.`,
		example: `addressLines(["Unit 4", "", "12 Maple Court", "Dock B", "Gate 2"], 3, 60)`, result: `["Unit 4","12 Maple Court","Dock B, Gate 2"]`,
		do: func(args []any) (any, error) {
			street, err := texts(args[0].([]any))
			if err != nil {
				return nil, err
			}
			lines, err := wholeNumber(args[1].(decimal.Decimal))
			if err != nil {
				return nil, err
			}
			length, err := wholeNumber(args[2].(decimal.Decimal))
			if err != nil {
				return nil, err
			}
			return addressLines(street, lines, length, textArg(args, 3, "join"))
		},
	},
	{
		group: "addresses", name: "phone", params: []param{need("s", kindText)}, gives: kindText,
		doc:     "The digits of a phone number, at most 21 (GP, PHNUMBR1); a + in front goes, and so does a number without a digit.",
		example: `phone("+1 (802) 555-0142")`, result: `"18025550142"`,
		do: func(args []any) (any, error) {
			digits := strings.Map(func(r rune) rune {
				if r >= '0' && r <= '9' {
					return r
				}
				return -1
			}, args[0].(string))
			return left(digits, phoneLength), nil
		},
	},
	{
		group: "addresses", name: "stateCode", params: []param{need("address", kindRecord)}, gives: kindText,
		doc:     "An address's region code, or the region's name where Magento has no code for it.",
		example: `stateCode({region: "Vermont", region_code: "VT"})`, result: `"VT"`,
		do: func(args []any) (any, error) {
			a := args[0].(map[string]any)
			for _, name := range []string{"region_code", "region"} {
				if s, ok := a[name].(string); ok && strings.TrimSpace(s) != "" {
					return clean(s), nil
				}
			}
			return "", nil
		},
	},
	{
		group: "addresses", name: "country", params: []param{need("code", kindText), may("form", kindText)}, gives: kindText,
		doc:     `A country from its code of ISO 3166: form "code" (the default) or "name" (English, by Unicode CLDR).`,
		example: `country("DE", "name")`, result: `"Germany"`,
		do: func(args []any) (any, error) {
			region, err := language.ParseRegion(args[0].(string))
			if err != nil || !region.IsCountry() {
				return nil, fmt.Errorf("%q is not a country code of ISO 3166", args[0])
			}
			switch form := textArg(args, 1, "code"); form {
			case "code":
				return region.String(), nil
			case "name":
				return display.English.Regions().Name(region), nil
			default:
				return nil, fmt.Errorf("there is no form %q of a country; known are code and name", form)
			}
		},
	},
	{
		group: "addresses", name: "addressCode", params: []param{need("address", kindRecord)}, gives: kindText,
		doc: "An address id of GP (ADRSCODE, 15 characters) that stands for the address's content: the same address is the same id, " +
			"whatever the case and the blanks, so guest orders don't pile up addresses.",
		example: `addressCode({street: ["12 Maple Court"], city: "Burlington"}) == addressCode({street: ["12  maple court"], city: "BURLINGTON"})`, result: `true`,
		do: func(args []any) (any, error) {
			a := args[0].(map[string]any)
			parts := make([]string, 0, 16)
			for _, name := range addressIdentity {
				if list, ok := a[name].([]any); ok {
					for _, v := range list {
						parts = append(parts, strings.ToLower(clean(textOf(v))))
					}
				} else {
					parts = append(parts, strings.ToLower(clean(textOf(a[name]))))
				}
				parts = append(parts, "")
			}
			return "A" + digest(14, parts...), nil
		},
	},
}

// addressIdentity are the fields in which two different addresses differ.
var addressIdentity = []string{
	"firstname", "middlename", "lastname", "company", "street", "city", "region", "region_code", "postcode", "country_id", "telephone",
}

func addressLines(street []string, lines, length int, rule string) (any, error) {
	if rule != "join" && rule != "reject" {
		return nil, fmt.Errorf("there is no rule %q for address lines; known are join and reject", rule)
	}
	if lines < 1 || lines > 20 {
		return nil, fmt.Errorf("an address has 1 to 20 lines, not %d", lines)
	}
	kept := make([]string, 0, len(street))
	for _, s := range street {
		if s = clean(s); s != "" {
			kept = append(kept, s)
		}
	}
	given := kept
	if !fit(kept, lines, length) && rule == "join" {
		kept = joinShortest(kept, lines, length)
		if !fit(kept, lines, length) {
			kept = wrap(strings.Join(given, ", "), length)
		}
	}
	if !fit(kept, lines, length) {
		return nil, failure.Rejected("flow.address.too_long", "",
			fmt.Sprintf("the street has %d lines and %d characters; %d lines of %d are taken", len(given), runesIn(given), lines, length),
			"shorten the street in the order's address, then it is tried again")
	}
	list := make([]any, lines)
	for i := range list {
		list[i] = ""
		if i < len(kept) {
			list[i] = kept[i]
		}
	}
	return list, nil
}

func fit(lines []string, most, length int) bool {
	for _, l := range lines {
		if utf8.RuneCountInString(l) > length {
			return false
		}
	}
	return len(lines) <= most
}

func runesIn(lines []string) (n int) {
	for _, l := range lines {
		n += utf8.RuneCountInString(l)
	}
	return n
}

// joinShortest joins the neighbours that are shortest together until there are
// few enough lines, as long as each fits; of equals the last, for the first
// line is the one that carriers read.
func joinShortest(lines []string, most, length int) []string {
	lines = append([]string(nil), lines...)
	for len(lines) > most {
		best, least := -1, length+1
		for i := range len(lines) - 1 {
			if n := utf8.RuneCountInString(lines[i]) + 2 + utf8.RuneCountInString(lines[i+1]); n <= least && n <= length {
				best, least = i, n
			}
		}
		if best < 0 {
			return lines
		}
		lines[best] += ", " + lines[best+1]
		lines = append(lines[:best+1], lines[best+2:]...)
	}
	return lines
}

// wrap breaks a text at blanks into lines.
func wrap(s string, length int) []string {
	var lines []string
	for _, word := range strings.Fields(s) {
		if n := len(lines); n > 0 && utf8.RuneCountInString(lines[n-1])+1+utf8.RuneCountInString(word) <= length {
			lines[n-1] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}
