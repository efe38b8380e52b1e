package magento

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/shopspring/decimal"
)

// shelf is the catalogue in memory, for shoppers who are in a hurry. Generated
// products are too many for it and are read when somebody asks for one. A
// product on it is never changed: a save puts another one in its place.
type shelf struct {
	now  func() string
	read func(ctx context.Context, sku string) (*Product, error)

	mu       sync.RWMutex
	bySKU    map[string]*Product // upper-case SKU
	children map[string][]*Product
	ordinary []string // SKUs of what every shopper puts into a basket
	special  bool     // has the products of specials
}

func newShelf(products []Product, now func() string, read func(ctx context.Context, sku string) (*Product, error)) *shelf {
	sh := &shelf{now: now, read: read, bySKU: map[string]*Product{}, children: map[string][]*Product{}, special: true}
	for i := range products {
		sh.put(&products[i])
	}
	extra := map[string]bool{}
	for _, p := range specials() {
		extra[p.SKU] = true
		sh.special = sh.special && sh.bySKU[p.SKU] != nil
	}
	for _, p := range lateSKUs {
		extra[p.sku] = true
	}
	for i := range products {
		p := &products[i]
		if p.Type == TypeSimple && p.ParentSKU == "" && !extra[p.SKU] || len(sh.children[p.SKU]) > 0 {
			sh.ordinary = append(sh.ordinary, p.SKU)
		}
	}
	return sh
}

func (sh *shelf) put(p *Product) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.bySKU[strings.ToUpper(p.SKU)] = p
	if p.ParentSKU == "" {
		return
	}
	siblings := slices.Clone(sh.children[p.ParentSKU])
	if i := slices.IndexFunc(siblings, func(c *Product) bool { return c.ID == p.ID }); i >= 0 {
		siblings[i] = p
	} else {
		siblings = append(siblings, p)
	}
	sh.children[p.ParentSKU] = siblings
}

func (sh *shelf) remove(p *Product) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.bySKU, strings.ToUpper(p.SKU))
	sh.children[p.ParentSKU] = slices.DeleteFunc(slices.Clone(sh.children[p.ParentSKU]), func(c *Product) bool { return c.ID == p.ID })
}

// childrenOf are the products that a configurable is sold as.
func (sh *shelf) childrenOf(sku string) []*Product {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.children[sku]
}

func (sh *shelf) get(sku string) *Product {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return sh.bySKU[strings.ToUpper(strings.TrimRight(sku, " "))]
}

// some picks an ordinary thing, or nil when what was picked is not sold now.
func (sh *shelf) some(rng *rand.Rand) *Product {
	p := sh.get(pick(rng, sh.ordinary))
	if p == nil {
		return nil
	}
	if children := sh.childrenOf(p.SKU); len(children) > 0 {
		p = pick(rng, children)
	}
	if p.Type == TypeConfigurable || p.status() != 1 {
		return nil
	}
	return p
}

// find returns a product that can be bought, at today's price, and the
// configurable it is sold through.
func (sh *shelf) find(sku string) (p, parent *Product, ok bool) {
	if p = sh.get(sku); p == nil {
		var err error
		if p, err = sh.read(context.Background(), sku); err != nil { // a shopper has no context to pass on
			return nil, nil, false
		}
	}
	if p.Type == TypeConfigurable || p.status() != 1 {
		return nil, nil, false
	}
	if p.ParentSKU != "" {
		parent = sh.get(p.ParentSKU)
	}
	if now := sh.now(); p.SpecialFrom > now || p.SpecialTo != "" && p.SpecialTo < now {
		full := *p
		full.Special = decimal.Zero
		p = &full
	}
	return p, parent, true
}
