package main

import (
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/config"
)

func pairWith(flows map[string]any) config.Pair {
	pair := config.Default().Pairs[0]
	pair.Flows = flows
	return pair
}

func TestAPairsOwnSettingsAndRowsReachItsFlows(t *testing.T) {
	cfg := config.Default()
	cfg.Pairs[0] = pairWith(map[string]any{
		"order":  map[string]any{"credits": "discount"},
		"tables": map[string]any{"payment": map[string]any{"klarna": map[string]any{"terms": "Net 30"}}},
	})
	pairs, err := pairFlows(cfg)
	if err != nil {
		t.Fatal(err)
	}
	main := pairs[0]
	if len(main.Flows) == 0 || main.Tables["payment"]["klarna"] == nil {
		t.Errorf("%d flows, rows %v", len(main.Flows), main.Tables)
	}
	for name, want := range map[string]any{"order.credits": "discount", "order.prefix": "WEB", "order.timezone": "America/New_York"} {
		if got := main.Settings[name]; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestFlowsAreTurnedOnAndOff(t *testing.T) {
	pair := pairWith(map[string]any{"run": map[string]any{"order-status-to-magento": false}})
	base, err := pairBase(pair)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range base.Flows {
		if f.Flow == "order-status-to-magento" || f.Optional {
			t.Errorf("%s runs", f.Flow)
		}
	}
	for _, bad := range []map[string]any{{"order": true}, {"order-to-gp": "yes"}} {
		if _, err := pairBase(pairWith(map[string]any{"run": bad})); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestFlowSettingsThatNobodyReadsAreRefused(t *testing.T) {
	for name, tc := range map[string]struct {
		flows map[string]any
		want  string
	}{
		"a typing error":                {map[string]any{"order.toleranse": 1}, "flows.order.toleranse: no flow has a setting of this name"},
		"a typing error, nested":        {map[string]any{"order": map[string]any{"toleranse": 1}}, "flows.order.toleranse"},
		"a table that no flow has":      {map[string]any{"tables": map[string]any{"paymant": map[string]any{}}}, "flows.tables.paymant: no flow has a table"},
		"what the gp section says":      {map[string]any{"order": map[string]any{"prefix": "ZZZ"}}, "is set by the pair's gp section"},
		"a row that the flow can't use": {map[string]any{"tables": map[string]any{"payment": map[string]any{"x": []any{1}}}}, "payment"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := pairBase(pairWith(tc.flows))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q in it", err, tc.want)
			}
		})
	}
}

func TestTwoStoresInOneCompanyDoNotShareCustomersByAccident(t *testing.T) {
	two := func(own map[string]any, url string) error {
		cfg := config.Default()
		second := pairWith(own)
		second.Name, second.Magento.URL = "second", url
		cfg.Pairs = append(cfg.Pairs, second)
		_, err := pairFlows(cfg)
		return err
	}
	if err := two(nil, "http://other.example"); err == nil || !strings.Contains(err.Error(), "customer.prefix") {
		t.Errorf("another store with the same prefix: %v", err)
	}
	if err := two(map[string]any{"customer.prefix": "SHP"}, "http://other.example"); err != nil {
		t.Errorf("another store with its own prefix: %v", err)
	}
	if err := two(nil, config.Default().Pairs[0].Magento.URL); err != nil {
		t.Errorf("another website of the same store shares its customers: %v", err)
	}
}
