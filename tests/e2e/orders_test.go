package e2e

import "testing"

func TestAnOrderArrives(t *testing.T) {
	p := all.pairs["default"]
	o := p.place(t, `{"payment_method": "checkmo"}`)
	d := p.written(t, o.IncrementID)
	if !d.Amount.Equal(o.GrandTotal) {
		t.Errorf("got %s, want %s", d.Amount, o.GrandTotal)
	}
}
