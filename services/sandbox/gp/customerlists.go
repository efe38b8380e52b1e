package gp

import (
	"context"
	"fmt"
	"time"
)

// scopeAll is the scope of a list that isn't limited to what the caller's role
// was given. Nobody is given a customer or a salesperson in the sandbox, so
// the other scopes return nothing (SDK, entity id filtering).
const scopeAll = "Return All"

// scoped reports whether the list's scope leaves anything, and refuses a list
// without one in strict mode: the WSDL demands it, and XmlSerializer takes the
// first value for an absent one.
func (c *call) scoped(criteria *object) (bool, error) {
	scope := criteria.str("Scope")
	if scope == "" && c.cfg.StrictOrder {
		return false, fmt.Errorf("there is an error in the XML document: %s has no Scope", c.op.name)
	}
	return scope == "" || scope == scopeAll, nil
}

// listCustomers answers with summaries. State, phone numbers and salesperson
// are those of the default address: RM00101 has them from there.
func listCustomers(ctx context.Context, c *call) (any, error) {
	criteria := c.args.object("criteria")
	list := []any{}
	if some, err := c.scoped(criteria); err != nil || !some {
		return list, err
	}
	var where condition
	where.restrictAll(criteria, map[string]string{
		"Id": "c.CUSTNMBR", "Name": "CUSTNAME", "IsOnHold": "HOLD", "IsActive": "1 - INACTIVE", "ClassId": "CUSTCLAS",
		"CorporateAccountId": "CPRCSTNM", "CreatedDate": "c.CREATDDT", "ModifiedDate": "c.MODIFDT", "LastModifiedDate": "c." + stampColumn,
		"State": "a.STATE", "PhoneNumber": "a.PHONE1", "SalespersonId": "a.SLPRSNID",
	})
	rows, err := c.q.QueryContext(ctx, `SELECT c.CUSTNMBR, CUSTNAME, INACTIVE, HOLD, CUSTCLAS, CPRCSTNM, c.CREATDDT, c.MODIFDT, c.DEX_ROW_TS,
		coalesce(a.SLPRSNID, ''), coalesce(a.STATE, ''), coalesce(PHONE1, ''), coalesce(PHONE2, ''), coalesce(PHONE3, '')
		FROM RM00101 c LEFT JOIN RM00102 a ON a.CUSTNMBR = c.CUSTNMBR AND a.ADRSCODE = c.ADRSCODE`+where.String()+` ORDER BY c.CUSTNMBR`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var id, name, class, corporate, salesperson, state string
		var inactive, hold bool
		dates, phones := make([]string, 3), make([]string, 3)
		if err := rows.Scan(&id, &name, &inactive, &hold, &class, &corporate, &dates[0], &dates[1], &dates[2],
			&salesperson, &state, &phones[0], &phones[1], &phones[2]); err != nil {
			return nil, fmt.Errorf("read customers: %w", err)
		}
		o := newObject("CustomerSummary").set("Key.Id", id).set("Name", name).set("IsActive", !inactive).set("IsOnHold", hold).
			set("State", state).set("PhoneNumbers", phoneNumbers(phones))
		for path, key := range map[string]string{"CustomerClassKey.Id": class, "CorporateAccountKey.Id": corporate, "SalespersonKey.Id": salesperson} {
			if key != "" {
				o.set(path, key)
			}
		}
		for i, element := range []string{"CreatedDate", "ModifiedDate", "LastModifiedDate"} {
			at, err := time.Parse(datetimeLayout, dates[i])
			if err != nil {
				return nil, fmt.Errorf("read customer %s: %w", id, err)
			}
			o.set(element, at)
		}
		list = append(list, o)
	}
	return list, rows.Err()
}

// phoneNumbers are those that aren't blank, with the extension that GP keeps
// in the last four digits of the column.
func phoneNumbers(columns []string) []any {
	list := []any{}
	for _, number := range columns {
		if number != "" {
			list = append(list, newObject("PhoneNumber").set("Value", number).set("CountryCode", "").set("Extension", "0000"))
		}
	}
	return list
}

func listCustomerAddresses(ctx context.Context, c *call) (any, error) {
	criteria := c.args.object("criteria")
	list := []any{}
	if some, err := c.scoped(criteria); err != nil || !some {
		return list, err
	}
	var where condition
	where.restrictAll(criteria, map[string]string{
		"SalesPersonKeyId": "SLPRSNID", "SalesTerritoryKeyId": "SALSTERR", "CustomerAddressKeyId": "ADRSCODE", "CustomerKeyId": "CUSTNMBR",
		"PhoneNumber": "PHONE1", "Address": "ADDRESS1", "City": "CITY", "State": "STATE", "PostalCode": "ZIP",
	})
	rows, err := addresses.query(ctx, c.q, c.cfg.units(), where.String()+" ORDER BY CUSTNMBR, ADRSCODE", where.args...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		summary := newObject("CustomerAddressSummary")
		for _, f := range summary.typ.all {
			if v := r.values[f.name]; v != nil {
				summary.values[f.name] = v
			}
		}
		list = append(list, summary)
	}
	return list, nil
}

// deleteCustomer takes a customer with its addresses away; one that documents
// name stays.
func deleteCustomer(ctx context.Context, c *call) (any, error) {
	id := c.args.str("key.Id")
	o, err := c.loadCustomer(ctx, id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, c.notFound("Customer", id)
	}
	for _, t := range []table{headerWork, headerHistory, receipts} {
		n, err := count(ctx, c.q, t.name+" WHERE CUSTNMBR = ?", id)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, refuse("Customer", ruleState, "Key", "The customer %s has transactions and can not be deleted.", id)
		}
	}
	if err := c.removeAddresses(ctx, id, "1"); err != nil {
		return nil, err
	}
	if _, err := c.q.ExecContext(ctx, "DELETE FROM RM00101 WHERE CUSTNMBR = ?", id); err != nil {
		return nil, fmt.Errorf("delete customer %s: %w", id, err)
	}
	return nil, nil
}

// deleteCustomerAddress takes an address away that the customer doesn't use.
func deleteCustomerAddress(ctx context.Context, c *call) (any, error) {
	customer, id := c.args.str("key.CustomerKey.Id"), c.args.str("key.Id")
	a, _, err := c.address(ctx, customer, id)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, c.notFound("CustomerAddress", customer+" "+id)
	}
	n, err := count(ctx, c.q, "RM00101 WHERE CUSTNMBR = ? AND ? COLLATE NOCASE IN (ADRSCODE, PRSTADCD, PRBTADCD, STADDRCD)", customer, id)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, refuse("CustomerAddress", ruleState, "Key", "The address %s is an address that customer %s uses by default.", id, customer)
	}
	return nil, c.removeAddresses(ctx, customer, "ADRSCODE = ?", id)
}
