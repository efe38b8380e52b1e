package magento

import (
	"testing"
	"time"
)

func TestAnOrderTellsWhatItWasMadeFrom(t *testing.T) {
	rows, err := Orders.parse([]byte(`{"items":[
		{"entity_id":872,"increment_id":"000000123-1","created_at":"2026-11-25 03:30:00","relation_parent_id":"871","relation_parent_real_id":"000000123"},
		{"entity_id":871,"increment_id":"000000123","created_at":"yesterday","relation_child_id":"872","relation_child_real_id":"000000123-1",
		 "items":[{"relation_parent_real_id":"no order's"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	child, parent := rows[0].order(), rows[1].order()
	if child.ParentNumber != "000000123" || child.ParentID != 871 || child.ChildNumber != "" ||
		!child.CreatedAt.Equal(time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC)) {
		t.Errorf("the child %+v", child)
	}
	if parent.ChildNumber != "000000123-1" || parent.ParentNumber != "" || !parent.CreatedAt.IsZero() {
		t.Errorf("the parent %+v", parent)
	}
}
