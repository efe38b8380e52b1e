package magento

import (
	"context"
	"encoding/json"
	"net/http"
)

// numbered reads a whole list by page numbers, for lists that can't be cut by
// key and seldom change: groups, sources, source items. It stops at the total, at
// an empty page, and at a page of known items, as 2.3 repeats its last page for
// ever (magento/magento2 issues 3787, 8099). id tells an item from the others.
func numbered[T any](ctx context.Context, c *Client, req call, s search, id func(T) any) ([]T, error) {
	req.method = http.MethodGet
	var all []T
	seen := map[any]bool{}
	size := maxPageSize
	for s.page = 1; ; s.page++ {
		s.size = size
		body, used, err := c.searched(ctx, req, s)
		if err != nil {
			return nil, err
		}
		if used < size && s.page > 1 { // the store's limit shrank in between; numbers count anew
			size, s.page = used, 0
			continue
		}
		size = used
		var page struct {
			Items []T `json:"items"`
			Total int `json:"total_count"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, unreadable(req, err)
		}
		news := false
		for _, item := range page.Items {
			if key := id(item); !seen[key] {
				seen[key], news = true, true
				all = append(all, item)
			}
		}
		if !news || page.Total > 0 && s.page*size >= page.Total {
			return all, nil
		}
	}
}
