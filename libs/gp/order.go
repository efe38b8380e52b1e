package gp

import (
	"context"
	"strings"
)

// SalesOrder reads an order, in work or in history.
func (c *Client) SalesOrder(ctx context.Context, number string) (SalesOrder, error) {
	return record(ctx, c, "GetSalesOrderByKey", "sales", "SOPNUMBE", number, readSalesOrder)
}

// SalesOrders lists orders, in work and in history.
func (c *Client) SalesOrders(ctx context.Context, criteria SalesCriteria) ([]SalesSummary, error) {
	return list(ctx, c, "GetSalesOrderList", criteria.object(), readSummary)
}

// SalesOrdersByPO lists the orders with a customer's purchase order number, in
// work and in history. It is how an order is found whose number GP took itself.
func (c *Client) SalesOrdersByPO(ctx context.Context, po string) ([]SalesOrderSummary, error) {
	k, err := mustKey("CSTPONBR", po)
	if err != nil {
		return nil, err
	}
	po = k["Id"].(string)
	listed, err := c.SalesOrders(ctx, SalesCriteria{CustomerPO: Match{Equal: po}})
	if err != nil {
		return nil, err
	}
	var orders []SalesOrderSummary
	for _, o := range listed {
		// Another's order must not be taken for this one, whatever GP made of the criteria.
		if strings.EqualFold(o.CustomerPO, po) {
			orders = append(orders, o)
		}
	}
	return orders, nil
}

// CreateSalesOrder creates an order. One which exists is the failure
// gp.sales.duplicate, whether it is in work or in history.
func (c *Client) CreateSalesOrder(ctx context.Context, order SalesOrder) error {
	return c.write(ctx, "CreateSalesOrder", object{"salesOrder": order.object()})
}

// UpdateSalesOrder changes what the order has set. Lines that it doesn't list
// stay as they are.
func (c *Client) UpdateSalesOrder(ctx context.Context, order SalesOrder) error {
	if _, err := mustKey("SOPNUMBE", order.Number); err != nil {
		return err
	}
	return c.write(ctx, "UpdateSalesOrder", object{"salesOrder": order.object()})
}

// VoidSalesOrder voids an order; its number stays taken.
func (c *Client) VoidSalesOrder(ctx context.Context, number string) error {
	return c.writeKey(ctx, "VoidSalesOrder", "SOPNUMBE", number)
}

// DeleteSalesOrder deletes an order in work; its number can be used again. GP
// refuses one that has posted deposits, or is in history: void it instead.
func (c *Client) DeleteSalesOrder(ctx context.Context, number string) error {
	return c.writeKey(ctx, "DeleteSalesOrder", "SOPNUMBE", number)
}
