package magento

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
			if !it.Tax.Base.IsZero() && !it.Dynamic {
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
	w.prepaid(o)
	w.giftWrap(o)
	if !o.Surcharge.IsZero() && !o.SurchargeHidden {
		w.money("handling_surcharge", o.Surcharge, false)
	}
}

// prepaid are attributes of Adobe Commerce, absent where they don't apply.
func (w *phpWriter) prepaid(o *order) {
	if len(o.GiftCards) > 0 {
		w.list("gift_cards", func() {
			for _, card := range o.GiftCards {
				w.object("", func() {
					w.int("id", card.ID)
					w.textAlways("code", card.Code)
					w.number("amount", card.Amount.Order)
					w.number("base_amount", card.Amount.Base)
				})
			}
		})
		w.money("gift_cards_amount", o.GiftCardsAmount, false)
	}
	w.money("customer_balance_amount", o.CustomerBalance, true)
	if !o.Reward.IsZero() {
		w.int("reward_points_balance", o.RewardPoints)
		w.money("reward_currency_amount", o.Reward, false)
	}
}

// giftWrap are texts, as Adobe Commerce declares them.
func (w *phpWriter) giftWrap(o *order) {
	if o.GiftWrap.IsZero() {
		return
	}
	amount := func(prefix, name string, v pair) {
		w.textAlways(prefix+"base_"+name, v.Base.StringFixed(4))
		w.textAlways(prefix+name, v.Order.StringFixed(4))
	}
	if !o.GiftWrap.Price.IsZero() {
		w.textAlways("gw_id", "1")
	}
	if !o.GiftWrap.Card.IsZero() {
		w.textAlways("gw_add_card", "1")
	}
	for _, part := range []struct {
		prefix     string
		price, tax pair
	}{
		{"gw_", o.GiftWrap.Price, o.GiftWrap.PriceTax},
		{"gw_items_", o.GiftWrap.Items, o.GiftWrap.ItemsTax},
		{"gw_card_", o.GiftWrap.Card, o.GiftWrap.CardTax},
	} {
		amount(part.prefix, "price", part.price)
		amount(part.prefix, "tax_amount", part.tax)
		amount(part.prefix, "price_incl_tax", part.price.add(part.tax))
	}
}

func (w *phpWriter) itemExtension(it *orderItem) {
	if it.GiftWrap.IsZero() {
		return
	}
	w.object("extension_attributes", func() {
		w.textAlways("gw_id", "1")
		w.textAlways("gw_base_price", it.GiftWrap.Base.StringFixed(4))
		w.textAlways("gw_price", it.GiftWrap.Order.StringFixed(4))
		w.textAlways("gw_base_tax_amount", it.GiftWrapTax.Base.StringFixed(4))
		w.textAlways("gw_tax_amount", it.GiftWrapTax.Order.StringFixed(4))
	})
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
