package events

import "github.com/shopspring/decimal"

// Bank is a transaction of a checkbook. Web services have no operation for it
// (dynamics-gp, GP Web Services WSDL), so it waits for the eConnect transport.
const Bank Entity = "bank"

var _ = declare(Bank,
	commanded(GP, Bank, "write", BankTransaction{}, "Enter one transaction of a checkbook (eConnect: BRBankTransactionType)."),
)

// BankTransaction is the document of a command for a checkbook transaction.
type BankTransaction struct {
	Number      string          `json:"number" jsonschema:"maxLength=20,description=CMTrxNum"`
	Checkbook   string          `json:"checkbook" jsonschema:"maxLength=15,description=CHEKBKID"`
	Type        string          `json:"type" jsonschema:"enum=deposit,enum=withdrawal,enum=increase,enum=decrease,description=CMTrxType"`
	Date        string          `json:"date" jsonschema:"format=date,description=TRXDATE"`
	Amount      decimal.Decimal `json:"amount"`
	Description string          `json:"description" jsonschema:"maxLength=30,description=DSCRIPTN; carries the source key"`
	Account     string          `json:"account,omitempty" jsonschema:"maxLength=75,description=the offset account"`
}
