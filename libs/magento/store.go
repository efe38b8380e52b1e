package magento

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// StoreView is a store view and the website that it belongs to (Magento core,
// Store/Api/Data/StoreInterface).
type StoreView struct {
	ID        ID     `json:"id"`
	Code      string `json:"code"`
	Name      string `json:"name"`
	WebsiteID ID     `json:"website_id"`
}

// Website is a website (Magento core, Store/Api/Data/WebsiteInterface).
type Website struct {
	ID   ID     `json:"id"`
	Code string `json:"code"`
	Name string `json:"name"`
}

// StoreConfig is how a store view is set up (Magento core,
// Store/Api/Data/StoreConfigInterface).
type StoreConfig struct {
	ID                         ID     `json:"id"`
	Code                       string `json:"code"`
	WebsiteID                  ID     `json:"website_id"`
	Locale                     string `json:"locale"`
	BaseCurrencyCode           string `json:"base_currency_code"`
	DefaultDisplayCurrencyCode string `json:"default_display_currency_code"`
	Timezone                   string `json:"timezone"`
	WeightUnit                 string `json:"weight_unit"`
	BaseURL                    string `json:"base_url"`
	SecureBaseURL              string `json:"secure_base_url"`
}

// views is what is known of a store's views and of the pair's website.
type views struct {
	website Website
	known   []int64 // every store view
	own     []int64 // those of the website
	// all is set where the store shows no websites: every order is the pair's.
	all bool
	at  time.Time
}

// owns tells whether a record is the pair's.
func (v *views) owns(l List, r Record) bool {
	switch {
	case v.all, l.website == "":
		return true
	case l.website == "website_id":
		return r.WebsiteID == int64(v.website.ID)
	}
	return slices.Contains(v.own, r.StoreID)
}

// viewsLife is how long the views are believed: a store view that is opened
// later is then seen without a restart.
const viewsLife = 10 * time.Minute

// StoreConfigs gives the set-up of every store view.
func (c *Client) StoreConfigs(ctx context.Context) ([]StoreConfig, error) {
	var configs []StoreConfig
	err := c.do(ctx, call{method: http.MethodGet, route: "/V1/store/storeConfigs"}, &configs)
	return configs, err
}

// OwnWebsite gives the pair's website and its store views' ids.
func (c *Client) OwnWebsite(ctx context.Context) (Website, []int64, error) {
	v, err := c.ownViews(ctx, 0)
	if err != nil {
		return Website{}, nil, err
	}
	return v.website, slices.Clone(v.own), nil
}

// viewsFor is ownViews for a list; where all websites share the records nothing
// is asked.
func (c *Client) viewsFor(ctx context.Context, l List, met int64) (*views, error) {
	switch l.website {
	case "":
		return &views{all: true}, nil
	case "website_id":
		met = 0 // a customer's store view says nothing
	}
	return c.ownViews(ctx, met)
}

// ownViews gives the views, asking again when they are old or do not know a
// store id that was met. Two callers may ask at once; that does no harm.
func (c *Client) ownViews(ctx context.Context, met int64) (*views, error) {
	c.mu.Lock()
	v := c.views
	c.mu.Unlock()
	if v != nil && c.now().Sub(v.at) < viewsLife && (met == 0 || slices.Contains(v.known, met)) {
		return v, nil
	}
	v, err := c.askViews(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the pair's website: %w", err)
	}
	// A view that was deleted is in no answer; asking for it again tells nothing.
	v.known = append(v.known, met)
	c.mu.Lock()
	if c.views != nil {
		v.known = append(v.known, c.views.known...)
		slices.Sort(v.known)
		v.known = slices.Compact(v.known)
	}
	c.views = v
	c.mu.Unlock()
	return v, nil
}

func (c *Client) askViews(ctx context.Context) (*views, error) {
	var stores []StoreView
	err := c.do(ctx, call{method: http.MethodGet, route: "/V1/store/storeViews"}, &stores)
	if c.website == "" && (failure.Of(err) != nil && failure.Of(err).Code == codeNoRoute || err == nil && len(stores) == 0) {
		// Something before the store lets only some routes through. There is one
		// website then, as far as anybody can tell.
		slog.WarnContext(ctx, "the store shows no websites; every order is taken for this pair's", "route", "/V1/store/storeViews")
		return &views{all: true, at: c.now()}, nil
	}
	if err != nil {
		return nil, err
	}
	var sites []Website
	if err := c.do(ctx, call{method: http.MethodGet, route: "/V1/store/websites"}, &sites); err != nil {
		return nil, err
	}
	v := &views{at: c.now()}
	site := -1
	if c.website != "" {
		site = slices.IndexFunc(sites, func(w Website) bool { return w.Code == c.website })
	} else if i := slices.IndexFunc(stores, func(s StoreView) bool { return s.Code == c.store }); i >= 0 {
		site = slices.IndexFunc(sites, func(w Website) bool { return w.ID == stores[i].WebsiteID && w.ID != 0 })
	}
	if site < 0 {
		return nil, c.noWebsite(sites)
	}
	v.website = sites[site]
	for _, s := range stores {
		v.known = append(v.known, int64(s.ID))
		if s.WebsiteID == v.website.ID {
			v.own = append(v.own, int64(s.ID))
		}
	}
	if len(v.own) == 0 {
		return nil, badConfig("website", fmt.Sprintf("the website %q has no store view", v.website.Code), "choose another website")
	}
	return v, nil
}

func (c *Client) noWebsite(sites []Website) error {
	codes := make([]string, 0, len(sites))
	for _, w := range sites {
		if w.ID != 0 { // the admin's
			codes = append(codes, w.Code)
		}
	}
	reason := fmt.Sprintf("the store view %q belongs to no website", c.store)
	if c.website != "" {
		reason = fmt.Sprintf("the store has no website %q", c.website)
	}
	return badConfig("website", reason, "write one of "+strings.Join(codes, ", "))
}

// filter lets only the records of the website through.
func (v *views) filter(l List) []group {
	if v.all || l.website == "" {
		return nil
	}
	if l.website == "website_id" {
		return []group{{{l.website, "eq", strconv.FormatInt(int64(v.website.ID), 10)}}}
	}
	return []group{{{l.website, "in", strings.Join(numbers(v.own), ",")}}}
}

// ID is an internal number of Magento, sent as a number or as text.
type ID int64

// UnmarshalJSON implements [json.Unmarshaler].
func (n *ID) UnmarshalJSON(b []byte) error {
	var s json.Number
	if err := json.Unmarshal(b, &s); err != nil || s == "" {
		return err
	}
	i, err := s.Int64()
	*n = ID(i)
	return err
}
