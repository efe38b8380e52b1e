package chaos

import (
	"fmt"
	"strings"
	"testing"
)

// verdict is what the sandboxes' databases say, and nothing else.
type verdict struct {
	orders  int // of the pair's website
	done    int
	faults  []string // what is not as it should be yet
	doubles []string // what may never be, now or later
}

// judge compares both databases, order by order.
func (f *fleet) judge(t *testing.T) verdict {
	t.Helper()
	placed, err := f.sandbox.Magento.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	documents, err := f.sandbox.GP.Orders(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type document struct {
		number, total string
		voided        bool
	}
	byPO := map[string][]document{}
	for _, d := range documents {
		byPO[strings.TrimSpace(d.CustomerPO)] = append(byPO[strings.TrimSpace(d.CustomerPO)],
			document{strings.TrimSpace(d.Number), d.Amount.StringFixed(2), d.Voided})
	}
	var v verdict
	for _, o := range placed {
		if o.StoreID != 1 {
			continue
		}
		v.orders++
		number := "WEB" + o.IncrementID
		found := byPO[o.IncrementID]
		delete(byPO, o.IncrementID)
		comments := 0
		for _, c := range o.Comments {
			if strings.Contains(c.Text, number+" ") {
				comments++
			}
		}
		if len(found) > 1 {
			v.doubles = append(v.doubles, fmt.Sprintf("order %s is %d times in GP: %v", o.IncrementID, len(found), found))
			continue
		}
		if comments > 1 {
			v.doubles = append(v.doubles, fmt.Sprintf("order %s has %d comments that name %s", o.IncrementID, comments, number))
		}
		fault := ""
		switch {
		case o.State == "canceled":
			if len(found) == 1 && !found[0].voided {
				fault = "is cancelled, and alive in GP"
			}
		case o.State == "pending_payment":
			fault = "still waits for its payment"
		case len(found) == 0:
			fault = "is not in GP"
		case found[0].number != number:
			fault = "is in GP as " + found[0].number
		case found[0].voided:
			fault = "is voided in GP"
		case found[0].total != o.GrandTotal.StringFixed(2):
			fault = fmt.Sprintf("has the total %s in GP, and %s in the store", found[0].total, o.GrandTotal.StringFixed(2))
		case comments != 1:
			fault = "does not say where it went"
		case o.State != "processing":
			fault = "is in state " + o.State
		}
		if fault == "" {
			v.done++
		} else {
			v.faults = append(v.faults, fmt.Sprintf("order %s %s", o.IncrementID, fault))
		}
	}
	for po, found := range byPO {
		v.doubles = append(v.doubles, fmt.Sprintf("GP has %v for %q, which the store does not have", found, po))
	}
	return v
}

func (v verdict) right() bool { return len(v.faults) == 0 && len(v.doubles) == 0 }

// first gives some of a list, for a message.
func first(all []string, n int) string {
	if len(all) > n {
		return strings.Join(all[:n], "\n  ") + fmt.Sprintf("\n  … and %d more", len(all)-n)
	}
	return strings.Join(all, "\n  ")
}
