package gpwriter_test

import (
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
	"github.com/magpie-integration/magpie/libs/gp"
)

var errLongName = failure.Rejected("gp.customer_name.too_long", "CUSTNAME", "GP takes 64 characters", "shorten it")

func TestASharedCustomerIsNeverWritten(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.customers["GUEST"] = gp.Customer{ID: "GUEST", Name: "All guests"}
	doc := mugs(elsewhere, func(d *events.SalesOrder) {
		d.Customer = events.SalesCustomer{Number: "GUEST", Name: "Ada Example", Shared: true, Address: d.Customer.Address}
	})
	w.want("result", w.do(apply(10, doc)).Result, events.Applied)
	w.want("calls", w.gp.ops(), []string{"Item", "CreateSalesOrder", "SalesOrder"})
	w.want("the shared customer", w.gp.customer("GUEST").Name, "All guests")
	o := w.gp.order(doc.Number)
	if o.ShipToAddressID != "" || o.BillToAddressID != "" || o.ShipTo.Line1 != "9 Elm Ave" || o.CustomerName != "Ada Example" {
		t.Errorf("the addresses are the order's own: %+v", o)
	}
}

func TestACustomerIsNotWrittenAgainByItsNextOrder(t *testing.T) {
	w := newWorld(t, patient)
	w.do(apply(10, mugs()))
	w.gp.forget()
	w.do(apply(11, mugs(numbered("000000124"))))
	w.want("calls", w.gp.ops(), []string{"CreateSalesOrder", "SalesOrder"})
}

func TestACustomerThatAPersonEnteredIsUpdatedNotCreated(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.customers["WEB0000312"] = gp.Customer{
		ID: "WEB0000312", Name: "A. Example", PostResultsTo: "Sales Offset Account",
		Addresses: []gp.CustomerAddress{{ID: "WAREHOUSE 2"}},
	}
	w.do(apply(10, mugs(elsewhere)))
	c := w.gp.customer("WEB0000312")
	if c.Name != "Ada Example" || c.PostResultsTo != "Sales Offset Account" || len(c.Addresses) != 3 ||
		c.ShipToAddressID != "SHIP-7" || c.BillToAddressID != "PRIMARY" || c.DefaultAddressID != "PRIMARY" {
		t.Errorf("customer %+v", c)
	}
	w.want("creates", len(w.gp.of("CreateCustomer")), 0)
}

func TestACustomerThatAppearsMeanwhileIsUpdated(t *testing.T) {
	w := newWorld(t, patient)
	w.gp.on("CreateCustomer", func(work func() error) error {
		w.gp.mu.Lock()
		w.gp.customers["WEB0000312"] = gp.Customer{ID: "WEB0000312", Name: "entered by hand"}
		w.gp.mu.Unlock()
		return work()
	})
	w.want("result", w.do(apply(10, mugs())).Result, events.Applied)
	w.want("name", w.gp.customer("WEB0000312").Name, "Ada Example")
}

func TestAnOlderOrderDoesNotTakeTheCustomerBack(t *testing.T) {
	w := newWorld(t, patient)
	older := w.deliver(apply(10, mugs()))
	w.do(apply(11, mugs(numbered("000000124"), married)))
	w.want("result", w.settle(w.replica, older).Result, events.Applied)
	w.want("name", w.gp.customer("WEB0000312").Name, "Ada Married")
}

func TestAnOlderOrderAddsItsAddressesToTheNewerCustomer(t *testing.T) {
	w := newWorld(t, patient)
	older := w.deliver(apply(10, mugs(elsewhere)))
	w.do(apply(11, mugs(numbered("000000124"), married)))
	w.want("result", w.settle(w.replica, older).Result, events.Applied)
	c := w.gp.customer("WEB0000312")
	if _, there := c.Address("SHIP-7"); !there || c.Name != "Ada Married" || c.ShipToAddressID != "PRIMARY" {
		t.Errorf("customer %+v", c)
	}
	w.gp.forget()
	w.settle(w.replica, w.deliver(apply(9, mugs(numbered("000000125"), elsewhere))))
	w.want("updates, when the address is there", len(w.gp.of("UpdateCustomer")), 0)
}

func TestAnOlderOrderWaitsForTheNewerOneThatWritesTheCustomer(t *testing.T) {
	w := newWorld(t, patient)
	older := w.deliver(apply(10, mugs()))
	w.gp.on("CreateCustomer", func(work func() error) error {
		if err := w.Handle(t.Context(), older); !waiting(err) {
			t.Errorf("got %v, want to wait", err)
		}
		return work()
	})
	w.settle(w.newReplica("second", patient), w.deliver(apply(11, mugs(numbered("000000124")))))
	w.want("result", w.settle(w.replica, older).Result, events.Applied)
	w.want("creates", len(w.gp.of("CreateCustomer")), 1)
}

// While GP is down, whatever comes first claims the customer and gives it up
// again; that must not cost the older order a person's time.
func TestAnOutageDoesNotRefuseTheOlderOfTwoOrders(t *testing.T) {
	w := newWorld(t, patient)
	older, newer := w.deliver(apply(10, mugs())), w.deliver(apply(11, mugs(numbered("000000124"), married)))
	w.gp.on("Customer", fails(errDown))
	if f := failure.Of(w.Handle(t.Context(), newer)); f.Kind != failure.KindTransient {
		t.Fatalf("got %v", f)
	}
	w.want("the older one's result", w.settle(w.replica, older).Result, events.Applied)
	w.want("the newer one's result", w.settle(w.replica, newer).Result, events.Applied)
	w.want("name", w.gp.customer("WEB0000312").Name, "Ada Married")
}

func TestACustomerThatWasRefusedForANewerOrderDoesNotKeepAnOlderOne(t *testing.T) {
	w := newWorld(t, patient)
	older := w.deliver(apply(10, mugs()))
	w.gp.on("CreateCustomer", fails(errLongName))
	w.wantCode(w.refused(apply(11, mugs(numbered("000000124"), married))), failure.KindRejected, "gp.customer_name.too_long")
	w.want("result", w.settle(w.replica, older).Result, events.Applied)
	w.want("name", w.gp.customer("WEB0000312").Name, "Ada Example")
}

func married(d *events.SalesOrder) { d.Customer.Name = "Ada Married" }
