package magentowriter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// covers is what one document of GP says was shipped, or invoiced.
type covers struct {
	number string
	source string // of shipments
	lines  []events.FulfilledLine
}

// kind is what there is to say about shipments, or invoices.
type kind struct {
	noun, done string // shipment, shipped
	mark       string // what their comments begin with; the document's number follows
}

var (
	shipping  = kind{"shipment", "shipped", "Shipped in Dynamics GP: "}
	invoicing = kind{"invoice", "invoiced", "Invoiced in Dynamics GP: "}
)

func (k kind) code(what string) string { return "magento." + k.noun + "." + what }

// plan is what an order's documents lack, by part.
type plan struct {
	own     [][]magento.Document // the store's, that are ours
	tracked []string             // numbers of parcels that the store has
	missing [][]magento.QtyOf
	closing []map[string]decimal.Decimal // the missing, in GP's items
	covered []bool                       // some of it was done by somebody else
	waiting []string                     // bundles of which a part is missing
	done    decimal.Decimal              // of all rows, by whomever, before
	ordered decimal.Decimal
}

func (p *plan) complete() bool {
	return !slices.ContainsFunc(p.missing, func(m []magento.QtyOf) bool { return len(m) > 0 })
}

// reckon compares all that GP says was done for an order with what the store has.
// Quantities are compared in all, by SKU: what somebody shipped by hand counts,
// as does what was shipped for a document that GP has turned into another one.
// Errors are for people, and come before anything is written.
func reckon(k kind, b *basket, parts []covers, documents []magento.Document) (*plan, error) {
	p := &plan{
		own: make([][]magento.Document, len(parts)), missing: make([][]magento.QtyOf, len(parts)),
		closing: make([]map[string]decimal.Decimal, len(parts)), covered: make([]bool, len(parts)),
	}
	wanted, items, err := wants(k, b, parts)
	if err != nil {
		return nil, err
	}
	have := p.find(k, b, parts, documents)
	for _, k := range b.kits {
		for _, part := range k.parts {
			if part.got.GreaterThan(k.whole.Mul(part.per)) {
				p.waiting = append(p.waiting, part.good.SKU)
			}
		}
	}
	for _, g := range b.groups {
		if err := p.lacks(k, g, parts, wanted[g], have[g], items[g]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// tally is quantities of one group, by part.
type tally struct {
	by    []decimal.Decimal
	other decimal.Decimal // ours, of a document that GP has no more
}

func (t *tally) add(part, parts int, q decimal.Decimal) {
	if t.by == nil {
		t.by = make([]decimal.Decimal, parts)
	}
	t.by[part] = t.by[part].Add(q)
}

func (t *tally) of(part int) decimal.Decimal {
	if t.by == nil {
		return decimal.Zero
	}
	return t.by[part]
}

func (t *tally) sum() (sum decimal.Decimal) {
	for _, q := range t.by {
		sum = sum.Add(q)
	}
	return sum
}

// places is the scale of quantities (Magento core, Sales/etc/db_schema.xml).
const places = 4

// wants gives what the parts are in rows of the store, and how much of which
// item of GP one of a group is.
func wants(k kind, b *basket, parts []covers) (map[*group]*tally, map[*group]map[string]decimal.Decimal, error) {
	wanted, items := map[*group]*tally{}, map[*group]map[string]decimal.Decimal{}
	for _, g := range b.groups {
		wanted[g], items[g] = &tally{}, map[string]decimal.Decimal{}
	}
	for i, part := range parts {
		for _, line := range part.lines {
			found := b.named(line.SKUs)
			if len(found) == 0 {
				return nil, nil, failure.Rejected(k.code("item_unknown"), "lines",
					fmt.Sprintf("%s has item %s, and the order in the store has no product %s", part.number, line.Item, strings.Join(line.SKUs, " or ")),
					fmt.Sprintf("add a row to the table items (the product's SKU: %s), or, where people added the item in GP, to the table extras; then replay anew", line.Item))
			}
			for n, g := range found {
				q := decimal.Min(line.Quantity, decimal.Max(g.left, decimal.Zero))
				if n == len(found)-1 { // too much is too much of this one
					q = line.Quantity
				}
				g.left, line.Quantity = g.left.Sub(q), line.Quantity.Sub(q)
				for _, s := range g.shares {
					wanted[s.group].add(i, len(parts), q.Mul(s.per).Round(places))
					items[s.group][line.Item] = decimal.NewFromInt(1).Div(s.per)
				}
				if g.kit != nil {
					g.kit.take(g, q)
					items[g.kit.group][line.Item] = g.kit.per(g)
				}
			}
		}
		for _, kit := range b.kits {
			wanted[kit.group].add(i, len(parts), kit.completed())
		}
	}
	return wanted, items, nil
}

func (k *kit) take(g *good, q decimal.Decimal) {
	for _, p := range k.parts {
		if p.good == g {
			p.got = p.got.Add(q)
		}
	}
}

func (k *kit) per(g *good) decimal.Decimal {
	for _, p := range k.parts {
		if p.good == g {
			return p.per
		}
	}
	return decimal.Zero
}

// completed gives how many kits have become whole since it was asked last.
func (k *kit) completed() decimal.Decimal {
	whole := k.parts[0].got.Div(k.parts[0].per)
	for _, p := range k.parts[1:] {
		whole = decimal.Min(whole, p.got.Div(p.per))
	}
	news := whole.Round(places).Floor().Sub(k.whole)
	k.whole = k.whole.Add(news)
	return news
}

// find tells the store's documents that are ours, by the number in their
// comments, and counts what they hold.
func (p *plan) find(k kind, b *basket, parts []covers, documents []magento.Document) map[*group]*tally {
	have, held := map[*group]*tally{}, map[int64]decimal.Decimal{}
	for _, g := range b.groups {
		have[g] = &tally{}
	}
	for _, d := range documents {
		at := slices.IndexFunc(parts, func(c covers) bool { return c.isIn(d) })
		if at >= 0 {
			p.own[at] = append(p.own[at], d)
		}
		for _, t := range d.Tracks {
			p.tracked = append(p.tracked, t.Number)
		}
		formerly := at < 0 && slices.ContainsFunc(d.Comments, func(c magento.Comment) bool { return strings.HasPrefix(c.Comment, k.mark) })
		for _, i := range d.Items {
			g := b.byRow[i.OrderItemID]
			if g == nil {
				continue // the store lists rows that only follow others
			}
			held[i.OrderItemID] = held[i.OrderItemID].Add(i.Qty)
			switch {
			case at >= 0:
				have[g].add(at, len(parts), i.Qty)
			case formerly:
				have[g].other = have[g].other.Add(i.Qty)
			}
		}
	}
	for _, g := range b.groups {
		for _, r := range g.rows { // the order may have been read before the documents
			if late := held[r.ID].Sub(r.done); late.IsPositive() {
				r.done, r.open = held[r.ID], decimal.Max(r.open.Sub(late), decimal.Zero)
			}
		}
	}
	return have
}

func (c covers) isIn(d magento.Document) bool {
	if c.source != "" && d.SourceCode != "" && !strings.EqualFold(c.source, d.SourceCode) {
		return false
	}
	return slices.ContainsFunc(d.Comments, func(comment magento.Comment) bool { return mentions(comment.Comment, c.number) })
}

// lacks plans what is missing of one group.
func (p *plan) lacks(k kind, g *group, parts []covers, wanted, have *tally, items map[string]decimal.Decimal) error {
	done, open, ordered := decimal.Zero, decimal.Zero, decimal.Zero
	for _, r := range g.rows {
		done, open, ordered = done.Add(r.done), open.Add(r.open), ordered.Add(r.QtyOrdered)
	}
	p.done, p.ordered = p.done.Add(done), p.ordered.Add(ordered)
	if ours := have.sum().Add(have.other); ours.GreaterThan(wanted.sum()) {
		return failure.Conflict(k.code("excess"), "lines",
			fmt.Sprintf("the store has %s %s of %s for this order as Magpie's, and GP tells of %s (%s): a %s of the store can't be taken back",
				ours, k.done, g.sku, wanted.sum(), list(parts, wanted), k.noun),
			"see which of both is right; where goods came back, refund them in Magento and discard this letter")
	}
	spare := done
	for i := range parts {
		spare = spare.Sub(decimal.Min(have.of(i), wanted.of(i)))
	}
	missing := decimal.Zero
	for i := range parts {
		need := decimal.Max(wanted.of(i).Sub(have.of(i)), decimal.Zero)
		covered := decimal.Min(need, decimal.Max(spare, decimal.Zero))
		spare, need = spare.Sub(covered), need.Sub(covered)
		p.covered[i] = p.covered[i] || covered.IsPositive()
		missing = missing.Add(need)
		p.take(i, g, need, items)
	}
	if missing.GreaterThan(open) {
		return failure.Conflict(k.code("too_much"), "lines",
			fmt.Sprintf("GP has %s %s of %s (%s); the order in the store has %s, of which %s are %s and %s may still be",
				wanted.sum(), k.done, g.sku, list(parts, wanted), ordered, done, k.done, open),
			"see the order in Magento (what is canceled or refunded can't be "+k.done+"); correct the document in GP, or discard this letter")
	}
	return nil
}

// take spreads a quantity over the rows of a group, in their order.
func (p *plan) take(part int, g *group, need decimal.Decimal, items map[string]decimal.Decimal) {
	if !need.IsPositive() {
		return
	}
	if p.closing[part] == nil {
		p.closing[part] = map[string]decimal.Decimal{}
	}
	for item, per := range items {
		p.closing[part][item] = p.closing[part][item].Add(need.Mul(per))
	}
	for _, r := range g.rows {
		if q := decimal.Min(need, r.open); q.IsPositive() {
			p.missing[part] = append(p.missing[part], magento.QtyOf{OrderItemID: r.ID, Qty: q})
			r.open, need = r.open.Sub(q), need.Sub(q)
		}
	}
}

// list says what each part has: INV1 2, INV2 1.
func list(parts []covers, t *tally) string {
	var said []string
	for i, part := range parts {
		if t.of(i).IsPositive() {
			said = append(said, part.number+" "+t.of(i).String())
		}
	}
	if said == nil {
		return "none"
	}
	return strings.Join(said, ", ")
}
