package magento

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// paymentTitles are the payment methods the store offers. store_account is one
// of a module: an integration does not know it until somebody says what it is.
var paymentTitles = map[string]string{
	"checkmo": "Check / Money order", "banktransfer": "Bank Transfer Payment", "cashondelivery": "Cash On Delivery",
	"purchaseorder": "Purchase Order", "braintree": "Credit Card", "payflow_link": "Credit Card",
	"store_account": "Buy on Account", "free": "No Payment Information Required",
}

// gatewayMethods are paid online; the others are paid when invoiced.
var gatewayMethods = map[string]bool{"braintree": true, "payflow_link": true}

// pay sets what a payment method makes of a new order: offline methods leave
// it new, an authorisation makes it processing, and a redirect leaves it
// pending_payment until the shopper is back.
func (s *Server) pay(o *order, ch *checkout) {
	p := &o.Payment
	p.Method, p.AmountOrdered, p.ShippingAmount = ch.payment, o.GrandTotal, o.Shipping
	if o.GrandTotal.IsZero() {
		p.Method = "free"
	}
	p.Info = []paymentInfo{{"method_title", paymentTitles[p.Method]}}
	switch p.Method {
	case "free":
		o.moveTo(stateNew)
	case "checkmo":
		p.Info = append(p.Info, paymentInfo{Key: "mailing_address"}, paymentInfo{Key: "payable_to"})
		o.moveTo(stateNew)
	case "banktransfer", "cashondelivery", "store_account":
		p.Info = append(p.Info, paymentInfo{Key: "instructions"})
		o.moveTo(stateNew)
	case "purchaseorder":
		p.PONumber = ch.po
		o.moveTo(stateNew)
	case "braintree":
		s.authorize(o)
		o.moveTo(stateProcessing)
	case "payflow_link":
		o.EmailSent = 0
		o.moveTo(statePendingPayment)
	}
}

// authorize records a card's authorisation.
func (s *Server) authorize(o *order) {
	p := &o.Payment
	p.AmountAuthorized = o.GrandTotal
	p.LastTransID = s.shopper.hex(8)
	p.CCTransID = p.LastTransID
	p.CCType, p.CCLast4, p.CCExpMonth, p.CCExpYear = "VI", "1111", "11", "2031"
	p.Info = append(p.Info, paymentInfo{"cc_number", "xxxx-1111"}, paymentInfo{"cc_type", "Visa"}, paymentInfo{"processorResponseText", "Approved"})
}

// freight is a shipping method.
type freight struct {
	title string
	cost  func(subtotal decimal.Decimal, lines []line) decimal.Decimal
}

var freights = map[string]freight{
	"flatrate_flatrate": {"Flat Rate - Fixed", func(_ decimal.Decimal, lines []line) decimal.Decimal {
		pieces := decimal.Zero
		for _, l := range lines {
			if !l.product.virtual() {
				pieces = pieces.Add(l.qty.Ceil())
			}
		}
		return pieces.Mul(decimal.New(5, 0))
	}},
	"tablerate_bestway": {"Best Way - Table Rate", func(subtotal decimal.Decimal, _ []line) decimal.Decimal {
		switch {
		case subtotal.LessThan(decimal.New(50, 0)):
			return decimal.New(1295, -2)
		case subtotal.LessThan(decimal.New(150, 0)):
			return decimal.New(895, -2)
		default:
			return decimal.New(495, -2)
		}
	}},
	"freeshipping_freeshipping": {"Free Shipping - Free", func(decimal.Decimal, []line) decimal.Decimal { return decimal.Zero }},
}

// settlePayments plays the shoppers who come back from a redirect and the cron
// job that cancels the orders of those who don't (Magento core,
// Sales/Model/CronJob/CleanExpiredOrders).
func (s *Server) settlePayments(ctx context.Context) error {
	tick := time.NewTicker(max(s.cfg.PendingPaymentAfter/4, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.settle(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.WarnContext(ctx, "pending payments not settled", "error", err)
			}
		}
	}
}

func (s *Server) settle(ctx context.Context) error {
	before := s.cfg.Now().Add(-s.cfg.PendingPaymentAfter).UTC().Format(time.DateTime)
	rows, err := s.db.reader.QueryContext(ctx, `SELECT doc FROM sales_order WHERE state = 'pending_payment' AND created_at <= ?`, before)
	if err != nil {
		return fmt.Errorf("read pending orders: %w", err)
	}
	orders, err := scanDocs[order](rows)
	if err != nil {
		return err
	}
	for _, pending := range orders {
		_, err := s.changeOrder(ctx, pending.EntityID, func(o *order) (change, error) {
			switch {
			case o.State != statePendingPayment:
				return change{}, errUnchanged
			case o.EntityID%5 < 2: // never came back
			default:
				return s.finishPayment(o)
			}
			return s.cancellation(o), nil
		})
		if err != nil && !errors.Is(err, errUnchanged) {
			return err
		}
	}
	return nil
}

// finishPayment is what a shopper does who comes back from a redirect.
func (s *Server) finishPayment(o *order) (change, error) {
	s.authorize(o)
	o.EmailSent = 1
	o.moveTo(stateProcessing)
	return change{also: transaction{orderID: o.EntityID, id: o.Payment.CCTransID, kind: txnAuthorization, at: s.timestamp()}.insert}, nil
}
