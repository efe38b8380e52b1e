package magento

import (
	"strings"
	"testing"
)

// TestAnswersInstead are those that a client must tell from real ones.
func TestAnswersInstead(t *testing.T) {
	s := open(t)
	s.place(offline())
	tests := []struct {
		name   string
		status int
		typ    string
		body   string
	}{
		{"html", 200, "text/html", "<!DOCTYPE html>"},
		{"502", 502, "text/html", "<!DOCTYPE html>"},
		{"empty", 200, "", ""},
		{"redirect", 302, "", ""},
		{"unauthorized", 401, "application/json", `{"message":"The consumer isn't authorized to access %resources.","parameters":{"resources":"Magento_Sales::actions_view"}}`},
		{"deadlock", 400, "application/json", `{"message":"SQLSTATE[40001]: `},
		{"fatal", 500, "application/json", `{"messages":{"error":[{"code":500,`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := s.do("PUT", "/_sandbox/faults", `{"insteadRate":1,"instead":"`+tt.name+`"}`); a.status != 200 {
				t.Fatal(a.body)
			}
			a := s.do("GET", "/rest/V1/orders/1", "")
			if a.status != tt.status || !strings.HasPrefix(a.body, tt.body) || tt.body == "" && a.body != "" || !strings.HasPrefix(a.header.Get("Content-Type"), tt.typ) {
				t.Errorf("%d %s %s", a.status, a.header.Get("Content-Type"), a.body)
			}
		})
	}
	if a := s.do("PUT", "/_sandbox/faults", `{"truncateRate":1}`); a.status != 200 {
		t.Error("the truncated body of old is gone")
	}
}
