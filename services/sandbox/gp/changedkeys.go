package gp

import (
	"context"
	"fmt"
	"time"
)

// changedKeys is an operation GetChanged…KeyList: it lists the last change of
// every key, while something feeds eConnect_Out.
type changedKeys struct {
	area, object string
	docType      string
	criteria     map[string]string // column by element of the criteria
	elements     []string          // of a row, by number of the index column; "" shows none
	detail       string            // SQL of one more value: item type, document id
	setDetail    func(row *object, detail string)
	only         string // condition on the index columns
}

var changedKeyLists = []changedKeys{
	{area: areaCustomer, object: "Customer", docType: "Customer", criteria: map[string]string{"Id": "INDEX1"}, elements: []string{"Id"}},
	{
		area: areaCustomer, object: "CustomerAddress", docType: "CustomerAddress",
		criteria: map[string]string{"CustomerKeyId": "INDEX1", "AddressKeyId": "INDEX2"}, elements: []string{"CustomerKey.Id", "Id"},
	},
	{
		area: areaInventory, object: "Item", docType: "Item",
		criteria: map[string]string{"ItemKeyId": "INDEX1", "ItemType": itemTypeOfKey}, elements: []string{"Id"}, detail: itemTypeOfKey,
		setDetail: func(row *object, itemType string) {
			if itemType != "" { // a deleted item has none
				row.set("ItemType", itemType)
			}
		},
	},
	{
		area: areaInventory, object: "Pricing", docType: "Pricing",
		criteria: map[string]string{"ItemKeyId": "INDEX1", "CurrencyKeyId": "INDEX2", "PriceLevelKeyId": "INDEX3", "UofMKeyId": "INDEX4"},
		elements: []string{"ItemKey.Id", "CurrencyKey.ISOCode", "PriceLevelKey.Id", "UofM"},
	},
	changedSalesKeys("SalesOrder", "Order"),
	changedSalesKeys("SalesInvoice", "Invoice"),
}

const itemTypeOfKey = `(SELECT ITEMTYPE FROM IV00101 WHERE ITEMNMBR = INDEX1)`

// changedSalesKeys lists documents of one type; their rows say of which
// document id they are.
func changedSalesKeys(of, documentType string) changedKeys {
	return changedKeys{
		area: areaSales, object: of, docType: salesDocType, only: fmt.Sprintf("INDEX2 = '%d'", sopType(documentType)),
		criteria: map[string]string{"SalesDocumentKeyId": "INDEX1"}, elements: []string{"Id"},
		detail: `(SELECT DOCID FROM (SELECT SOPNUMBE, SOPTYPE, DOCID FROM SOP10100 UNION ALL SELECT SOPNUMBE, SOPTYPE, DOCID FROM SOP30200)
			WHERE SOPNUMBE = INDEX1 AND SOPTYPE = CAST(INDEX2 AS INTEGER))`,
		setDetail: func(row *object, id string) {
			row.set("SalesDocumentTypeKey.Type", documentType)
			if id != "" {
				row.set("SalesDocumentTypeKey.Id", id)
			}
		},
	}
}

func addChangedKeyOperations(add register) {
	for _, k := range changedKeyLists {
		add(k.area, "GetList", k.object, "GetChanged"+k.object+"KeyList",
			"criteria:"+k.object+"ChangedKeyCriteria context:Context", "[Changed"+k.object+"Key]", k.list)
	}
}

func (k changedKeys) list(ctx context.Context, c *call) (any, error) {
	var fed bool
	if err := c.q.QueryRowContext(ctx, `SELECT feed FROM clock`).Scan(&fed); err != nil {
		return nil, fmt.Errorf("read the feed of changed keys: %w", err)
	}
	if !fed {
		return []any{}, nil
	}
	var where condition
	where.add("DOCTYPE = ?", k.docType)
	if k.only != "" {
		where.add(k.only)
	}
	criteria := c.args.object("criteria")
	where.restrictAll(criteria, k.criteria)
	where.restrictAll(criteria, map[string]string{"LastModifiedDate": stampColumn, "Action": "ACTION"})
	detail := "''"
	if k.detail != "" {
		detail = "coalesce(" + k.detail + ", '')"
	}
	rows, err := c.q.QueryContext(ctx, `SELECT INDEX1, INDEX2, INDEX3, INDEX4, ACTION, DEX_ROW_TS, `+detail+` FROM eConnect_Out`+where.String()+
		` ORDER BY DEX_ROW_TS, INDEX1, INDEX2, INDEX3, INDEX4`, where.args...)
	if err != nil {
		return nil, fmt.Errorf("read changed keys: %w", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	list := []any{}
	for rows.Next() {
		index := make([]string, 4)
		var action, stamp, detail string
		if err := rows.Scan(&index[0], &index[1], &index[2], &index[3], &action, &stamp, &detail); err != nil {
			return nil, fmt.Errorf("read changed keys: %w", err)
		}
		at, err := time.Parse(datetimeLayout, stamp)
		if err != nil {
			return nil, fmt.Errorf("read changed keys: %w", err)
		}
		// LastModifiedBy is never filled (SDK).
		row := newObject("Changed"+k.object+"Key").set("LastModifiedDate", at).set("Action", action).
			set("CompanyKey", newObject("CompanyKey").set("Id", int64(c.cfg.Company)))
		for i, element := range k.elements {
			row.set(element, index[i])
		}
		if k.setDetail != nil {
			k.setDetail(row, detail)
		}
		list = append(list, row)
	}
	return list, rows.Err()
}
