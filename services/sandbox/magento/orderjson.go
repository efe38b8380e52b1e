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
	if damaged, err := o.Damage.apply(w.buf); err == nil {
		return damaged
	}
	return w.buf // another change took the place away
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
		row := &phpWriter{buf: make([]byte, 0, 2<<10), precise: w.precise, model: w.model, flags: w.flags}
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
	for _, name := range []string{"free_shipping", "no_discount"} {
		w.int(name, 0)
	}
	for _, c := range itemTexts {
		w.text(c.name, *c.of(it))
	}
	for _, c := range itemNumbers {
		if c.name != "tax_percent" || !it.Dynamic { // null where the parts are taxed
			w.number(c.name, *c.of(it))
		}
	}
	for _, c := range itemMoney {
		v := *c.of(it)
		switch {
		case c.null && v.IsZero(), it.Dynamic && c.name == "discount_tax_compensation_amount":
		case !it.Hollow || c.child:
			w.number(c.baseName(), v.Base)
			w.number(c.name, v.Order)
		case c.name == "original_price": // its base is null on a child
			w.number(c.name, v.Order)
		}
	}
	if !it.FPT.IsZero() {
		w.textAlways("weee_tax_applied", it.weeeApplied())
	}
	w.productOption(it)
	w.itemExtension(it)
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
		w.money("amount_refunded", p.AmountRefunded, true)
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

func orText(v, def string) string {
	if v == "" {
		return def
	}
	return v
}
