package gp

import (
	"regexp"
	"strings"
)

// numbers are the errors of eConnect whose number a published source confirms,
// by procedure and number; the rest is told by its text. A site may have numbers
// of its own from 67000 on.
var numbers = map[string]string{
	"taSopHdrIvcInsert 67":           "gp.sales.totals",
	"taSopLineIvcInsert 4776":        "gp.item.no_back_order",
	"taGLTransactionLineInsert 7738": "gp.journal.line_duplicate",
}

// phrases are the words of GP that are certain enough to give a code of their
// own; everything else is gp.validation. The first that fits counts. GP's texts
// are in its database and can be changed there, so no code may be depended on
// for more than what a person is told, but .duplicate and .locked.
var phrases = []struct {
	code  string
	words *regexp.Regexp
}{
	{"gp.batch.locked", phrase(`\bbatch\b.*(?:locked|in use|being (?:posted|edited|printed)|marked)`)},
	{"gp.record.locked", phrase(`(?:locked by|in use by|being edited|another user|deadlock)`)},
	{"duplicate", phrase(`\b(?:document|order|invoice|return|cash receipt|journal(?: entry)?|transaction|customer|record)\b[^.;]*\balready exists|` +
		`duplicate (?:document|order|invoice|return|cash receipt|journal(?: entry)?|transaction|customer)\b`)},
	{"gp.receipt.duplicate", phrase(`\b(?:payment|receipt)\b[^.;]*\balready exists|duplicate (?:payment|receipt)\b`)},
	{"gp.address.duplicate", phrase(`\baddress\b[^.;]*\balready exists`)},
	{"gp.item.duplicate", phrase(`\bitem\b[^.;]*\balready exists|duplicate item\b`)},
	{"gp.return.quantity", phrase(`return(?:ed)? quantit(?:y|ies)[^.;]*(?:(?:does|do) not (?:equal|match)|exceeds?)`)},
	{"gp.item.shortage", phrase(`quantity shortage|insufficient quantity|not enough (?:quantity|stock)|\bquantity\b[^.;]*\bnot available`)},
	{"gp.item.no_back_order", phrase(`\bitem\b.*(?:does not allow|not allow(?:ed)?) back ?orders?`)},
	{"gp.item.not_at_site", phrase(`\bitem\b.*(?:not (?:been )?assigned to|does not exist (?:at|in|for)|not (?:set up|available) (?:at|for)) (?:the |this |that )?(?:\w+ )?(?:site|warehouse|location)`)},
	{"gp.item.discontinued", phrase(`\bitem\b.*\b(?:discontinued|inactive)`)},
	{"gp.customer.on_hold", phrase(`\bcustomer\b.*on hold`)},
	{"gp.customer.inactive", phrase(`\bcustomer\b.*\binactive`)},
	{"gp.customer.credit_limit", phrase(`credit limit`)},
	{"period_closed", phrase(`\bperiod\b.*\bclosed`)},
	{"gp.period.missing", phrase(`\bfiscal (?:year|period)s?\b[^.;]*` + missing + `|not (?:with)?in (?:a|any|the) (?:defined )?fiscal (?:year|period)`)},
	{"gp.journal.unbalanced", phrase(`\bdebits?\b[^.;]*\b(?:(?:does|do|must) (?:not )?(?:equal|match|balance))|out of balance|not (?:in balance|balanced)|unbalanced`)},
	{"gp.journal.line_duplicate", phrase(`duplicate (?:line )?(?:sequence|SQNCLINE)[^.;]*journal`)},
	{"posted", phrase(`\b(?:is|been|already) (?:already )?posted\b|posted (?:documents?|transactions?)[^.;]*can ?not be`)},
	{"gp.receipt.applied", phrase(`\b(?:receipt|payment)\b[^.;]*\b(?:is|been) applied`)},
	{"voided", phrase(`\b(?:is|been|already) (?:already )?voided`)},
	{"gp.sales.totals", phrase(`(?:document amount|subtotal|total)s? (?:does|do) not (?:equal|match|agree)`)},
	{"gp.checkbook.unknown", unknownThing(`(?:check ?book|bank account)`)},
	{"gp.checkbook.inactive", phrase(`\bcheck ?book\b.*\binactive`)},
	{"gp.card.unknown", unknownThing(`(?:credit|payment) card(?: type)?`)},
	{"gp.account.inactive", phrase(`\baccount\b.*\binactive`)},
	{"gp.account.unknown", unknownThing(`(?:(?:GL|posting|ledger) )?account`)},
	{"gp.source_document.unknown", unknownThing(`source document`)},
	{"gp.address.unknown", unknownThing(`address`)},
	{"gp.customer_class.unknown", unknownThing(`customer class`)},
	{"gp.item_class.unknown", unknownThing(`item class`)},
	{"gp.customer.unknown", unknownThing(`customer`)},
	{"gp.item.unknown", unknownThing(`item`)},
	{"gp.batch.unknown", unknownThing(`batch`)},
	{"gp.site.unknown", unknownThing(`(?:site|warehouse|location)`)},
	{"gp.document_type.unknown", unknownThing(`document type`)},
	{"gp.unit_schedule.unknown", unknownThing(`(?:unit of measure|uofm|u of m) schedule`)},
	{"gp.unit.unknown", unknownThing(`(?:unit of measure|uofm)`)},
	{"gp.price_level.unknown", unknownThing(`price level`)},
	{"gp.salesperson.unknown", unknownThing(`sales ?person`)},
	{"gp.tax_schedule.unknown", unknownThing(`tax schedule`)},
	{"gp.payment_terms.unknown", unknownThing(`payment terms?`)},
	{"gp.shipping_method.unknown", unknownThing(`shipping method`)},
	{"gp.currency.unknown", unknownThing(`currency`)},
}

// mend is the first step of the fix, where the code tells it.
var mend = map[string]string{
	"gp.item.shortage":      "receive the item in GP, or let the order's policy back-order it",
	"gp.item.no_back_order": "receive the item in GP, or let it be back-ordered (Item Maintenance, Options)",
	"gp.item.not_at_site":   "assign the item to the site in GP",
	"gp.item.unknown":       "create the item in GP, or add a row with its number in GP to the table items",
	"gp.item.discontinued":  "use another item, or change its type back in GP",
	"gp.customer.on_hold":   "take the customer off hold in GP",
	"gp.customer.inactive":  "make the customer active in GP",
	"gp.period.closed":      "open the period in GP",
	"gp.period.missing":     "set up the fiscal year in GP, or map another date in the flow",
	"gp.batch.unknown":      "create the batch in GP, or let the order's policy create batches",
	"gp.site.unknown":       "create the site in GP, or name another in gp.order.site",
	"gp.currency.unknown": "set the currency up in GP and give the company access (Setup, System, Currency and Multicurrency Access), " +
		"or set order.currency to base under the pair's flows",
	"gp.account.unknown":         "create the account in GP, or correct the account, with its separators, in the flow or its table",
	"gp.account.inactive":        "make the account active in GP, or map another",
	"gp.checkbook.unknown":       "correct the checkbook in the flow or its table; GP has the list under Cards, Financial, Checkbook",
	"gp.checkbook.inactive":      "make the checkbook active in GP, or map another",
	"gp.card.unknown":            "set the card up in GP (Setup, Company, Credit Cards), or map another",
	"gp.journal.unbalanced":      "correct the amounts, or the flow that makes the journal's lines",
	"gp.journal.period_closed":   "open the period for the series Financial in GP, or map another date in the flow",
	"gp.journal.line_duplicate":  "give every line of the journal its own sequence in the flow",
	"gp.journal.posted":          "enter a correcting journal in GP; a posted one can't be changed",
	"gp.return.quantity":         "say in the flow where the returned goods go; the quantities' sum is the line's",
	"gp.return.posted":           "enter a correcting invoice in GP; a posted return can't be voided from outside",
	"gp.return.period_closed":    "open the period for the series Sales in GP, or map another date in the flow",
	"gp.sales.posted":            "correct it in GP; a posted document can't be changed from outside",
	"gp.receipt.posted":          "void the posted receipt in GP (Transactions, Sales, Posted Transactions)",
	"gp.receipt.applied":         "take the receipt off its invoices in GP first",
	"gp.receipt.period_closed":   "open the period for the series Sales in GP, or map another date in the flow",
	"gp.unit_schedule.unknown":   "create the schedule in GP, or correct it in the flow",
	"gp.item_class.unknown":      "create the item class in GP, or correct it in the flow",
	"gp.customer_class.unknown":  "create the customer class in GP, or correct it in the flow",
	"gp.price_level.unknown":     "create the price level in GP, or correct it in the flow or its table",
	"gp.address.unknown":         "create the address in GP, or let the flow send it with the customer",
	"gp.source_document.unknown": "create the source document in GP (Setup, Posting, Source Document), or correct it in the flow",
}

func phrase(words string) *regexp.Regexp { return regexp.MustCompile(`(?is)` + words) }

// missing are the ways in which GP says that something isn't there.
const missing = `(?:does not exist|doesn't exist|(?:was |could |can )?not (?:be )?found|is not valid|is invalid|is unknown)`

// unknownThing fits the thing, perhaps "number" or "key", perhaps its value, and missing.
func unknownThing(thing string) *regexp.Regexp {
	return phrase(`\b` + thing + `(?: (?:number|id|key|record|name))*(?:[ :]+\S+)? ` + missing)
}

var (
	gone         = phrase(missing)
	aboutCompany = phrase(`\bcompany\b`)
)

// codeOf is the code of one message. A code without a dot is completed by what
// the operation is about: a duplicate of CreateSalesReturn is gp.return.duplicate.
func codeOf(call call, m message) string {
	if code, ok := numbers[m.procedure+" "+m.number]; ok {
		return code
	}
	for _, p := range phrases {
		if !p.words.MatchString(m.text) {
			continue
		}
		if strings.Contains(p.code, ".") {
			return p.code
		}
		thing := about(call)
		if p.code == "period_closed" && (thing == "gp.sales" || thing == "gp.customer") {
			return "gp.period.closed"
		}
		return thing + "." + p.code
	}
	return "gp.validation"
}

// about is the thing of an operation in codes; sales documents without a word of
// their own are gp.sales.
func about(call call) string {
	for _, o := range []struct{ word, thing string }{
		{"CustomerAddress", "gp.address"}, {"Customer", "gp.customer"}, {"ItemCurrency", "gp.price"}, {"Pricing", "gp.price"},
		{"Item", "gp.item"}, {"SalesReturn", "gp.return"}, {"CashReceipt", "gp.receipt"}, {"GLTransaction", "gp.journal"},
		{"GLPosted", "gp.journal"},
	} {
		if strings.Contains(call.operation, o.word) {
			return o.thing
		}
	}
	return "gp.sales"
}
