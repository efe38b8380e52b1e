package gp

import (
	"context"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
)

// TestRefusalCodes holds GP's words against the codes, by the operation that is refused.
func TestRefusalCodes(t *testing.T) {
	for text, tt := range map[string]struct{ operation, code string }{
		"The document number RTN1 already exists.":                        {"CreateSalesReturn", "gp.return.duplicate"},
		"The returned quantities do not equal the line quantity.":         {"CreateSalesReturn", "gp.return.quantity"},
		"The fiscal period for this date is closed.":                      {"CreateSalesReturn", "gp.return.period_closed"},
		"The return has already been posted.":                             {"VoidSalesReturn", "gp.return.posted"},
		"The document is already voided.":                                 {"VoidSalesReturn", "gp.return.voided"},
		"Duplicate document number":                                       {"CreateCashReceipt", "gp.receipt.duplicate"},
		"The payment number PYMT0001 already exists":                      {"CreateCashReceipt", "gp.receipt.duplicate"},
		"The checkbook UPTOWN does not exist":                             {"CreateCashReceipt", "gp.checkbook.unknown"},
		"The checkbook UPTOWN is inactive":                                {"CreateCashReceipt", "gp.checkbook.inactive"},
		"Credit card Vsia does not exist":                                 {"CreateCashReceipt", "gp.card.unknown"},
		"The receipt has been applied to documents.":                      {"VoidCashReceipt", "gp.receipt.applied"},
		"Period 11 is closed for the series Sales":                        {"CreateCashReceipt", "gp.receipt.period_closed"},
		"Total debits do not equal total credits":                         {"CreateGLTransaction", "gp.journal.unbalanced"},
		"The journal entry is out of balance":                             {"CreateGLTransaction", "gp.journal.unbalanced"},
		"The fiscal period is closed":                                     {"CreateGLTransaction", "gp.journal.period_closed"},
		"Fiscal year 2031 does not exist":                                 {"CreateGLTransaction", "gp.period.missing"},
		"Journal entry 3456 already exists":                               {"CreateGLTransaction", "gp.journal.duplicate"},
		"Account number 000-9999-00 does not exist":                       {"CreateGLTransaction", "gp.account.unknown"},
		"The account 000-9999-00 is inactive":                             {"CreateGLTransaction", "gp.account.inactive"},
		"The source document XX does not exist":                           {"CreateGLTransaction", "gp.source_document.unknown"},
		"The customer address PRIMARY already exists":                     {"CreateCustomerAddress", "gp.address.duplicate"},
		"Customer class WEB does not exist":                               {"CreateCustomer", "gp.customer_class.unknown"},
		"The customer is inactive":                                        {"CreateSalesOrder", "gp.customer.inactive"},
		"The item number MUG already exists":                              {"CreateSalesItem", "gp.item.duplicate"},
		"Item class RETAIL does not exist":                                {"CreateSalesItem", "gp.item_class.unknown"},
		"The unit of measure schedule EACH does not exist":                {"CreateSalesItem", "gp.unit_schedule.unknown"},
		"The record already exists":                                       {"CreateItemCurrency", "gp.price.duplicate"},
		"Item MUG is discontinued":                                        {"CreateSalesOrder", "gp.item.discontinued"},
		"Price level RETIAL does not exist":                               {"CreateSalesOrder", "gp.price_level.unknown"},
		"The document has been posted and cannot be deleted":              {"DeleteSalesOrder", "gp.sales.posted"},
		"The period for the document's date is closed":                    {"CreateSalesOrder", "gp.period.closed"},
		"The batch is being posted":                                       {"CreateGLTransaction", "gp.batch.locked"},
		"The item's price already exists for the document on this record": {"CreateSalesOrder", "gp.item.duplicate"},
	} {
		if got := codeOf(call{operation: tt.operation}, message{text: text}); got != tt.code {
			t.Errorf("%s: %q gives %s, want %s", tt.operation, text, got, tt.code)
		}
	}
}

// Errors of eConnect with a known number have their code by it, whatever the words.
func TestRefusalNumbers(t *testing.T) {
	for number, want := range numbers {
		procedure, n, _ := strings.Cut(number, " ")
		got := eConnectErrors("Error Number = " + n + "  Stored Procedure= " + procedure + "  Error Description = its words\nNode Identifier Parameters: x")
		if len(got) != 1 || codeOf(call{operation: "CreateSalesOrder"}, got[0]) != want {
			t.Errorf("%s: got %+v", number, got)
		}
	}
	if got := codeOf(call{operation: "CreateSalesOrder"}, message{procedure: "taCustomer", number: "67"}); got != "gp.validation" {
		t.Errorf("another procedure's 67 gives %s", got)
	}
}

// What mends a refusal is told with it.
func TestRefusalsAreMended(t *testing.T) {
	for name, tt := range map[string]struct {
		operation string
		call      func(context.Context, *Client) error
		text      string
		code, fix string
	}{
		"journal": {
			"CreateGLTransaction", writes["CreateGLTransaction"], "The period is closed",
			"gp.journal.period_closed", "open the period for the series Financial in GP",
		},
		"receipt": {"VoidCashReceipt", writes["VoidCashReceipt"], "The receipt is already posted", "gp.receipt.posted", "void the posted receipt in GP"},
		"return":  {"CreateSalesReturn", writes["CreateSalesReturn"], "The sales return already exists", "gp.return.duplicate", "mend the record"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeGP(t)
			f.faults(tt.operation, validationFault)
			f.answers("GetLoggedValidationResultByKey", errorsOf(tt.text))
			e := failure.Of(tt.call(t.Context(), f.client(t)))
			if e.Code != tt.code || e.Kind != failure.KindRejected || !strings.HasPrefix(e.Fix, tt.fix) || !strings.Contains(e.Reason, tt.text) {
				t.Errorf("got %v", e)
			}
		})
	}
}

// Every code that has a fix can come about.
func TestMendsAreReached(t *testing.T) {
	reached := map[string]bool{}
	for _, code := range numbers {
		reached[code] = true
	}
	for _, p := range phrases {
		reached[p.code] = true
		for _, thing := range []string{"gp.sales", "gp.return", "gp.receipt", "gp.journal"} {
			if !strings.Contains(p.code, ".") {
				reached[thing+"."+p.code] = true
			}
		}
	}
	reached["gp.period.closed"] = true
	for code := range mend {
		if !reached[code] {
			t.Errorf("nothing gives %s", code)
		}
	}
}
