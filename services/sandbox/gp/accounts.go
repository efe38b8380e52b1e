package gp

import (
	"context"
	"fmt"
	"strings"
)

// Checkbook is a bank account of the company (CM00100).
type Checkbook struct {
	Entry
	// Currency is the one that it takes; "" is the functional currency.
	Currency string
	Inactive bool
}

// Account is a posting account of the general ledger (GL00100), its id with
// separators as GL00105 has it.
type Account struct {
	Entry
	Inactive bool
}

func (c Config) checkbook(id string) (Checkbook, bool) {
	for _, b := range c.Checkbooks {
		if strings.EqualFold(b.ID, id) {
			if b.Currency == "" {
				b.Currency = c.Currencies[0].ISOCode
			}
			return b, true
		}
	}
	return Checkbook{}, false
}

func (c Config) checkbooks() []Entry {
	list := make([]Entry, len(c.Checkbooks))
	for i, b := range c.Checkbooks {
		list[i] = b.Entry
	}
	return list
}

func (c Config) account(id string) (Account, bool) {
	for _, a := range c.Accounts {
		if strings.EqualFold(a.ID, id) {
			return a, true
		}
	}
	return Account{}, false
}

// sampleCheckbooks has one for each currency: a checkbook takes only its own.
func sampleCheckbooks(currencies []Currency) []Checkbook {
	list := []Checkbook{{Entry: Entry{"UPTOWN TRUST", "Uptown Trust"}}}
	for _, k := range currencies[1:] {
		list = append(list, Checkbook{Entry: Entry{"UPTOWN " + k.ISOCode, "Uptown Trust, " + k.Name}, Currency: k.ISOCode})
	}
	return list
}

// sampleAccounts is the chart of accounts when the configuration brings none.
var sampleAccounts = []Account{
	{Entry: Entry{"000-1100-00", "Cash - Operating Account"}},
	{Entry: Entry{"000-1110-00", "Cash - Payment Clearing"}},
	{Entry: Entry{"000-1200-00", "Accounts Receivable"}},
	{Entry: Entry{"000-1300-01", "Inventory - Retail"}},
	{Entry: Entry{"000-2300-00", "Sales Tax Payable"}},
	{Entry: Entry{"000-4110-01", "Sales - Retail"}},
	{Entry: Entry{"000-4140-00", "Sales Discounts"}},
	{Entry: Entry{"000-4170-00", "Sales Returns"}},
	{Entry: Entry{"000-4600-00", "Freight Income"}},
	{Entry: Entry{"000-4510-01", "Cost of Goods Sold - Retail"}},
	{Entry: Entry{"000-6150-00", "Bank and Payment Charges"}},
	{Entry: Entry{"000-1190-00", "Closed Account"}, Inactive: true},
}

// seedAccounts writes the configured chart of accounts.
func (s *Server) seedAccounts(ctx context.Context, q querier) error {
	for _, a := range s.cfg.Accounts {
		if _, err := q.ExecContext(ctx, `INSERT INTO GL00100 (ACTNUMST, ACTDESCR, ACTIVE) VALUES (?, ?, ?)
			ON CONFLICT (ACTNUMST) DO UPDATE SET ACTDESCR = excluded.ACTDESCR, ACTIVE = excluded.ACTIVE`, a.ID, a.Description, !a.Inactive); err != nil {
			return fmt.Errorf("seed account %s: %w", a.ID, err)
		}
	}
	return nil
}

// listGLAccounts lists the chart of accounts. All are posting accounts.
func listGLAccounts(ctx context.Context, c *call) (any, error) {
	var where condition
	where.restrictAll(c.args.object("criteria"), map[string]string{
		"IsActive": "ACTIVE", "GLAccountId": "ACTNUMST", "Description": "ACTDESCR", "AccountType": "'Posting'",
	})
	rows, err := c.q.QueryContext(ctx, `SELECT ACTNUMST, ACTDESCR, ACTIVE FROM GL00100`+where.String()+` ORDER BY ACTNUMST`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		var id, description string
		var active bool
		if err := rows.Scan(&id, &description, &active); err != nil {
			return nil, fmt.Errorf("read accounts: %w", err)
		}
		list = append(list, newObject("GLAccountSummary").set("Key.Id", id).set("Description", description).
			set("IsActive", active).set("AccountType", "Posting"))
	}
	return list, rows.Err()
}

// checkAccount wants an account that is there and active.
func (c *call) checkAccount(f *findings, id string) {
	a, ok := c.cfg.account(id)
	switch {
	case id == "":
		f.add(ruleMissing, "Lines.GLAccountKey", "The account is required.")
	case !ok:
		f.add(ruleUnknown, "Lines.GLAccountKey", "The account %s does not exist.", id)
	case a.Inactive:
		f.add(ruleInactive, "Lines.GLAccountKey", "The account %s is inactive.", id)
	}
}
