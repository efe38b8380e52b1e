package gp

// ledgerWSDL is the part of the WSDL about cash receipts and journals. The
// amounts of a journal's line are of the abstract type Amount: MoneyAmount, or
// Quantity for unit accounts, which are not written here.
const ledgerWSDL = `
ReceivablesDocumentKey < GreatPlainsKey: Id=DOCNUMBR
SourceDocumentKey      < GreatPlainsKey: Id=SOURCDOC
GLTransactionKey       < GreatPlainsKey: JournalId! Date!
GLTransactionPostedKey < GLTransactionKey: RecurringTransactionSequence! FiscalYear!
GLTransactionLineKey:   TransactionKey:GLTransactionKey SequenceNumber!

CashReceipt < BusinessObject:
	CustomerKey:CustomerKey CorporateAccountKey Key:ReceivablesDocumentKey CheckCardNumber=CHEKNMBR
	PaymentCardTypeKey:PaymentCardTypeKey BatchKey:BatchKey AuditTrailCode Type!? BankAccountKey:BankAccountKey
	Date!? PostedDate!? PostedBy GeneralLedgerPostingDate!? ModifiedDate!? ModifiedBy Amount:MoneyAmount
	Description=TRXDSCRN CurrencyKey:CurrencyKey ExchangeRate!? ExchangeDate!? IsVoided!? VoidDate!? Distributions

GLTransaction < BusinessObject:
	Key:GLTransactionKey BatchKey:BatchKey CurrencyKey:CurrencyKey Lines:[GLTransactionLine] Reference=REFRENCE
	SourceDocumentKey:SourceDocumentKey ExchangeRate!? ExchangeDate!? LedgerType!? AuditTrailCode Intercompany
	IsVoided!? ModifiedBy ModifiedDate!? OriginatingDocument PostedBy TransactionState!?

GLTransactionLine < BusinessObject:
	Key:GLTransactionLineKey CreditAmount:@MoneyAmount DebitAmount:@MoneyAmount Description=DSCRIPTN
	GLAccountKey:GLAccountNumberKey ExchangeRate!? ExchangeDate!? IntercompanyKey OriginatingDocument Tax

CashReceiptCriteria:
	Id:LikeRestrictionOfString CustomerId:LikeRestrictionOfString BatchId:LikeRestrictionOfString
	CurrencyISOCode:ListRestrictionOfString TransactionState:ListRestrictionOfNullable
	Date:BetweenRestrictionOfNullable ModifiedDate:BetweenRestrictionOfNullable Scope!(Return All)
GLTransactionCriteria:
	CurrencyISOCode:LikeRestrictionOfString Date:BetweenRestrictionOfNullable ModifiedDate:BetweenRestrictionOfNullable
	JournalId:LikeRestrictionOfString BatchId:LikeRestrictionOfString FiscalYear:BetweenRestrictionOfNullable
	RecurringTransactionSequence SourceDocumentId:LikeRestrictionOfString
	TransactionState:ListRestrictionOfNullable LedgerType

CreateCashReceipt:     cashReceipt!:CashReceipt context!:Context policy!
VoidCashReceipt:       key!:ReceivablesDocumentKey context!:Context policy!
GetCashReceiptByKey:   key!:ReceivablesDocumentKey context!:Context
GetCashReceiptList:    criteria!:CashReceiptCriteria context!:Context
CreateGLTransaction:   glTransaction!:GLTransaction context!:Context policy!
GetGLTransactionByKey: key!:GLTransactionKey context!:Context
GetGLPostedTransactionByKey: key!:GLTransactionPostedKey context!:Context
GetGLTransactionList:  criteria!:GLTransactionCriteria context!:Context
`
