package magento

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/shopspring/decimal"
)

// onlyLeftBelow is the store's setting "Only X left Threshold".
var onlyLeftBelow = decimal.New(10, 0)

// graphQL answers what a shopper sees of products by their SKUs:
//
//	{products(filter:{sku:{in:["A"]}}){items{sku stock_status only_x_left_in_stock price_range{minimum_price{final_price{value currency}}}}}}
//
// It is public; the store view is in the header Store. Errors are answered with
// status 200, as the store does.
func (s *Server) graphQL(w http.ResponseWriter, r *http.Request) {
	s.calls.count(r.Method + " /graphql")
	if r.Method != http.MethodPost {
		writeGraphQL(w, nil, fmt.Errorf("the sandbox answers GraphQL to POST only"))
		return
	}
	var sent struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables"`
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(raw, &sent)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		writeGraphQL(w, nil, fmt.Errorf("unable to parse the request"))
		return
	}
	store, ok := s.storeByCode(r.Header.Get("Store"))
	if !ok {
		writeGraphQL(w, nil, fmt.Errorf("requested store is not found"))
		return
	}
	fields, err := parseGraphQL(sent.Query, sent.Variables)
	if err != nil {
		writeGraphQL(w, nil, err)
		return
	}
	data := map[string]any{}
	for _, f := range fields {
		if f.name != "products" {
			writeGraphQL(w, nil, fmt.Errorf(`cannot query field "%s" on type "Query"`, f.name))
			return
		}
		found, err := s.shownProducts(r.Context(), store, f.skus())
		if err == nil {
			data[f.alias], err = f.pick("Products", found)
		}
		if err != nil {
			writeGraphQL(w, nil, err)
			return
		}
	}
	writeGraphQL(w, data, nil)
}

func writeGraphQL(w http.ResponseWriter, data map[string]any, err error) {
	w.Header().Set("Content-Type", "application/json")
	answer := map[string]any{"data": data}
	if err != nil {
		answer = map[string]any{"errors": []any{map[string]any{
			"message": err.Error(), "extensions": map[string]any{"category": "graphql-input"},
		}}}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// skus are those of filter:{sku:{in:[…]}} or filter:{sku:{eq:"…"}}.
func (f graphField) skus() (skus []string) {
	filter, _ := f.args["filter"].(map[string]any)
	sku, _ := filter["sku"].(map[string]any)
	list, _ := sku["in"].([]any)
	for _, v := range append(list, sku["eq"]) {
		if text, ok := v.(string); ok {
			skus = append(skus, text)
		}
	}
	return skus
}

// shownProducts is the whole answer about some SKUs. An unknown one is left out.
func (s *Server) shownProducts(ctx context.Context, store Store, skus []string) (map[string]any, error) {
	items := []any{}
	for _, sku := range skus {
		p := s.shelf.get(sku)
		if p == nil {
			continue
		}
		st := s.stockOf(store.ID)
		salable, err := s.salable(ctx, st, p.SKU)
		if err != nil {
			return nil, err
		}
		item := map[string]any{
			"__typename": graphType(p), "id": p.ID, "sku": p.SKU, "name": p.Name, "type_id": p.Type, "stock_status": "OUT_OF_STOCK", "only_x_left_in_stock": nil,
			"price_range": map[string]any{"minimum_price": map[string]any{
				"regular_price": money(store, s.shelf.lowest(p, false)), "final_price": money(store, s.shelf.lowest(p, true)),
			}},
		}
		if salable {
			item["stock_status"] = "IN_STOCK"
		}
		if a, err := s.availability(ctx, st, p.SKU); err == nil && a.managed && a.salable.Sign() > 0 && a.salable.LessThanOrEqual(onlyLeftBelow) {
			item["only_x_left_in_stock"] = json.Number(a.salable.String())
		}
		items = append(items, item)
	}
	return map[string]any{"items": items, "total_count": len(items)}, nil
}

func graphType(p *Product) string {
	return strings.ToUpper(p.Type[:1]) + p.Type[1:] + "Product"
}

func money(store Store, base decimal.Decimal) map[string]any {
	return map[string]any{"value": json.Number(base.Mul(store.Rate).Round(2).String()), "currency": store.Currency}
}

// lowest is the least that a product costs: one without a price of its own costs
// what its parts do, a configurable product or a group what its cheapest does.
func (sh *shelf) lowest(p *Product, final bool) decimal.Decimal {
	own := func(p *Product) decimal.Decimal {
		if final {
			return p.price()
		}
		return p.Price
	}
	switch {
	case p.dynamicBundle():
		sum := decimal.Zero
		for _, part := range p.Parts {
			if of := sh.get(part.SKU); of != nil {
				sum = sum.Add(own(of).Mul(part.Qty))
			}
		}
		return sum
	case p.Type == TypeConfigurable, p.Type == TypeGrouped:
		members := sh.childrenOf(p.SKU)
		for _, part := range p.Parts {
			members = append(members[:len(members):len(members)], sh.get(part.SKU))
		}
		least := own(p)
		for n, m := range members {
			if m != nil && (n == 0 || own(m).LessThan(least)) {
				least = own(m)
			}
		}
		return least
	}
	return own(p)
}

// pick keeps the fields that were asked for, and refuses those that don't exist.
func (f graphField) pick(kind string, v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = f.pick(kind, v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		if len(f.fields) == 0 {
			return nil, fmt.Errorf(`field "%s" of type "%s" must have a selection of subfields`, f.name, kind)
		}
		out := map[string]any{}
		for _, child := range f.fields {
			value, ok := v[child.name]
			if !ok {
				return nil, fmt.Errorf(`cannot query field "%s" on type "%s"`, child.name, kind)
			}
			var err error
			if out[child.alias], err = child.pick(child.name, value); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
