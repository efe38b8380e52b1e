package events

import "time"

// Link ties two records, one of each system, that are the same thing: the order
// and its sales order, the account and its customer. It is no event: KV bucket
// links keeps it under both records. Losing it costs a search, never a double.
type Link struct {
	// From and To are the two records; kept under one of them, that one is From.
	From Ref `json:"from"`
	To   Ref `json:"to"`
	// ID is To's internal number (Magento's entity_id), when it has one.
	ID int64 `json:"id,omitempty"`
	// Via says who made it: "written" (a writer wrote To from From, or the other
	// way), "matched" (found equal before anything was written), "person".
	Via string `json:"via" jsonschema:"enum=written,enum=matched,enum=person"`
	// By is the person, or why it was matched: "e-mail", "name and postcode".
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
	// Details are what else is known of To, such as the customer of a sales order.
	Details map[string]string `json:"details,omitempty"`
}

// Ways in which links come about.
const (
	ViaWritten = "written"
	ViaMatched = "matched"
	ViaPerson  = "person"
)

// Reverse gives the link as it is kept under the other record. From's internal
// number is not known by it.
func (l Link) Reverse() Link {
	l.From, l.To, l.ID, l.Details = l.To, l.From, 0, nil
	return l
}
