package magento

import (
	"math/rand/v2"
	"slices"
	"sync"
)

// accounts are the customers in memory, for shoppers who are in a hurry. What
// it hands out is never changed: an edit puts another copy in its place.
type accounts struct {
	mu   sync.RWMutex
	list []*customer // by id
}

func newAccounts(customers []customer) *accounts {
	a := &accounts{list: make([]*customer, len(customers))}
	for i := range customers {
		a.list[i] = &customers[i]
	}
	return a
}

func (a *accounts) search(id int64) (int, bool) {
	return slices.BinarySearchFunc(a.list, id, func(c *customer, id int64) int { return int(c.ID - id) })
}

func (a *accounts) find(id int64) *customer {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if i, ok := a.search(id); ok {
		return a.list[i]
	}
	return nil
}

func (a *accounts) put(c *customer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.search(c.ID)
	if !ok {
		a.list = slices.Insert(a.list, i, c)
		return
	}
	a.list[i] = c
}

func (a *accounts) remove(id int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if i, ok := a.search(id); ok {
		a.list = slices.Delete(a.list, i, i+1)
	}
}

// some picks an account of a website, 0 being any, or nil.
func (a *accounts) some(rng *rand.Rand, websiteID int64) *customer {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if len(a.list) == 0 {
		return nil
	}
	for range 20 {
		if c := a.list[rng.IntN(len(a.list))]; websiteID == 0 || c.WebsiteID == websiteID {
			return c
		}
	}
	return nil
}
