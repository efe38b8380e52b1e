package magento

// restOrder renders an order as OrderRepositoryInterface::get answers it.
func (s *Server) restOrder(o *order) []byte {
	w := s.orderWriter(o)
	w.object("", func() {
		w.orderColumns(o)
		rows := w.itemRows(o)
		w.list("items", func() {
			for _, row := range rows {
				w.raw("", row)
			}
		})
		w.address("billing_address", "billing", o, o.Billing)
		w.payment(o)
		w.list("status_histories", func() {
			for _, h := range o.Histories {
				w.history(h)
			}
		})
		w.object("extension_attributes", func() { w.orderExtension(o, rows) })
	})
	return w.buf
}

// orderWriter decides whether this order's amounts are printed with 17 digits.
func (s *Server) orderWriter(o *order) *phpWriter {
	every := int64(s.cfg.NoiseEvery)
	return &phpWriter{buf: make([]byte, 0, 16<<10), precise: every > 0 && o.EntityID%every == 0}
}

func (w *phpWriter) orderColumns(o *order) {
	for _, c := range orderInts {
		if c.name == "entity_id" && w.model {
			continue // a model's payload says it in its own way
		}
		if v := *c.of(o); v != 0 || !c.null {
			w.int(c.name, v)
		}
	}
	for _, c := range orderTexts {
		w.text(c.name, *c.of(o))
	}
	for _, c := range orderNumbers {
		w.number(c.name, *c.of(o))
	}
	for _, c := range orderMoney {
		if v := *c.of(o); !c.null || !v.Base.IsZero() || !v.Order.IsZero() {
			w.number(c.baseName(), v.Base)
			w.number(c.name, v.Order)
		}
	}
}

// itemRows renders each row once: REST repeats a parent inside its child and
// all rows inside the shipping assignment.
func (w *phpWriter) itemRows(o *order) [][]byte {
	rows := make([][]byte, len(o.Items))
	byID := make(map[int64][]byte, len(o.Items))
	for n, it := range o.Items {
		row := &phpWriter{buf: make([]byte, 0, 2<<10), precise: w.precise, model: w.model}
		row.object("", func() {
			row.itemColumns(it)
			if parent := byID[it.ParentItemID]; parent != nil {
				row.raw("parent_item", parent)
			}
		})
		rows[n], byID[it.ItemID] = row.buf, row.buf
	}
	return rows
}

func (w *phpWriter) itemColumns(it *orderItem) {
	for _, c := range itemInts {
		if v := *c.of(it); v != 0 || !c.null {
			w.int(c.name, v)
		}
	}
	for _, name := range []string{"free_shipping", "is_qty_decimal", "no_discount"} {
		w.int(name, 0)
	}
	for _, c := range itemTexts {
		w.text(c.name, *c.of(it))
	}
	for _, c := range itemNumbers {
		w.number(c.name, *c.of(it))
	}
	child := it.ParentItemID != 0
	for _, c := range itemMoney {
		v := *c.of(it)
		switch {
		case !child || c.child:
			w.number(c.baseName(), v.Base)
			w.number(c.name, v.Order)
		case c.name == "original_price": // its base is null on a child
			w.number(c.name, v.Order)
		}
	}
	if len(it.Options) > 0 {
		w.object("product_option", func() {
			w.object("extension_attributes", func() {
				w.list("configurable_item_options", func() {
					for _, opt := range it.Options {
						w.object("", func() {
							w.textAlways("option_id", opt.OptionID)
							w.int("option_value", opt.Value)
						})
					}
				})
			})
		})
	}
}

func (w *phpWriter) address(name, kind string, o *order, a orderAddress) {
	w.object(name, func() {
		w.textAlways("address_type", kind)
		w.int("entity_id", a.EntityID)
		w.int("parent_id", o.EntityID)
		w.id("customer_address_id", a.CustomerAddressID)
		w.text("email", o.CustomerEmail)
		w.text("prefix", a.Prefix)
		w.text("firstname", a.Firstname)
		w.text("middlename", a.Middlename)
		w.text("lastname", a.Lastname)
		w.text("suffix", a.Suffix)
		w.text("company", a.Company)
		w.list("street", func() {
			for _, line := range a.Street {
				w.textAlways("", line)
			}
		})
		w.text("city", a.City)
		w.text("region", a.Region)
		w.text("region_code", a.RegionCode)
		w.id("region_id", a.RegionID)
		w.text("postcode", a.Postcode)
		w.text("country_id", a.CountryID)
		w.text("telephone", a.Telephone)
		w.text("vat_id", a.VATID)
	})
}

func (w *phpWriter) payment(o *order) {
	p := o.Payment
	w.object("payment", func() {
		w.null("account_status") // required by the interface, so null and not absent
		w.list("additional_information", func() {
			for _, info := range p.Info {
				if info.Value == "" {
					w.null("")
					continue
				}
				w.textAlways("", info.Value)
			}
		})
		w.money("amount_ordered", p.AmountOrdered, false)
		w.money("amount_authorized", p.AmountAuthorized, true)
		w.money("amount_paid", p.AmountPaid, true)
		w.money("amount_canceled", p.AmountCanceled, true)
		w.money("shipping_amount", p.ShippingAmount, false)
		w.text("cc_exp_month", p.CCExpMonth)
		w.textAlways("cc_exp_year", orText(p.CCExpYear, "0"))
		if p.CCLast4 == "" {
			w.null("cc_last4")
		} else {
			w.textAlways("cc_last4", p.CCLast4)
		}
		w.textAlways("cc_ss_start_month", "0")
		w.textAlways("cc_ss_start_year", "0")
		w.text("cc_trans_id", p.CCTransID)
		w.text("cc_type", p.CCType)
		w.int("entity_id", o.EntityID)
		w.text("last_trans_id", p.LastTransID)
		w.textAlways("method", p.Method)
		w.int("parent_id", o.EntityID)
		w.text("po_number", p.PONumber)
	})
}

func (w *phpWriter) money(name string, v pair, null bool) {
	if null && v.Base.IsZero() && v.Order.IsZero() {
		return
	}
	w.number("base_"+name, v.Base)
	w.number(name, v.Order)
}

func (w *phpWriter) history(h history) {
	w.object("", func() {
		w.text("comment", h.Comment)
		w.text("created_at", h.CreatedAt)
		w.int("entity_id", h.EntityID)
		w.text("entity_name", h.EntityName)
		if h.Notified == nil {
			w.null("is_customer_notified")
		} else {
			w.int("is_customer_notified", *h.Notified)
		}
		w.int("is_visible_on_front", h.VisibleOnFE)
		w.int("parent_id", h.ParentID)
		w.text("status", h.Status)
	})
}

func (w *phpWriter) orderExtension(o *order, rows [][]byte) {
	w.list("shipping_assignments", func() {
		w.object("", func() {
			w.object("shipping", func() {
				if o.IsVirtual == 0 {
					w.address("address", "shipping", o, o.ShippingTo)
					w.text("method", o.ShippingMethod)
				}
				w.object("total", func() {
					for _, c := range orderMoney {
						switch c.name {
						case "shipping_amount", "shipping_incl_tax", "shipping_tax_amount", "shipping_discount_amount", "shipping_discount_tax_compensation_amount":
							w.number(c.baseName(), c.of(o).Base)
							w.number(c.name, c.of(o).Order)
						}
					}
				})
			})
			w.list("items", func() {
				for _, row := range rows {
					w.raw("", row)
				}
			})
		})
	})
	w.list("payment_additional_info", func() {
		for _, info := range o.Payment.Info {
			w.object("", func() {
				w.textAlways("key", info.Key)
				w.textAlways("value", orText(info.Value, "null"))
			})
		}
	})
	taxed := !o.Tax.Base.IsZero()
	w.list("applied_taxes", func() {
		if taxed {
			w.appliedTax(o, o.Tax)
		}
	})
	w.list("item_applied_taxes", func() {
		if !taxed {
			return
		}
		for _, it := range o.Items {
			if !it.Tax.Base.IsZero() {
				w.itemTax(o, "product", it.ItemID, it.Tax)
			}
		}
		if !o.ShippingTax.Base.IsZero() {
			w.itemTax(o, "shipping", 0, o.ShippingTax)
		}
	})
	if taxed {
		w.bool("converting_from_quote", true)
	}
}

func (w *phpWriter) itemTax(o *order, kind string, itemID int64, amount pair) {
	w.object("", func() {
		w.textAlways("type", kind)
		w.id("item_id", itemID)
		w.list("applied_taxes", func() { w.appliedTax(o, amount) })
	})
}

func (w *phpWriter) appliedTax(o *order, amount pair) {
	rate := func() {
		w.textAlways("code", o.TaxCode)
		w.textAlways("title", o.TaxTitle)
		w.number("percent", o.TaxPercent)
	}
	w.object("", func() {
		rate()
		w.number("amount", amount.Order)
		w.number("base_amount", amount.Base)
		w.object("extension_attributes", func() {
			w.list("rates", func() { w.object("", rate) })
		})
	})
}

func orText(v, def string) string {
	if v == "" {
		return def
	}
	return v
}
