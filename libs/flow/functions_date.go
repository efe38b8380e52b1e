package flow

import (
	"fmt"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // the same zones on every machine, Windows without Go too
)

var dateFunctions = []function{
	{
		group: "dates", name: "date", params: []param{need("value", kindText), may("zone", kindText)}, gives: kindText,
		doc: "The business date (2026-11-24) of a time in a zone; UTC unless said. Magento's times are \"2006-01-02 15:04:05\" in UTC, " +
			"whatever the store's zone (Magento core, Framework/Stdlib/DateTime); RFC 3339 is read too, and a bare date stays as it is.",
		example: `date("2026-11-25 03:30:00", "America/Chicago")`, result: `"2026-11-24"`,
		do: func(args []any) (any, error) { return businessDate(args[0].(string), textArg(args, 1, "UTC")) },
	},
	{
		group: "dates", name: "formatDate", params: []param{need("date", kindText), need("form", kindText)}, gives: kindText,
		doc:     "A date (2026-11-24) in a form of yyyy, yy, MM and dd with what stands between.",
		example: `formatDate("2026-11-24", "yyyyMMdd")`, result: `"20261124"`,
		do: func(args []any) (any, error) {
			t, err := time.Parse(time.DateOnly, args[0].(string))
			if err != nil {
				return nil, fmt.Errorf("%q is not a date such as 2026-11-24", args[0])
			}
			return t.Format(dateForm.Replace(args[1].(string))), nil
		},
	},
}

var dateForm = strings.NewReplacer("yyyy", "2006", "yy", "06", "MM", "01", "dd", "02")

func businessDate(value, zone string) (string, error) {
	location, err := location(zone)
	if err != nil {
		return "", err
	}
	if _, err := time.Parse(time.DateOnly, value); err == nil {
		return value, nil
	}
	for _, layout := range []string{time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, value); err == nil {
			return t.In(location).Format(time.DateOnly), nil
		}
	}
	return "", fmt.Errorf("%q is not a time such as 2026-11-24 16:42:07", value)
}

var locations sync.Map // zone name to *time.Location

func location(zone string) (*time.Location, error) {
	if l, ok := locations.Load(zone); ok {
		return l.(*time.Location), nil
	}
	if zone == "Local" {
		return nil, fmt.Errorf("the zone Local differs from machine to machine; name one, such as America/Chicago")
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q; write one such as America/Chicago", zone)
	}
	locations.Store(zone, l)
	return l, nil
}
