package magento

import (
	"context"
	"slices"
)

// adminStore is store 0, which every installation has and whose code is "all"
// in paths and "admin" in lists.
var adminStore = Store{ID: 0, Code: "admin", Name: "Admin", WebsiteCode: "admin", WebsiteName: "Admin"}

func (s *Server) allStores() []Store { return append([]Store{adminStore}, s.cfg.Stores...) }

func (s *Server) getWebsites(context.Context, *call) ([]byte, error) {
	w := &phpWriter{}
	w.list("", func() {
		seen := map[int64]bool{}
		for _, st := range s.allStores() {
			if seen[st.WebsiteID] {
				continue
			}
			seen[st.WebsiteID] = true
			w.object("", func() {
				w.int("id", st.WebsiteID)
				w.textAlways("code", st.WebsiteCode)
				w.textAlways("name", st.WebsiteName)
				w.int("default_group_id", st.WebsiteID)
			})
		}
	})
	return w.buf, nil
}

func (s *Server) getStoreViews(context.Context, *call) ([]byte, error) {
	w := &phpWriter{}
	w.list("", func() {
		for _, st := range s.allStores() {
			w.object("", func() {
				w.int("id", st.ID)
				w.textAlways("code", st.Code)
				w.textAlways("name", st.Name)
				w.int("website_id", st.WebsiteID)
				w.int("store_group_id", st.WebsiteID)
				w.int("is_active", 1)
			})
		}
	})
	return w.buf, nil
}

func (s *Server) getStoreConfigs(_ context.Context, c *call) ([]byte, error) {
	var only []string
	for code := range c.query.get("storeCodes", "store_codes").each {
		only = append(only, code.value)
	}
	base := "http://" + c.Host + "/"
	w := &phpWriter{}
	w.list("", func() {
		for _, st := range s.cfg.Stores {
			if len(only) > 0 && !slices.Contains(only, st.Code) {
				continue
			}
			w.object("", func() {
				w.int("id", st.ID)
				w.textAlways("code", st.Code)
				w.int("website_id", st.WebsiteID)
				w.textAlways("locale", orText(st.Locale, "en_US"))
				w.textAlways("base_currency_code", st.BaseCurrency)
				w.textAlways("default_display_currency_code", st.Currency)
				w.textAlways("timezone", orText(st.Timezone, "UTC"))
				w.textAlways("weight_unit", "lbs")
				for _, name := range []string{"base_url", "base_link_url", "secure_base_url", "secure_base_link_url"} {
					w.textAlways(name, base)
				}
				w.textAlways("base_static_url", base+"static/")
				w.textAlways("base_media_url", base+"media/")
			})
		}
	})
	return w.buf, nil
}

// getModules answers the names of the enabled modules, the usual way to tell
// what a store can do.
func (s *Server) getModules(context.Context, *call) ([]byte, error) {
	w := &phpWriter{}
	w.list("", func() {
		for _, name := range []string{
			"Magento_Store", "Magento_Directory", "Magento_Config", "Magento_Backend", "Magento_Eav", "Magento_Customer",
			"Magento_Catalog", "Magento_CatalogInventory", "Magento_ConfigurableProduct", "Magento_Quote", "Magento_Sales",
			"Magento_SalesRule", "Magento_SalesSequence", "Magento_Tax", "Magento_Shipping", "Magento_OfflinePayments",
			"Magento_OfflineShipping", "Magento_Payment", "Magento_Integration", "Magento_Webapi", "Magento_WebapiAsync", "Magento_AsynchronousOperations", "Magento_Inventory",
			"Magento_InventoryApi", "Magento_InventorySales",
		} {
			w.textAlways("", name)
		}
	})
	return w.buf, nil
}

// storeByCode returns the store of a code, "" and "all" being the default one.
func (s *Server) storeByCode(code string) (Store, bool) {
	if code == "" || code == "all" {
		return s.cfg.Stores[0], true
	}
	for _, st := range s.cfg.Stores {
		if st.Code == code {
			return st, true
		}
	}
	return Store{}, false
}

func (s *Server) storeByID(id int64) Store {
	for _, st := range s.cfg.Stores {
		if st.ID == id {
			return st
		}
	}
	return s.cfg.Stores[0]
}
