package gp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Company is a company that GP has.
type Company struct {
	ID   int
	Name string
}

// Companies lists what the account may see. It is the smallest call that shows
// whether address, account and service are right; it needs no company.
func (c *Client) Companies(ctx context.Context) ([]Company, error) {
	const operation = "GetCompanyList"
	response, err := c.exchange(ctx,
		call{operation: operation, address: c.services.of(operation)},
		object{"criteria": object{}, "context": c.systemContext()})
	if err != nil {
		return nil, err
	}
	var companies []Company
	var r reading
	for _, n := range response.all(operation + "Result") {
		companies = append(companies, Company{ID: r.int(n, "Key", "Id"), Name: n.text("Name")})
	}
	if r.err != nil {
		return nil, unreadable(operation, r.err)
	}
	return companies, nil
}

// FindCompany finds a company by its number or, in any case of letters, its
// name. One that isn't there is a failure.Rejected with ErrNotFound.
func (c *Client) FindCompany(ctx context.Context, numberOrName string) (Company, error) {
	companies, err := c.Companies(ctx)
	if err != nil {
		return Company{}, err
	}
	want := strings.TrimSpace(numberOrName)
	i := slices.IndexFunc(companies, func(c Company) bool {
		return strconv.Itoa(c.ID) == want || strings.EqualFold(c.Name, want)
	})
	if i < 0 {
		e := notFound("company", want)
		e.Reason = fmt.Sprintf("the account sees no company %q among %d", want, len(companies))
		e.Fix = "correct the company, or give the account access to it"
		return Company{}, e
	}
	return companies[i], nil
}

// companyID is the number of the configured company. Several callers may ask
// for it at a time; the answers are the same.
func (c *Client) companyID(ctx context.Context) (string, error) {
	c.mu.Lock()
	company := c.company
	c.mu.Unlock()
	if company != "" {
		return company, nil
	}
	company = strings.TrimSpace(c.cfg.Company)
	if _, err := strconv.Atoi(company); err != nil {
		found, err := c.FindCompany(ctx, company)
		if err != nil {
			return "", err
		}
		company = strconv.Itoa(found.ID)
	}
	c.mu.Lock()
	c.company = company
	c.mu.Unlock()
	return company, nil
}

// ErrNotFound is underneath the failure of a read whose record isn't there.
var ErrNotFound = errors.New("not in GP")

func notFound(thing, id string) *failure.Error {
	return failure.Rejected("gp."+thing+".not_found", "",
		fmt.Sprintf("GP has no %s %q", strings.ReplaceAll(thing, "_", " "), id), "").Because(ErrNotFound)
}
