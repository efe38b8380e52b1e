package gp

import (
	"context"
	"errors"
	"time"

	"github.com/shopspring/decimal"
)

// Customer is a customer with its addresses (GP Web Services WSDL: Customer).
// What is empty or nil is not sent: a create takes it from the customer's class,
// an update should leave it as it is. No document of GP promises the latter, so
// read back what matters.
type Customer struct {
	ID, Name, ShortName, StatementName string
	ClassID                            string
	OnHold, Active, ShipComplete       *bool

	DefaultAddressID, ShipToAddressID, BillToAddressID, StatementToAddressID string

	Comment1, Comment2, Note string
	PaymentTermsID           string
	PriceLevelID             string
	// PostResultsTo is GP's ReceivablesPostResultsTo. GP must have one with every
	// write; empty is "Receivables/Discount Account".
	PostResultsTo              string
	TaxRegistration            string
	CurrencyISO                string
	UserDefined1, UserDefined2 string
	Addresses                  []CustomerAddress

	// The rest is read, and never written.

	TradeDiscountPercent decimal.NullDecimal
	CreditLimit          CreditLimit
	Created, Modified    Date
	LastModified         time.Time
}

// CreditLimit is how much a customer may owe (GP Web Services WSDL:
// CustomerCreditLimit).
type CreditLimit struct {
	// Special is "No Credit" or "Unlimited Credit", which count before Amount.
	Special string
	Amount  decimal.NullDecimal
}

// Address gives the address with this id.
func (c Customer) Address(id string) (CustomerAddress, bool) {
	for _, a := range c.Addresses {
		if a.ID == upper(id) {
			return a, true
		}
	}
	return CustomerAddress{}, false
}

// Customer reads a customer.
func (c *Client) Customer(ctx context.Context, id string) (Customer, error) {
	return record(ctx, c, "GetCustomerByKey", "customer", "CUSTNMBR", id, readCustomer)
}

// CreateCustomer creates a customer under its own id. One which exists is the
// failure gp.customer.duplicate.
func (c *Client) CreateCustomer(ctx context.Context, customer Customer) error {
	return c.writeCustomer(ctx, "CreateCustomer", customer)
}

// UpdateCustomer changes what the customer has set. Addresses that it doesn't
// list stay as they are. GP must have a PostResultsTo with every write; when none
// is given, the customer is read first and keeps its own.
func (c *Client) UpdateCustomer(ctx context.Context, customer Customer) error {
	if customer.PostResultsTo == "" {
		has, err := c.Customer(ctx, customer.ID)
		if err != nil && !errors.Is(err, ErrNotFound) { // GP says better what it misses
			return unsent(err)
		}
		customer.PostResultsTo = has.PostResultsTo
	}
	return c.writeCustomer(ctx, "UpdateCustomer", customer)
}

func (c *Client) writeCustomer(ctx context.Context, operation string, customer Customer) error {
	if _, err := mustKey("CUSTNMBR", customer.ID); err != nil {
		return err
	}
	return c.write(ctx, operation, object{"customer": customer.object()})
}

func (c Customer) object() object {
	var addresses []object
	for _, a := range c.Addresses {
		addresses = append(addresses, a.object(c.ID))
	}
	return object{
		"Key": key(c.ID), "IsOnHold": boolean(c.OnHold), "IsActive": boolean(c.Active), "ShipCompleteOnly": boolean(c.ShipComplete),
		"Name": c.Name, "Shortname": c.ShortName, "StatementName": c.StatementName, "ClassKey": key(c.ClassID),
		"DefaultAddressKey":     customerAddressKey(c.ID, c.DefaultAddressID),
		"ShipToAddressKey":      customerAddressKey(c.ID, c.ShipToAddressID),
		"BillToAddressKey":      customerAddressKey(c.ID, c.BillToAddressID),
		"StatementToAddressKey": customerAddressKey(c.ID, c.StatementToAddressID),
		"Comment1":              c.Comment1, "Comment2": c.Comment2, "Notes": c.Note,
		"PaymentTermsKey": key(c.PaymentTermsID), "PriceLevelKey": key(c.PriceLevelID),
		"PostResultsTo": c.PostResultsTo, "TaxRegistrationNumber": c.TaxRegistration, "CurrencyKey": currencyKey(c.CurrencyISO),
		"UserDefined1": c.UserDefined1, "UserDefined2": c.UserDefined2, "Addresses": addresses,
	}
}

func readCustomer(n *node) (Customer, error) {
	var r reading
	c := Customer{
		ID: n.text("Key", "Id"), Name: n.text("Name"), ShortName: n.text("Shortname"), StatementName: n.text("StatementName"),
		ClassID: n.text("ClassKey", "Id"),
		OnHold:  n.flag("IsOnHold"), Active: n.flag("IsActive"), ShipComplete: n.flag("ShipCompleteOnly"),
		DefaultAddressID: n.text("DefaultAddressKey", "Id"), ShipToAddressID: n.text("ShipToAddressKey", "Id"),
		BillToAddressID: n.text("BillToAddressKey", "Id"), StatementToAddressID: n.text("StatementToAddressKey", "Id"),
		Comment1: n.text("Comment1"), Comment2: n.text("Comment2"), Note: n.text("Notes"),
		PaymentTermsID: n.text("PaymentTermsKey", "Id"), PriceLevelID: n.text("PriceLevelKey", "Id"),
		PostResultsTo: n.text("PostResultsTo"), TaxRegistration: n.text("TaxRegistrationNumber"), CurrencyISO: n.text("CurrencyKey", "ISOCode"),
		UserDefined1: n.text("UserDefined1"), UserDefined2: n.text("UserDefined2"),
		TradeDiscountPercent: r.amount(n, "TradeDiscountPercent"),
		CreditLimit:          CreditLimit{n.text("CreditLimit", "SpecialAmount"), r.amount(n, "CreditLimit", "Amount")},
		Created:              r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
	}
	for _, a := range n.all("Addresses") {
		c.Addresses = append(c.Addresses, readCustomerAddress(&r, a))
	}
	return c, r.err
}

// CustomerCriteria restricts a list of customers; what is nil or empty restricts
// nothing. ID takes no Like. See SalesCriteria about lists.
type CustomerCriteria struct {
	ID, Name, SalespersonID, ClassID Match
	Active, OnHold                   *bool
	Created, Modified                DateRange
	LastModified                     TimeRange
}

func (c CustomerCriteria) object() object {
	return object{
		"Id": c.ID.object(), "Name": c.Name.object(),
		"IsActive": equalTo(boolean(c.Active)), "IsOnHold": equalTo(boolean(c.OnHold)),
		"SalespersonId": c.SalespersonID.object(), "ClassId": c.ClassID.object(), "CreatedDate": c.Created.object(),
		"ModifiedDate": c.Modified.object(), "LastModifiedDate": c.LastModified.object(),
	}
}

// CustomerSummary is a row of a list (GP Web Services WSDL: CustomerSummary).
type CustomerSummary struct {
	ID, Name, ClassID, SalespersonID, State string
	Active, OnHold                          bool
	Created, Modified                       Date
	LastModified                            time.Time
}

// Customers lists customers.
func (c *Client) Customers(ctx context.Context, criteria CustomerCriteria) ([]CustomerSummary, error) {
	return list(ctx, c, "GetCustomerList", criteria.object(), func(r *reading, n *node) CustomerSummary {
		return CustomerSummary{
			ID: n.text("Key", "Id"), Name: n.text("Name"), ClassID: n.text("CustomerClassKey", "Id"),
			SalespersonID: n.text("SalespersonKey", "Id"), State: n.text("State"),
			Active: n.yes("IsActive"), OnHold: n.yes("IsOnHold"),
			Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
		}
	})
}
