package gp

import (
	"context"
	"time"
)

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
	// Delete takes the address away in an update of its customer.
	Delete bool

	// The rest is read, and never written.

	CustomerID        string
	Created, Modified Date
	LastModified      time.Time
}

// CustomerAddress reads one address of a customer, with its e-mail.
func (c *Client) CustomerAddress(ctx context.Context, customerID, id string) (CustomerAddress, error) {
	k, err := addressKey(customerID, id)
	if err != nil {
		return CustomerAddress{}, err
	}
	return recordOf(ctx, c, "GetCustomerAddressByKey", "address", customerID+" "+id, k, []string{"Id"},
		func(n *node) (CustomerAddress, error) {
			var r reading
			a := readCustomerAddress(&r, n)
			return a, r.err
		})
}

// CustomerAddresses lists a customer's addresses. A row has the postal address,
// salesperson, territory and site (GP Web Services WSDL: CustomerAddressSummary);
// e-mail, tax and times come with CustomerAddress, or Customer.
func (c *Client) CustomerAddresses(ctx context.Context, customerID string) ([]CustomerAddress, error) {
	k, err := mustKey("CUSTNMBR", customerID)
	if err != nil {
		return nil, err
	}
	criteria := object{"CustomerKeyId": Match{Equal: k["Id"].(string)}.object()}
	return list(ctx, c, "GetCustomerAddressList", criteria, readCustomerAddress)
}

// CreateCustomerAddress adds an address to a customer. One which exists is the
// failure gp.address.duplicate.
func (c *Client) CreateCustomerAddress(ctx context.Context, customerID string, a CustomerAddress) error {
	return c.writeCustomerAddress(ctx, "CreateCustomerAddress", customerID, a)
}

// UpdateCustomerAddress changes what the address has set.
func (c *Client) UpdateCustomerAddress(ctx context.Context, customerID string, a CustomerAddress) error {
	return c.writeCustomerAddress(ctx, "UpdateCustomerAddress", customerID, a)
}

func (c *Client) writeCustomerAddress(ctx context.Context, operation, customerID string, a CustomerAddress) error {
	k, err := addressKey(customerID, a.ID)
	if err != nil {
		return err
	}
	o := a.object(customerID)
	o["Key"] = k
	return c.write(ctx, operation, object{"address": o})
}

// addressKey is customerAddressKey which can't be left to GP.
func addressKey(customerID, id string) (object, error) {
	customer, err := mustKey("CUSTNMBR", customerID)
	if err != nil {
		return nil, err
	}
	k, err := mustKey("ADRSCODE", id)
	if err != nil {
		return nil, err
	}
	return object{"CustomerKey": customer, "Id": k["Id"]}, nil
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

func readCustomerAddress(r *reading, n *node) CustomerAddress {
	internet := n.child("InternetAddresses")
	a := CustomerAddress{
		ID: n.text("Key", "Id"), Address: readAddress(n),
		Email: internet.text("EmailToAddress"), EmailCC: internet.text("EmailCcAddress"), EmailBCC: internet.text("EmailBccAddress"),
		UPSZone: n.text("UPSZone"), ShippingMethodID: n.text("ShippingMethodKey", "Id"), TaxScheduleID: n.text("TaxScheduleKey", "Id"),
		SalespersonID: n.text("SalespersonKey", "Id"), TerritoryID: n.text("SalesTerritoryKey", "Id"),
		WarehouseID: n.text("WarehouseKey", "Id"), UserDefined1: n.text("UserDefined1"), UserDefined2: n.text("UserDefined2"),
		Delete: n.yes("DeleteOnUpdate"), CustomerID: n.text("Key", "CustomerKey", "Id"),
		Created: r.date(n, "CreatedDate"), Modified: r.date(n, "ModifiedDate"), LastModified: r.time(n, "LastModifiedDate"),
	}
	for i, name := range internetFields {
		a.Internet[i] = internet.text(name)
	}
	return a
}
