package dlq

import (
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/failure"
)

const statusBody = `{"verb":"apply","revision":{"epoch":1,"change":5},"flow":"f","flowVersion":1,"write":0,"target":"123",
	"source":{"system":"gp","entity":"order","key":"123"},
	"document":{"entityId":1,"incrementId":"123","from":"new","state":"processing","status":"processing","comment":"in GP","mark":"m"}}`

func TestAPayloadIsHeldAgainstItsSchema(t *testing.T) {
	status := events.TypeName(events.Magento, events.Order, "write")
	order := events.TypeName(events.GP, events.Order, "write")
	changed := events.TypeName(events.Magento, events.Order, "changed")
	for name, tc := range map[string]struct {
		typeName, body string
		code, field    string
		says           string
	}{
		"a good command":      {status, statusBody, "", "", ""},
		"a good change":       {changed, `{"readAt":"2026-11-25T01:02:03Z","hash":"h","record":{"whatever":[1.50]}}`, "", "", ""},
		"a record is free":    {changed, `{"readAt":"2026-11-25T01:02:03Z","hash":"h","record":{},"related":{"x":7}}`, "", "", ""},
		"not JSON":            {status, `{`, "dlq.edit.json", "payload", "JSON"},
		"no object":           {changed, `[]`, "dlq.edit.schema", "payload", "object"},
		"a record as a list":  {changed, `{"readAt":"2026-11-25T01:02:03Z","hash":"h","record":[]}`, "dlq.edit.schema", "record", "object"},
		"not a time":          {changed, `{"readAt":"yesterday","hash":"h","record":{}}`, "dlq.edit.schema", "readAt", "date-time"},
		"something missing":   {changed, `{"readAt":"2026-11-25T01:02:03Z","hash":"h"}`, "dlq.edit.schema", "payload", "'record'"},
		"a typing error":      {status, strings.Replace(statusBody, `"mark"`, `"marc":"m","mark"`, 1), "dlq.edit.schema", "document", "'marc'"},
		"another kind":        {status, strings.Replace(statusBody, `"entityId":1`, `"entityId":"1"`, 1), "dlq.edit.schema", "document.entityId", "integer"},
		"too long, in a list": {order, strings.Replace(statusBody, `{"entityId":1`, `{"lines":[{"item":"`+strings.Repeat("x", 31)+`"}],"x":1`, 1), "dlq.edit.schema", "", "document.lines[0].item: maxLength"},
		"an unknown type":     {"io.x", `{}`, "dlq.edit.type", "ce-type", "io.x"},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkPayload(tc.typeName, []byte(tc.body))
			if tc.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			f := failure.Of(err)
			if f == nil || f.Code != tc.code || tc.field != "" && f.Field != tc.field || !strings.Contains(f.Reason, tc.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnEditIsStillTheSameRecord(t *testing.T) {
	m := events.Message{
		Subject: "magpie.command.main.magento.order.123", Body: []byte(statusBody),
		Headers: map[string]string{"ce-type": events.TypeName(events.Magento, events.Order, "write")},
	}
	subject, err := events.ParseSubject(m.Subject)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ from, to, code, field string }{
		"the document":         {"in GP", "in Dynamics GP", "", ""},
		"nothing":              {"in GP", "in GP", "dlq.edit.same", "payload"},
		"the target":           {`"target":"123"`, `"target":"124"`, "dlq.edit.identity", "target"},
		"the source":           {`"system":"gp"`, `"system":"magento"`, "dlq.edit.identity", "source"},
		"the revision":         {`"change":5`, `"change":6`, "dlq.edit.identity", "revision"},
		"the flow's version":   {`"flowVersion":1`, `"flowVersion":2`, "dlq.edit.identity", "flowVersion"},
		"the document's key":   {`"incrementId":"123"`, `"incrementId":"124"`, "dlq.edit.identity", "document.incrementId"},
		"only how it is spelt": {`"change":5`, `"change" : 5`, "dlq.edit.same", "payload"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := checkEdit(subject, m, []byte(strings.Replace(statusBody, tc.from, tc.to, 1)))
			if f := failure.Of(err); (tc.code == "") != (err == nil) || err != nil && (f.Code != tc.code || f.Field != tc.field) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAValueIsSetAtItsPath(t *testing.T) {
	const payload = `{"a":{"text":"x","n":1.50,"list":[{"b":"y"},2]},"t<":"&"}`
	for name, tc := range map[string]struct{ path, value, want, code string }{
		"a text":                 {"a.text", "5", `{"a":{"list":[{"b":"y"},2],"n":1.50,"text":"5"},"t<":"&"}`, ""},
		"a number as it is":      {"a.n", "2.10", `{"a":{"list":[{"b":"y"},2],"n":2.10,"text":"x"},"t<":"&"}`, ""},
		"in a list":              {"a.list[0].b", "z", `{"a":{"list":[{"b":"z"},2],"n":1.50,"text":"x"},"t<":"&"}`, ""},
		"of a list":              {"a.list[1]", "3", `{"a":{"list":[{"b":"y"},3],"n":1.50,"text":"x"},"t<":"&"}`, ""},
		"something new":          {"a.new", `{"c":[1]}`, `{"a":{"list":[{"b":"y"},2],"n":1.50,"new":{"c":[1]},"text":"x"},"t<":"&"}`, ""},
		"a new text":             {"t", "two words", `{"a":{"list":[{"b":"y"},2],"n":1.50,"text":"x"},"t":"two words","t<":"&"}`, ""},
		"behind the list's end":  {"a.list[2]", "3", "", "dlq.edit.path"},
		"through what isn't":     {"a.no.b", "3", "", "dlq.edit.path"},
		"through a text":         {"a.text.b", "3", "", "dlq.edit.path"},
		"a list by name":         {"a.list.b", "3", "", "dlq.edit.path"},
		"a record by number":     {"a[0]", "3", "", "dlq.edit.path"},
		"no path":                {"", "3", "", "dlq.edit.path"},
		"a path that ends early": {"a.", "3", "", "dlq.edit.path"},
		"a path with a hole":     {"a..text", "3", "", "dlq.edit.path"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Set([]byte(payload), tc.path, tc.value)
			if tc.code != "" {
				if err == nil || failure.Of(err).Code != tc.code {
					t.Errorf("got %s, %v", got, err)
				}
				return
			}
			if err != nil || string(got) != tc.want {
				t.Errorf("got %s, %v\nwant %s", got, err, tc.want)
			}
		})
	}
	if _, err := Set([]byte(`[1]`), "a", "1"); err == nil || failure.Of(err).Code != "dlq.edit.json" {
		t.Errorf("a payload that is no object: %v", err)
	}
}
