package events

import "slices"

// Customer is an account of the store, or a guest's e-mail address, and the
// customer that it is in GP. In Magento the key is the account's number.
const Customer Entity = "customer"

var _ = declare(Customer, slices.Concat(
	source(Magento, Customer, "a customer's account with its addresses"),
	source(GP, Customer, "a customer with its addresses"),
	[]Type{
		commanded(GP, Customer, "write", CustomerCard{}, "Bring one GP customer, with its addresses, to this state."),
		commanded(Magento, Customer, "write", CustomerAccount{}, "Bring one account of the store to this state."),
	},
)...)

// CustomerCard is the document of a command for a customer in GP. What it leaves
// empty is GP's own: a new customer gets the class's, an old one keeps what it has.
type CustomerCard struct {
	// Number is the one that a new customer gets; one that is linked or matched
	// keeps its own.
	Number       string       `json:"number" jsonschema:"maxLength=15,description=CUSTNMBR"`
	Name         string       `json:"name" jsonschema:"maxLength=64,description=CUSTNAME"`
	ShortName    string       `json:"shortName,omitempty" jsonschema:"maxLength=15,description=SHRTNAME"`
	Class        string       `json:"class,omitempty" jsonschema:"maxLength=15,description=CUSTCLAS; of a new customer only"`
	Email        string       `json:"email,omitempty" jsonschema:"maxLength=80"`
	TaxExempt    string       `json:"taxExempt,omitempty" jsonschema:"maxLength=25,description=TAXEXMT1"`
	TaxNumber    string       `json:"taxNumber,omitempty" jsonschema:"maxLength=25,description=TXRGNNUM"`
	Terms        string       `json:"terms,omitempty" jsonschema:"maxLength=20,description=PYMTRMID; of a new customer only"`
	PriceLevel   string       `json:"priceLevel,omitempty" jsonschema:"maxLength=10,description=PRCLEVEL; of a new customer only"`
	UserDefined1 string       `json:"userDefined1,omitempty" jsonschema:"maxLength=20,description=USERDEF1"`
	UserDefined2 string       `json:"userDefined2,omitempty" jsonschema:"maxLength=20,description=USERDEF2"`
	Address      Address      `json:"address"`
	Addresses    []Address    `json:"addresses,omitempty" jsonschema:"description=the others; none is ever deleted"`
	Newest       []NewestWins `json:"newest,omitempty"`
}

// CustomerAccount is the document of a command for an account of the store. What
// it leaves empty stays as it is there.
type CustomerAccount struct {
	// Number is the GP customer's.
	Number string `json:"number" jsonschema:"maxLength=15"`
	// Create lets an account be made where none is linked or found by its e-mail.
	Create     bool             `json:"create,omitempty"`
	Email      string           `json:"email,omitempty" jsonschema:"maxLength=254"`
	FirstName  string           `json:"firstName,omitempty" jsonschema:"maxLength=255"`
	LastName   string           `json:"lastName,omitempty" jsonschema:"maxLength=255"`
	Group      string           `json:"group,omitempty" jsonschema:"maxLength=32,description=the customer group's name"`
	TaxNumber  string           `json:"taxNumber,omitempty" jsonschema:"maxLength=50,description=taxvat"`
	Addresses  []AccountAddress `json:"addresses,omitempty"`
	Attributes []Attribute      `json:"attributes,omitempty" jsonschema:"description=custom attributes"`
	Newest     []NewestWins     `json:"newest,omitempty"`
}

// AccountAddress is an address in Magento's fields.
type AccountAddress struct {
	// Code is the GP address's (ADRSCODE), by which it is known again.
	Code      string   `json:"code" jsonschema:"maxLength=15"`
	FirstName string   `json:"firstName" jsonschema:"maxLength=255"`
	LastName  string   `json:"lastName" jsonschema:"maxLength=255"`
	Company   string   `json:"company,omitempty" jsonschema:"maxLength=255"`
	Street    []string `json:"street" jsonschema:"minItems=1"`
	City      string   `json:"city" jsonschema:"maxLength=255"`
	Region    string   `json:"region,omitempty" jsonschema:"maxLength=255"`
	Postcode  string   `json:"postcode,omitempty" jsonschema:"maxLength=255"`
	Country   string   `json:"country" jsonschema:"maxLength=2"`
	Phone     string   `json:"phone,omitempty" jsonschema:"maxLength=255"`
	Billing   bool     `json:"billing,omitempty"`
	Shipping  bool     `json:"shipping,omitempty"`
}

// Attribute is a custom attribute of a record in Magento.
type Attribute struct {
	Code  string `json:"code" jsonschema:"maxLength=60"`
	Value string `json:"value"`
}

// NewestWins is a group of fields that both sides may change: the side whose
// change of it is newer in CHANGES has it. One stream holds both systems'
// changes, so no clocks are compared.
type NewestWins struct {
	// Group names it: "address".
	Group string `json:"group"`
	// Value is the group's content in a form that both sides share, to compare.
	Value string `json:"value"`
}
