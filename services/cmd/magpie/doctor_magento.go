package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/magpie-integration/magpie/libs/config"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/magento"
)

// codeTokenRefused is Magento's one answer for a token that is not taken, and
// for a permission that it lacks.
const codeTokenRefused = "magento.unauthorized"

// magentoPart examines a pair's store.
func magentoPart(pair config.Pair, s func() (sample, error)) part {
	address := strings.TrimSuffix(pair.Magento.URL, "/") + "/rest/" + pair.Magento.Store + "/V1/store/storeViews"
	return part{
		name: "magento of pair " + pair.Name,
		gate: check{"address", func(ctx context.Context, n *notes) {
			at, err := reach(ctx, address, pair.Magento.CA)
			answers(n, pair.Magento.URL, "magento.url", at, err)
			if err != nil {
				return
			}
			if at.date.IsZero() {
				n.skip("clock", "the store's server sends no Date header")
				return
			}
			clock(n, "the store's", at.skew(), fmt.Sprintf("a sweep ends where this machine says that it is now, so orders are found later; "+
				"from sweep.overlap (%s) on they are missed", pair.Magento.Sweep.Overlap), pair.Magento.Sweep.Overlap)
		}},
		rest: []check{
			{"permissions", func(ctx context.Context, n *notes) { checkToken(ctx, n, pair) }},
			{"website", func(ctx context.Context, n *notes) { checkWebsite(ctx, n, pair) }},
			{"payment methods", func(_ context.Context, n *notes) {
				checkTable(n, pair, s, "payment methods", "payment", func(s sample) []string { return s.payments },
					"their orders are refused (order.payment.unmapped)")
			}},
			{"shipping methods", func(_ context.Context, n *notes) {
				checkTable(n, pair, s, "shipping methods", "shipping", func(s sample) []string { return s.shippings },
					"their orders have no shipping method in GP")
			}},
		},
	}
}

// checkToken tells a token that is not taken at all from one that lacks a
// permission: Magento answers both alike, but then only to some calls.
func checkToken(ctx context.Context, n *notes, pair config.Pair) {
	store, err := newMagento(pair)
	if err != nil {
		n.err("permissions", err)
		return
	}
	defer store.Close()
	checks, err := store.Ping(ctx)
	if err != nil {
		n.err("permissions", err)
		return
	}
	refused := 0
	for _, c := range checks {
		if f := failure.Of(c.Err); f != nil && f.Code == codeTokenRefused {
			refused++
		}
	}
	if refused == len(checks) {
		n.fail("token", fmt.Sprintf("the store takes this caller for a guest at all %d endpoints: it answers 401 alike for a token that is wrong, "+
			"revoked or inactive, and for any token while Bearer tokens are off", len(checks)),
			"first switch on 'Allow OAuth Access Tokens to be used as standalone Bearer tokens' (Stores, Configuration, Services, OAuth, Consumer Settings; "+
				"`bin/magento config:set oauth/consumer/enable_integration_as_bearer 1`; off by default since 2.4.4); "+
				"if that is on, take the access token anew (System, Integrations; the integration must be active) and set magento.token")
		return
	}
	n.ok("token", "is taken")
	for _, c := range checks {
		n.permission(pair, c)
	}
}

// permission notes one endpoint.
func (n *notes) permission(pair config.Pair, c magento.Check) {
	what := "permission " + c.Resource
	f := failure.Of(c.Err)
	switch {
	case f == nil:
		n.ok(what, fmt.Sprintf("%s is allowed (%s)", c.Endpoint, c.How))
	case f.Code == codeTokenRefused && c.Resource == "Magento_Sales::create" && pair.Magento.WriteBack == "comment":
		n.skip(what, c.Endpoint+" is not allowed, and not needed while write_back is comment")
	case f.Code == codeTokenRefused:
		n.fail(what, c.Endpoint+" is not allowed to this token (401)",
			"give the integration the resource "+c.Resource+" (System, Integrations, API), save, and activate it again")
	default:
		n.err(what, c.Err)
	}
}

func checkWebsite(ctx context.Context, n *notes, pair config.Pair) {
	store, err := newMagento(pair)
	if err != nil {
		n.err("website", err)
		return
	}
	defer store.Close()
	website, views, err := store.OwnWebsite(ctx)
	switch {
	case needsToken(err):
		n.skip("website", "the token does not show it: see token and permissions")
	case err != nil:
		n.err("website", err)
	case website.Code == "":
		n.warn("website", "the store shows no websites, so that every order is taken for this pair's", "set magento.website")
	default:
		n.ok("website", fmt.Sprintf("%s, with %d store view(s)", website.Code, len(views)))
	}
}

// needsToken tells whether an error says no more than the check of permissions.
func needsToken(err error) bool { return err != nil && failure.Of(err).Code == codeTokenRefused }

// checkTable warns of what the store's newest orders use and a table of the
// flow has no row for.
func checkTable(n *notes, pair config.Pair, s func() (sample, error), what, table string, used func(sample) []string, effect string) {
	seen, err := s()
	if err != nil {
		n.skip(what, "the store's newest orders can't be read: "+reason(err))
		return
	}
	if seen.orders == 0 {
		n.skip(what, "the store has no order yet, and tells its active methods to nobody without a cart")
		return
	}
	rows, err := tableRows(pair, table, seen.published)
	if err != nil {
		n.err(what, err)
		return
	}
	var lacking []string
	for _, method := range used(seen) {
		if _, ok := rows[method]; !ok {
			lacking = append(lacking, method)
		}
	}
	if len(lacking) > 0 {
		n.warn(what, fmt.Sprintf("%s: used in the newest %d orders and without a row in the table %s; %s", strings.Join(lacking, ", "), seen.orders, table, effect),
			fmt.Sprintf("add rows: magpie table set %s <key> ..., or under flows.tables.%s of the pair", table, table))
		return
	}
	n.ok(what, fmt.Sprintf("the newest %d orders use %d, and each has a row in the table %s", seen.orders, len(used(seen)), table))
}

// reason is an error in its shortest form.
func reason(err error) string { return failure.Of(err).Reason }
