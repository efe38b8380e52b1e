package magento

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/sync/errgroup"
)

// shopper makes up what a PlaceOrder leaves out.
type shopper struct {
	mu     sync.Mutex
	rng    *rand.Rand
	guests int64
}

// weighted is a choice that happens weight times in a hundred.
type weighted struct {
	name   string
	weight int
}

var (
	paymentShares = []weighted{{"checkmo", 28}, {"braintree", 36}, {"purchaseorder", 10}, {"banktransfer", 9}, {"cashondelivery", 9}, {"payflow_link", 8}}
	freightShares = []weighted{{"flatrate_flatrate", 50}, {"tablerate_bestway", 32}, {"freeshipping_freeshipping", 18}}
)

func choice(rng *rand.Rand, from []weighted) string {
	n := rng.IntN(100)
	for _, w := range from {
		if n -= w.weight; n < 0 {
			return w.name
		}
	}
	return from[0].name
}

// complete fills the gaps of an order. What was given stays.
func (sh *shopper) complete(ctx context.Context, s *Server, p PlaceOrder) (PlaceOrder, error) {
	known, err := s.account(ctx, p.CustomerID)
	if err != nil {
		return p, err
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	rng := sh.rng

	if p.Store == "" {
		st := s.cfg.Stores[0]
		switch {
		case known != nil:
			st = s.storeByID(known.StoreID)
		case len(s.cfg.Stores) > 1 && rng.IntN(6) == 0:
			st = s.cfg.Stores[1+rng.IntN(len(s.cfg.Stores)-1)]
		}
		p.Store = st.Code
	}
	store, ok := s.storeByCode(p.Store)
	if !ok {
		return p, fmt.Errorf("%w: no store view has the code %q", ErrInvalidOrder, p.Store)
	}
	if known == nil && !p.Guest && p.Email == "" && p.Billing == nil && rng.IntN(100) < 60 {
		known = s.accounts.some(rng, store.WebsiteID)
	}
	if known != nil {
		p.CustomerID = known.ID
		if p.Billing == nil {
			p.Billing = known.billing()
		}
		if p.Shipping == nil && len(known.Addresses) > 0 {
			p.Shipping = &known.Addresses[len(known.Addresses)-1].Address
		}
	}
	if p.Billing == nil { // nobody, or an account without addresses
		a := randomAddress(rng, store)
		if known != nil {
			a.Firstname, a.Lastname = known.Firstname, known.Lastname
		}
		p.Billing = &a
	}
	if p.Shipping == nil {
		p.Shipping = p.Billing
	}
	if p.Email == "" {
		sh.guests++
		p.Email = "guest." + emailFor(*p.Billing, sh.guests)
	}
	if len(p.Lines) == 0 {
		if p.Kind == "" && s.cfg.Mix != MixPlain && s.shelf.special {
			p.Kind = sh.kind(s.cfg.Mix)
		}
		if p.Kind != "" {
			if err := fillKind(rng, &p); err != nil {
				return p, err
			}
		}
		if !virtualKinds[p.Kind] {
			p.Lines = append(p.Lines, sh.basket(s.shelf)...)
		}
		if p.Kind == "" && p.CouponCode == "" && rng.IntN(5) == 0 {
			p.CouponCode, p.DiscountPercent = "TRAIL10", decimal.New(10, 0)
			if rng.IntN(6) == 0 {
				p.CouponCode, p.DiscountPercent, p.DiscountShipping = "SPRING15", decimal.New(15, 0), true
			}
		}
	}
	p.Lines = slices.Clone(p.Lines)
	for i := range p.Lines {
		if p.Lines[i].Qty.IsZero() {
			p.Lines[i].Qty = one
		}
	}
	if p.CouponCode != "" && p.DiscountPercent.IsZero() && p.DiscountAmount.IsZero() {
		p.DiscountPercent = decimal.New(10, 0)
	}
	if p.PaymentMethod == "" {
		p.PaymentMethod = choice(rng, paymentShares)
	}
	if p.PaymentMethod == "purchaseorder" && p.PONumber == "" {
		p.PONumber = fmt.Sprintf("PO-%05d", rng.IntN(100000))
	}
	if p.ShippingMethod == "" {
		p.ShippingMethod = choice(rng, freightShares)
	}
	if p.Comment == "" && rng.IntN(25) == 0 {
		p.Comment = "Please leave it at the side door."
	}
	return p, nil
}

// virtualKinds are bought alone, so that nothing of the order is shipped.
var virtualKinds = map[string]bool{"virtual": true, "downloadable": true, "gift-card": true}

// kind draws what sort of order a shopper places.
func (sh *shopper) kind(mix string) string {
	if mix == MixAll {
		return pick(sh.rng, kinds).name
	}
	return usualKind(sh.rng)
}

// basket takes one to five different things.
func (sh *shopper) basket(shelf *shelf) []PlaceLine {
	var lines []PlaceLine
	seen := map[string]bool{}
	for range 1 + min(sh.rng.IntN(5), sh.rng.IntN(5)) {
		p := shelf.some(sh.rng)
		if p == nil || seen[p.SKU] {
			continue
		}
		seen[p.SKU] = true
		lines = append(lines, PlaceLine{SKU: p.SKU, Qty: decimal.New(int64(1+min(sh.rng.IntN(4), sh.rng.IntN(4))), 0)})
	}
	return lines
}

func (sh *shopper) hex(n int) string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	b := make([]byte, n)
	for i := range b {
		b[i] = hexDigits[sh.rng.IntN(16)]
	}
	return string(b)
}

func (sh *shopper) ip() string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return fmt.Sprintf("203.0.113.%d", 1+sh.rng.IntN(254))
}

// Shop places random orders at a steady rate until ctx ends, and then returns
// nil. placed, when not nil, is told each increment id, one call at a time.
func (s *Server) Shop(ctx context.Context, perSecond float64, placed func(incrementID string)) error {
	if perSecond <= 0 {
		return fmt.Errorf("magento: %v orders per second", perSecond)
	}
	interval := time.Duration(float64(time.Second) / perSecond)
	var group errgroup.Group
	group.SetLimit(32) // shoppers at the till; more wait in line
	var telling sync.Mutex
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; {
		select {
		case <-ctx.Done():
			return group.Wait()
		case <-timer.C:
		}
		group.Go(func() error {
			row, err := s.Place(ctx, PlaceOrder{})
			for try := 0; try < 3 && errors.Is(err, ErrNotSalable); try++ { // looks for something else
				row, err = s.Place(ctx, PlaceOrder{})
			}
			if err != nil {
				if ctx.Err() == nil {
					s.cfg.Logger.WarnContext(ctx, "order not placed", "error", err)
				}
				return nil
			}
			if placed != nil {
				telling.Lock()
				defer telling.Unlock()
				placed(row.IncrementID)
			}
			return nil
		})
		next = next.Add(interval)
		timer.Reset(time.Until(next))
	}
}
