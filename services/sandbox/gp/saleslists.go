package gp

import "context"

// getSales answers with a document from work or history.
func getSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		number := c.args.str("key.Id")
		o, err := c.loadDocument(ctx, k, number)
		if err != nil {
			return nil, err
		}
		if o == nil {
			return nil, c.notFound(k.object, number)
		}
		return o, nil
	}
}

func listSales(k *documentKind) operate {
	return func(ctx context.Context, c *call) (any, error) {
		return c.documentSummaries(ctx, k.object+"Summary", k)
	}
}

// listSalesDocuments lists documents of every kind that the sandbox keeps.
func listSalesDocuments(ctx context.Context, c *call) (any, error) {
	return c.documentSummaries(ctx, "SalesDocumentSummary", documentKinds...)
}

// documentSummaries are rows of work, then of history: LastModifiedDate is the
// stamp of the header's row, which a change of a line or of what was fulfilled
// doesn't touch.
func (c *call) documentSummaries(ctx context.Context, typ string, kinds ...*documentKind) (any, error) {
	list := []any{}
	for i := range orders.places() {
		for _, k := range kinds {
			p := k.places()[i]
			var where condition
			where.add("SOPTYPE = ?", k.code)
			where.restrictAll(c.args.object("criteria"), map[string]string{
				"TransactionState": "'" + p.state + "'", "Type": "'" + k.name + "'",
				"DocumentId": "SOPNUMBE", "Date": "DOCDATE", "CustomerId": "CUSTNMBR", "CustomerName": "CUSTNAME",
				"CustomerPONumber": "CSTPONBR", "BatchId": "BACHNUMB", "DocumentTypeId": "DOCID", "SalespersonId": "SLPRSNID",
				"MasterNumber": "MSTRNUMB", "ModifiedDate": "MODIFDT", "LastModifiedDate": stampColumn, "CreatedDate": "CREATDDT",
			})
			rows, err := p.header.query(ctx, c.q, c.cfg.units(), where.String()+" ORDER BY SOPNUMBE", where.args...)
			if err != nil {
				return nil, err
			}
			for _, r := range rows {
				list = append(list, documentSummary(typ, p.state, k, r.object))
			}
		}
	}
	return list, nil
}

func documentSummary(typ, state string, k *documentKind, o *object) *object {
	s := newObject(typ)
	for _, f := range s.typ.all {
		if v := o.values[f.name]; v != nil && f.name != "Type" {
			s.set(f.name, v)
		}
	}
	if s.has("Type") {
		s.set("Type", k.name)
	}
	s.set("DocumentTypeKey.Type", k.name).set("TransactionState", state)
	return s.set("TradeDiscountAmount", o.object("TradeDiscount.Amount"))
}
