package gp

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
)

// Currency is a currency that GP knows (GP Web Services WSDL: Currency).
type Currency struct{ ISO, ID, Description string }

// Currency reads a currency by its ISO code; one that GP hasn't is ErrNotFound.
// The services don't tell which one is a company's functional currency, nor
// which ones a company has access to.
func (c *Client) Currency(ctx context.Context, iso string) (Currency, error) {
	const operation, thing = "GetCurrencyByKey", "currency"
	code, err := mustKey("CURNCYID", iso)
	if err != nil {
		return Currency{}, err
	}
	n, err := c.read(ctx, operation, object{"key": currencyKey(code["Id"].(string))})
	if errors.Is(err, ErrNotFound) || err == nil && n.text("Key", "ISOCode") == "" {
		return Currency{}, notFound(thing, iso)
	}
	if err != nil {
		return Currency{}, err
	}
	return Currency{ISO: n.text("Key", "ISOCode"), ID: n.text("Id"), Description: n.text("Description")}, nil
}

// DocumentTypes tells of which types (Order, Invoice...) the sales documents
// are that have a document id, such as STDORD, and were changed since a time.
// No operation lists document ids themselves (GP Web Services WSDL), so that an
// id with no document yet can't be told from one that isn't there. Lists have
// no pages: ask for a short time first.
func (c *Client) DocumentTypes(ctx context.Context, documentID string, since time.Time) ([]string, error) {
	k, err := mustKey("DOCID", documentID)
	if err != nil {
		return nil, err
	}
	id := k["Id"].(string)
	result, err := c.read(ctx, "GetSalesDocumentList", object{"criteria": object{
		"DocumentTypeId":   object{"EqualValue": id},
		"LastModifiedDate": object{"From": since.UTC().Format("2006-01-02T15:04:05")},
	}})
	if err != nil {
		return nil, err
	}
	var types []string
	for _, n := range result.all() {
		if !strings.EqualFold(n.text("DocumentTypeKey", "Id"), id) { // whatever GP made of the criteria
			continue
		}
		kind := n.text("Type")
		if kind == "" {
			kind = n.text("DocumentTypeKey", "Type")
		}
		if !slices.Contains(types, kind) {
			types = append(types, kind)
		}
	}
	slices.Sort(types)
	return types, nil
}

// Warehouse is a site (GP Web Services WSDL: Warehouse).
type Warehouse struct{ ID, Description string }

// Warehouse reads a site.
func (c *Client) Warehouse(ctx context.Context, id string) (Warehouse, error) {
	return record(ctx, c, "GetWarehouseByKey", "site", "LOCNCODE", id, func(n *node) (Warehouse, error) {
		return Warehouse{ID: n.text("Key", "Id"), Description: n.text("Description")}, nil
	})
}
