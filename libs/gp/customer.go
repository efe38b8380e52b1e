package gp

import (
	"context"
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

	// TradeDiscountPercent and the dates are read, and never written.
	TradeDiscountPercent decimal.NullDecimal
	Created, Modified    Date
	LastModified         time.Time
}

// CustomerAddress is one of a customer's addresses. An e-mail address hangs on
// it, because a customer of GP has none of its own.
type CustomerAddress struct {
	ID string
	Address
	Email, EmailCC, EmailBCC   string
	Internet                   [8]string // GP's user-named fields
	UPSZone                    string
	ShippingMethodID           string
	TaxScheduleID              string
	SalespersonID, TerritoryID string
	WarehouseID                string
	UserDefined1, UserDefined2 string
	// Delete takes the address away in an update.
	Delete bool
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
// list stay as they are.
func (c *Client) UpdateCustomer(ctx context.Context, customer Customer) error {
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

func (a CustomerAddress) object(customer string) object {
	o := a.Address.object()
	if o == nil {
		o = object{}
	}
	internet := object{"EmailToAddress": a.Email, "EmailCcAddress": a.EmailCC, "EmailBccAddress": a.EmailBCC}
	for i, name := range internetFields {
		internet[name] = a.Internet[i]
	}
	if a.Email+a.EmailCC+a.EmailBCC != "" || a.Internet != [8]string{} {
		o["InternetAddresses"] = internet
	}
	o["UPSZone"], o["ShippingMethodKey"], o["TaxScheduleKey"] = a.UPSZone, key(a.ShippingMethodID), key(a.TaxScheduleID)
	o["UserDefined1"], o["UserDefined2"] = a.UserDefined1, a.UserDefined2
	o["Key"] = customerAddressKey(customer, a.ID)
	o["SalespersonKey"], o["SalesTerritoryKey"] = key(a.SalespersonID), key(a.TerritoryID)
	o["WarehouseKey"], o["DeleteOnUpdate"] = key(a.WarehouseID), yes(a.Delete)
	return o
}

var internetFields = [8]string{
	"InternetField1", "InternetField2", "InternetField3", "InternetField4",
	"InternetField5", "InternetField6", "InternetField7", "InternetField8",
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
		Created:              r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
	}
	for _, a := range n.all("Addresses") {
		c.Addresses = append(c.Addresses, readCustomerAddress(a))
	}
	return c, r.err
}

func readCustomerAddress(n *node) CustomerAddress {
	internet := n.child("InternetAddresses")
	a := CustomerAddress{
		ID: n.text("Key", "Id"), Address: readAddress(n),
		Email: internet.text("EmailToAddress"), EmailCC: internet.text("EmailCcAddress"), EmailBCC: internet.text("EmailBccAddress"),
		UPSZone: n.text("UPSZone"), ShippingMethodID: n.text("ShippingMethodKey", "Id"), TaxScheduleID: n.text("TaxScheduleKey", "Id"),
		SalespersonID: n.text("SalespersonKey", "Id"), TerritoryID: n.text("SalesTerritoryKey", "Id"),
		WarehouseID: n.text("WarehouseKey", "Id"), UserDefined1: n.text("UserDefined1"), UserDefined2: n.text("UserDefined2"),
		Delete: n.yes("DeleteOnUpdate"),
	}
	for i, name := range internetFields {
		a.Internet[i] = internet.text(name)
	}
	return a
}
