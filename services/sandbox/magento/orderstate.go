package magento

import "slices"

// The states of an order. A status is only a label of one of them (Magento
// core, Sales/Model/Order).
const (
	stateNew            = "new"
	statePendingPayment = "pending_payment"
	stateProcessing     = "processing"
	stateComplete       = "complete"
	stateClosed         = "closed"
	stateCanceled       = "canceled"
	stateHolded         = "holded"
	statePaymentReview  = "payment_review"
)

// coreStatuses are the statuses that an installation assigns to each state,
// the default one first (Magento core,
// Sales/Setup/Patch/Data/InstallOrderStatusesAndInitialSalesConfig).
var coreStatuses = map[string][]string{
	stateNew:            {"pending"},
	statePendingPayment: {"pending_payment"},
	stateProcessing:     {"processing", "fraud"},
	stateComplete:       {"complete"},
	stateClosed:         {"closed"},
	stateCanceled:       {"canceled"},
	stateHolded:         {"holded"},
	statePaymentReview:  {"payment_review", "fraud"},
}

func defaultStatus(state string) string {
	if statuses := coreStatuses[state]; len(statuses) > 0 {
		return statuses[0]
	}
	return state
}

// statusFits reports whether a status is assigned to a state, by the core or
// by the merchant.
func (s *Server) statusFits(state, status string) bool {
	return slices.Contains(coreStatuses[state], status) || slices.Contains(s.cfg.Statuses[state], status)
}

func (o *order) moveTo(state string) { o.State, o.Status = state, defaultStatus(state) }

// checkState is what each save does to the state by itself (Magento core,
// Sales/Model/ResourceModel/Order/Handler/State). inProcess says that this
// save carries an invoice or a shipment.
func (o *order) checkState(inProcess bool) {
	if o.State == stateNew && inProcess {
		o.moveTo(stateProcessing)
	}
	if o.State == stateCanceled || o.State == stateHolded || o.canInvoice() {
		return
	}
	switch {
	case o.canShip():
	case (o.State == stateProcessing || o.State == stateComplete) && !o.canCreditmemo():
		o.moveTo(stateClosed)
	case o.State == stateProcessing:
		o.moveTo(stateComplete)
	}
}

func (o *order) canCancel() bool {
	switch o.State {
	case stateHolded, statePaymentReview, stateCanceled, stateComplete, stateClosed:
		return false
	}
	return slices.ContainsFunc(o.Items, func(it *orderItem) bool { return it.toInvoice().Sign() > 0 })
}

func (o *order) canHold() bool {
	switch o.State {
	case stateCanceled, statePaymentReview, stateComplete, stateClosed, stateHolded:
		return false
	}
	return true
}

func (o *order) canInvoice() bool {
	switch o.State {
	case stateHolded, statePaymentReview, stateCanceled, stateComplete, stateClosed:
		return false
	}
	return slices.ContainsFunc(o.Items, func(it *orderItem) bool { return o.carriesMoney(it) && it.toInvoice().Sign() > 0 })
}

func (o *order) canShip() bool {
	switch o.State {
	case stateHolded, statePaymentReview, stateCanceled:
		return false
	}
	return o.IsVirtual == 0 && slices.ContainsFunc(o.Items, func(it *orderItem) bool { return o.shipsAlone(it) && it.toShip().Sign() > 0 })
}

// canCreditmemo is false once all that was paid is refunded, and when the rest
// is the fee that the first credit memo kept (Magento core,
// Sales/Model/Order::canCreditmemo).
func (o *order) canCreditmemo() bool {
	switch o.State {
	case stateHolded, statePaymentReview, stateCanceled, stateClosed:
		return false
	}
	left := o.TotalPaid.Order.Sub(o.Refunded.Total.Order)
	if left.IsZero() {
		return o.Refunded.Memos == 0 && !o.canInvoice()
	}
	return !left.Equal(o.Refunded.AdjustmentNegative.Order)
}

// cancel takes back what is neither invoiced nor shipped yet; an order of which
// a part was invoiced goes on with that part (Magento core,
// Sales/Model/Order::registerCancellation).
func (o *order) cancel() {
	state := stateCanceled
	for _, it := range o.Items {
		if state != stateProcessing && it.toRefund().Sign() > 0 {
			state = stateComplete
			if it.toShip().GreaterThan(it.toCancel()) {
				state = stateProcessing
			}
		}
		it.QtyCanceled = it.QtyCanceled.Add(it.toCancel())
	}
	o.SubtotalCanceled = o.Subtotal.sub(o.SubtotalInvoiced)
	o.TaxCanceled = o.Tax.sub(o.TaxInvoiced)
	o.ShippingCanceled = o.Shipping.sub(o.ShippingInvoiced)
	o.DiscountCanceled = o.Discount.sub(o.DiscountInvoiced)
	o.TotalCanceled = o.GrandTotal.sub(o.TotalPaid)
	o.Payment.AmountCanceled = o.TotalCanceled
	o.moveTo(state)
}

func (o *order) hold() {
	o.HoldBeforeState, o.HoldBeforeStatus = o.State, o.Status
	o.moveTo(stateHolded)
}

func (o *order) unhold() {
	o.State, o.Status = o.HoldBeforeState, o.HoldBeforeStatus
	o.HoldBeforeState, o.HoldBeforeStatus = "", ""
}

// addHistory puts a comment on top with the order's status.
func (s *Server) addHistory(o *order, h history) {
	h.EntityID, h.ParentID, h.CreatedAt = s.ids.history.Add(1), o.EntityID, s.timestamp()
	h.EntityName = orText(h.EntityName, "order")
	o.Histories = append([]history{h}, o.Histories...)
}
