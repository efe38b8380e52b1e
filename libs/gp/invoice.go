package gp

import "context"

// SalesInvoice reads an invoice, in work or in history.
func (c *Client) SalesInvoice(ctx context.Context, number string) (SalesInvoice, error) {
	return record(ctx, c, "GetSalesInvoiceByKey", "invoice", "SOPNUMBE", number, readSalesInvoice)
}

// SalesInvoices lists invoices, in work and in history.
func (c *Client) SalesInvoices(ctx context.Context, criteria SalesCriteria) ([]SalesSummary, error) {
	return list(ctx, c, "GetSalesInvoiceList", criteria.object(), readSummary)
}
