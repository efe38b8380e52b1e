package magento

import (
	"context"
	"net/http"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Bulk is a queued write.
type Bulk struct {
	UUID string
	// Rejected are the messages of what Magento could not even read.
	Rejected []string
}

// Async queues a write: the method, route and body of a synchronous one, such as
// POST /V1/inventory/source-items with up to 5,000 rows (docs: asynchronous web
// endpoints). Accepted means queued, no more: nothing runs without the consumer
// async.operations.all, in no certain order. So ask [Client.BulkStatus] until a
// deadline, and fall back to the synchronous call then.
func (c *Client) Async(ctx context.Context, method, route string, body any) (Bulk, error) {
	if method == http.MethodGet || !strings.HasPrefix(route, "/V1/") {
		return Bulk{}, failure.Defect("magento.async", "only writes of routes from /V1/ can be queued, not "+method+" "+route, nil)
	}
	var answer struct {
		UUID  string `json:"bulk_uuid"`
		Items []struct {
			Status  string `json:"status"`
			Message string `json:"error_message"`
		} `json:"request_items"`
	}
	req := call{method: method, route: route, async: true, body: body}
	if err := c.do(ctx, req, &answer); err != nil {
		return Bulk{}, err
	}
	b := Bulk{UUID: answer.UUID}
	for _, item := range answer.Items {
		if item.Status == "rejected" {
			b.Rejected = append(b.Rejected, message{Message: item.Message}.text())
		}
	}
	return b, nil
}

// Operation states of a bulk (Magento core, AsynchronousOperations/Api/Data/OperationInterface).
const (
	OperationDone      = 1
	OperationRetriable = 2 // a lost race; Magento does not try again itself
	OperationFailed    = 3
	OperationOpen      = 4
	OperationRejected  = 5
)

// Operation is one write of a bulk.
type Operation struct {
	ID      int64
	Status  int64
	Message string
}

// BulkStatus tells where the writes of a bulk stand. It fails with [ErrNotFound]
// in the chain when Magento does not know it, or no longer. A price endpoint is
// done (1) even when it refused rows.
func (c *Client) BulkStatus(ctx context.Context, uuid string) ([]Operation, error) {
	var answer struct {
		Operations []struct {
			ID      ID     `json:"id"`
			Status  ID     `json:"status"`
			Message string `json:"result_message"`
		} `json:"operations_list"`
	}
	req := call{method: http.MethodGet, route: "/V1/bulk/" + segment(uuid) + "/status", entity: "bulk_uuid"}
	if err := c.do(ctx, req, &answer); err != nil {
		return nil, err
	}
	var all []Operation
	for _, o := range answer.Operations {
		all = append(all, Operation{int64(o.ID), int64(o.Status), message{Message: o.Message}.text()})
	}
	return all, nil
}
