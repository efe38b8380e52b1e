package gp

import (
	"context"
	"fmt"

	"github.com/magpie-integration/magpie/libs/failure"
)

// SalesReturn reads a return, in work or in history.
func (c *Client) SalesReturn(ctx context.Context, number string) (SalesReturn, error) {
	return record(ctx, c, "GetSalesReturnByKey", "return", "SOPNUMBE", number, readSalesReturn)
}

// SalesReturns lists returns, in work and in history.
func (c *Client) SalesReturns(ctx context.Context, criteria SalesCriteria) ([]SalesSummary, error) {
	return list(ctx, c, "GetSalesReturnList", criteria.object(), readSummary)
}

// CreateSalesReturn creates a return. Its lines must say where the goods go, in
// quantities whose sum is the line's (else gp.return.quantity); one which exists
// is gp.return.duplicate.
func (c *Client) CreateSalesReturn(ctx context.Context, r SalesReturn) error {
	for i, l := range r.Lines {
		if sum := l.Return.sum(); !sum.Equal(l.Quantity) {
			e := failure.Rejected("gp.return.quantity", "ReturnQuantity",
				fmt.Sprintf("line %d returns %s, but %s go somewhere", i+1, l.Quantity, sum),
				"say in the flow where the goods of the line go: on hand, returned, in use, in service or damaged")
			return unsent(e)
		}
	}
	return c.write(ctx, "CreateSalesReturn", object{"salesReturn": r.object()})
}

// VoidSalesReturn voids a return in work; its number stays taken.
func (c *Client) VoidSalesReturn(ctx context.Context, number string) error {
	return c.writeKey(ctx, "VoidSalesReturn", "SOPNUMBE", number)
}
