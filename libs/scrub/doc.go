// Package scrub takes payment cards and shoppers' credentials out of what
// Magpie stores, sends on or logs. It runs before anything is published, so no
// stream, dead letter or trace ever holds a card number.
//
//   - [JSON] works on documents: by the name of a field (cc_number_enc, cvv, a
//     vault's token) and by the look of a value (13 to 19 digits of a known
//     issuer whose check digit fits). Everything else stays as it was, to the
//     byte: amounts are not decoded, order and white space are kept.
//   - [Text] works on what a person will read in a log or an error: cards go,
//     e-mail addresses are masked.
//
// Fields that hold identifiers (a SKU, an increment id, a tracking number) are
// never touched: one in ten numbers of the right length has a fitting check
// digit, and an order whose id was scrubbed is lost. The tables of both kinds
// of fields are in field.go.
//
// Sources: PCI DSS v4.0, requirement 3 (what may not be stored); Magento core,
// Sales/Api/Data/OrderPaymentInterface and Vault/Api/Data/PaymentTokenInterface
// (names of fields); ISO/IEC 7812-1 (check digit, issuers).
package scrub

// Mark stands for what was taken out.
const Mark = "[scrubbed]"
