package magento

import "fmt"

// productOption says what was chosen of a product that leaves a choice.
func (w *phpWriter) productOption(it *orderItem) {
	if len(it.Options)+len(it.BundleOptions)+len(it.CustomOptions)+len(it.Links) == 0 && it.GiftCard == nil {
		return
	}
	w.object("product_option", func() {
		w.object("extension_attributes", func() {
			w.configurableOptions(it.Options)
			w.bundleOptions(it.BundleOptions)
			w.customOptions(it.CustomOptions)
			if len(it.Links) > 0 {
				w.object("downloadable_option", func() {
					w.list("downloadable_links", func() {
						for _, link := range it.Links {
							w.int("", link)
						}
					})
				})
			}
			if g := it.GiftCard; g != nil {
				w.object("giftcard_item_option", func() {
					w.textAlways("giftcard_amount", g.Amount)
					w.textAlways("giftcard_sender_name", g.SenderName)
					w.textAlways("giftcard_sender_email", g.SenderEmail)
					w.textAlways("giftcard_recipient_name", g.RecipientName)
					w.textAlways("giftcard_recipient_email", g.RecipientEmail)
				})
			}
		})
	})
}

func (w *phpWriter) configurableOptions(options []optionValue) {
	if len(options) == 0 {
		return
	}
	w.list("configurable_item_options", func() {
		for _, opt := range options {
			w.object("", func() {
				w.textAlways("option_id", opt.OptionID)
				w.int("option_value", opt.Value)
			})
		}
	})
}

func (w *phpWriter) bundleOptions(options []bundleOption) {
	if len(options) == 0 {
		return
	}
	w.list("bundle_options", func() {
		for _, opt := range options {
			w.object("", func() {
				w.int("option_id", opt.OptionID)
				w.int("option_qty", opt.Qty.IntPart())
				w.list("option_selections", func() {
					for _, id := range opt.Selections {
						w.int("", id)
					}
				})
			})
		}
	})
}

func (w *phpWriter) customOptions(options []customOption) {
	if len(options) == 0 {
		return
	}
	w.list("custom_options", func() {
		for _, opt := range options {
			w.object("", func() {
				w.textAlways("option_id", opt.OptionID)
				w.textAlways("option_value", opt.Value)
			})
		}
	})
}

// weeeApplied is the JSON text that the Weee module keeps of a fixed product tax.
func (it *orderItem) weeeApplied() string {
	return fmt.Sprintf(`[{"title":"Eco fee","base_amount":%q,"amount":%q,"row_amount":%q,"base_row_amount":%q}]`,
		it.FPT.Base.StringFixed(4), it.FPT.Order.StringFixed(4), it.FPTRow.Order.StringFixed(4), it.FPTRow.Base.StringFixed(4))
}
