package flow

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/shopspring/decimal"
	"golang.org/x/text/unicode/norm"

	"github.com/magpie-integration/magpie/libs/failure"
)

// customerNumberLength is CUSTNMBR's (eConnect, taUpdateCreateCustomerRcd).
const customerNumberLength = 15

var nameFunctions = []function{
	{
		group: "names", name: "fullName", params: []param{may("first", kindText), may("middle", kindText), may("last", kindText)}, nulls: true, gives: kindText,
		doc:     "The parts of a name with one blank between. A part without a letter or digit, such as the - of people with one name, is left out.",
		example: `fullName("Avery", nil, "Quinn")`, result: `"Avery Quinn"`,
		do: func(args []any) (any, error) {
			var parts []string
			for i := range args {
				if part := clean(textArg(args, i, "")); strings.IndexFunc(part, isWordRune) >= 0 {
					parts = append(parts, part)
				}
			}
			return strings.Join(parts, " "), nil
		},
	},
	{
		group: "names", name: "splitName", params: []param{need("name", kindText)}, gives: kindRecord,
		doc:     "A name as {first, last}: last is the last word, first the rest; one word is a last name.",
		example: `splitName("Ana Maria Silva").first`, result: `"Ana Maria"`,
		do: func(args []any) (any, error) {
			words := strings.Fields(clean(args[0].(string)))
			if len(words) == 0 {
				return map[string]any{"first": "", "last": ""}, nil
			}
			return map[string]any{"first": strings.Join(words[:len(words)-1], " "), "last": words[len(words)-1]}, nil
		},
	},
	{
		group: "names", name: "customerNumber",
		params: []param{need("prefix", kindText), may("id", kindNumber), may("email", kindText), may("rule", kindText)}, nulls: true, gives: kindText,
		doc: "A customer number of GP (15 characters) that follows from the source alone, so that no list of numbers is kept. " +
			`Rule "account" (the default): the prefix and the customer id in nine digits; a guest gets prefix, G and eleven letters that stand for ` +
			`the e-mail address, so one address is one customer. Rule "email": by address for all.`,
		example: `customerNumber("WEB", 412)`, result: `"WEB000000412"`,
		do: func(args []any) (any, error) {
			id, _ := args[1].(decimal.Decimal)
			return customerNumber(textArg(args, 0, ""), id, textArg(args, 2, ""), textArg(args, 3, "account"))
		},
	},
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func customerNumber(prefix string, id decimal.Decimal, email, rule string) (any, error) {
	if rule != "account" && rule != "email" {
		return nil, fmt.Errorf("there is no rule %q for customer numbers; known are account and email", rule)
	}
	var number string
	switch email = normalEmail(email); {
	case rule == "account" && id.IsPositive():
		digits := id.String()
		number = prefix + strings.Repeat("0", max(0, 9-len(digits))) + digits
	case email != "":
		number = prefix + "G" + digest(11, email)
	default:
		return nil, failure.Rejected("flow.customer.unknown", "customer.number",
			"the order has neither a customer id nor an e-mail address to make a customer number of",
			"give the order an e-mail address in Magento, or set customer.guests to one")
	}
	if len(number) > customerNumberLength {
		return nil, failure.Rejected("flow.customer.number_too_long", "customer.number",
			fmt.Sprintf("the customer number %s has %d characters; GP takes %d", number, len(number), customerNumberLength),
			"shorten the prefix (setting customer.prefix)")
	}
	return strings.ToUpper(number), nil
}

// normalEmail is the form in which two spellings of an address are equal.
func normalEmail(s string) string {
	return strings.ToLower(norm.NFC.String(strings.TrimSpace(s)))
}
