package gp

import (
	"context"
	"errors"

	"github.com/shopspring/decimal"
)

// ErrUnknown is a customer, an item or a site that the company hasn't.
var ErrUnknown = errors.New("it isn't there")

// CustomerEdit is what a bookkeeper changes of a customer in GP's windows; what is
// nil stays. Fields of the customer stamp RM00101, those of the address stamp
// RM00102 alone, and the e-mail stamps SY01200 alone.
type CustomerEdit struct {
	Name, Class, Terms, PriceLevel                 *string
	Comment1, Comment2, UserDefined1, UserDefined2 *string
	Hold, Inactive                                 *bool
	// DiscountPercent is the trade discount, such as 2.5.
	DiscountPercent *decimal.Decimal
	// CreditLimit is an amount in the functional currency; 0 is no credit.
	CreditLimit *decimal.Decimal
	Address     *AddressEdit
	// Email is of the address that Address names, or of the default one.
	Email *string
}

// AddressEdit changes an address, or makes it when the id is new.
type AddressEdit struct {
	ID                                                                          string // "" is the customer's default address
	Name, Contact, Line1, Line2, Line3, City, State, PostalCode, Country, Phone *string
}

// EditCustomer changes a customer as a bookkeeper does, in one transaction. It
// fails with [ErrUnknown] for a customer that isn't there, and with a
// validation error for a value that GP would refuse.
func (s *Server) EditCustomer(ctx context.Context, id string, edit CustomerEdit) error {
	return s.store.write(ctx, func(q querier) error {
		c, err := s.hand(ctx, q, "BOOKKEEPER")
		if err != nil {
			return err
		}
		return c.editCustomer(ctx, storedText(id, true), edit)
	})
}

func (c *call) editCustomer(ctx context.Context, id string, edit CustomerEdit) error {
	o, err := c.loadCustomer(ctx, id)
	if err != nil {
		return err
	}
	if o == nil {
		return ErrUnknown
	}
	old, err := c.loadAddresses(ctx, id)
	if err != nil {
		return err
	}
	if c.applyEdit(o, edit) {
		if err := c.putCustomer(ctx, o, old); err != nil {
			return err
		}
	}
	address := o.str("DefaultAddressKey.Id")
	if edit.Address != nil && edit.Address.ID != "" {
		address = storedText(edit.Address.ID, true)
	}
	orDefault(&address, "PRIMARY")
	if edit.Address != nil {
		if err := c.saveAddress(ctx, edit.Address.object(id, address), old); err != nil {
			return err
		}
	}
	if edit.Email == nil {
		return nil
	}
	a, _, err := c.address(ctx, id, address)
	if err != nil {
		return err
	}
	if a == nil {
		return ErrUnknown
	}
	mail := a.object("InternetAddresses")
	if mail == nil {
		mail = newObject("InternetAddresses")
	}
	return c.putInternet(ctx, id, address, mail.set("EmailToAddress", storedText(*edit.Email, false)))
}

// applyEdit sets the customer's own fields, and tells whether there was one.
func (c *call) applyEdit(o *object, edit CustomerEdit) bool {
	touched := setTexts(o, map[string]*string{
		"Name": edit.Name, "ClassKey.Id": edit.Class, "PaymentTermsKey.Id": edit.Terms, "PriceLevelKey.Id": edit.PriceLevel,
		"Comment1": edit.Comment1, "Comment2": edit.Comment2, "UserDefined1": edit.UserDefined1, "UserDefined2": edit.UserDefined2,
	})
	if edit.Hold != nil {
		o.set("IsOnHold", *edit.Hold)
	}
	if edit.Inactive != nil {
		o.set("IsActive", !*edit.Inactive)
	}
	if edit.DiscountPercent != nil {
		o.set("TradeDiscountPercent", percent(*edit.DiscountPercent))
	}
	if edit.CreditLimit != nil {
		limit := newObject("CustomerCreditLimit").set("Amount", money(c.cfg.Currencies[0], *edit.CreditLimit))
		if edit.CreditLimit.IsZero() {
			limit.set("SpecialAmount", "No Credit")
		}
		o.set("CreditLimit", limit)
	}
	return touched || edit.Hold != nil || edit.Inactive != nil || edit.DiscountPercent != nil || edit.CreditLimit != nil
}

// object is the edit as UpdateCustomerAddress would have it.
func (a AddressEdit) object(customer, id string) *object {
	o := newObject("CustomerAddress").set("Key.CustomerKey.Id", customer).set("Key.Id", id)
	setTexts(o, map[string]*string{
		"Name": a.Name, "ContactPerson": a.Contact, "Line1": a.Line1, "Line2": a.Line2, "Line3": a.Line3, "City": a.City,
		"State": a.State, "PostalCode": a.PostalCode, "CountryRegion": a.Country, "Phone1.Value": a.Phone,
	})
	return o
}

// setTexts sets the texts that are there, as char columns would hold them.
func setTexts(o *object, texts map[string]*string) bool {
	touched := false
	for path, text := range texts {
		if text == nil {
			continue
		}
		f, err := o.typ.at(path)
		if err != nil {
			panic("gp: " + err.Error()) // the paths are part of the program
		}
		o.set(path, storedText(*text, f.id))
		touched = true
	}
	return touched
}

// AddCustomer puts in a customer as a bookkeeper does. It fails with a validation
// error when the id is taken or a value is refused.
func (s *Server) AddCustomer(ctx context.Context, customer Customer) error {
	return s.store.write(ctx, func(q querier) error {
		id := storedText(customer.ID, true)
		if id == "" {
			return refuse("Customer", ruleMissing, "Key", "The customer id is required.")
		}
		found, err := count(ctx, q, "RM00101 WHERE CUSTNMBR = ?", id)
		if err != nil {
			return err
		}
		if found > 0 {
			return refuse("Customer", ruleDuplicate, "Key", "The customer %s already exists.", id)
		}
		return s.seedCustomer(ctx, q, customer)
	})
}
