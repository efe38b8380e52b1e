package magento

import (
	"context"
	"time"

	"github.com/graph-gophers/dataloader/v7"
)

// Together is a Client whose single reads of orders are put together: those
// that are asked for within a while are one search. A store answers a search
// for fifty orders about as fast as one for a single order, so where many are
// read in a row this spares it most of the calls.
type Together struct {
	*Client
	orders *dataloader.Loader[string, Order]
}

// searchTogether is how many orders one search asks for.
const searchTogether = 50

// NewTogether reads by a client. A read waits for others for so long at most;
// nothing is remembered, so each read is newer than the call that asked for it.
func NewTogether(c *Client, wait time.Duration) *Together {
	search := func(ctx context.Context, ids []string) []*dataloader.Result[Order] {
		// The context is the first caller's, and the others don't end with it; the
		// client's time-out bounds the search.
		found, err := c.OrdersByIncrementID(context.WithoutCancel(ctx), ids)
		results := make([]*dataloader.Result[Order], len(ids))
		for i, id := range ids {
			r := &dataloader.Result[Order]{Error: err}
			if err == nil {
				r.Data, r.Error = found.order(id)
			}
			results[i] = r
		}
		return results
	}
	return &Together{c, dataloader.NewBatchedLoader(search,
		dataloader.WithCache(&dataloader.NoCache[string, Order]{}),
		dataloader.WithWait[string, Order](wait), dataloader.WithBatchCapacity[string, Order](searchTogether))}
}

// Order is [Client.Order], together with what others ask for.
func (t *Together) Order(ctx context.Context, incrementID string) (Order, error) {
	return t.orders.Load(ctx, incrementID)()
}
