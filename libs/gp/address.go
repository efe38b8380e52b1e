package gp

// Address is a postal address (GP Web Services WSDL: BusinessAddress).
type Address struct {
	Name, Contact          string // Name is the ship-to name
	Line1, Line2, Line3    string
	City, State, Zip       string
	Country, CountryCode   string // CountryCode is one of GP's own
	Phone1, Phone2, Phone3 Phone
	Fax                    Phone
}

// Phone is a number as GP keeps it: digits without signs between them, and an
// extension of four.
type Phone struct{ Number, CountryCode, Extension string }

func (p Phone) object() object {
	if p == (Phone{}) {
		return nil
	}
	return object{"Value": p.Number, "CountryCode": p.CountryCode, "Extension": p.Extension}
}

// object is nil for no address.
func (a Address) object() object {
	if a == (Address{}) {
		return nil
	}
	return object{
		"Line1": a.Line1, "Line2": a.Line2, "Line3": a.Line3,
		"City": a.City, "State": a.State, "PostalCode": a.Zip, "CountryRegion": a.Country,
		"Phone1": a.Phone1.object(), "Phone2": a.Phone2.object(), "Phone3": a.Phone3.object(), "Fax": a.Fax.object(),
		"CountryRegionCodeKey": key(a.CountryCode), "Name": a.Name, "ContactPerson": a.Contact,
	}
}

func readAddress(n *node) Address {
	return Address{
		Name: n.text("Name"), Contact: n.text("ContactPerson"),
		Line1: n.text("Line1"), Line2: n.text("Line2"), Line3: n.text("Line3"),
		City: n.text("City"), State: n.text("State"), Zip: n.text("PostalCode"),
		Country: n.text("CountryRegion"), CountryCode: n.text("CountryRegionCodeKey", "Id"),
		Phone1: readPhone(n, "Phone1"), Phone2: readPhone(n, "Phone2"), Phone3: readPhone(n, "Phone3"),
		Fax: readPhone(n, "Fax"),
	}
}

func readPhone(n *node, name string) Phone {
	n = n.child(name)
	return Phone{n.text("Value"), n.text("CountryCode"), n.text("Extension")}
}

// customerAddressKey names an address by its customer and its own id.
func customerAddressKey(customer, id string) object {
	if id == "" {
		return nil
	}
	return object{"CustomerKey": key(customer), "Id": id}
}
