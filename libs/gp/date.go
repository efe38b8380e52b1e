package gp

import (
	"fmt"
	"strings"
	"time"
)

// Date is a day in the company's own calendar: GP's dates have no time and no
// zone. The zero Date is no date, which GP stores as 1900-01-01.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf cuts the time off. Bring t into the company's zone first.
func DateOf(t time.Time) Date {
	var d Date
	d.Year, d.Month, d.Day = t.Date()
	return d
}

// ParseDate reads 2006-01-02, and lets a time behind it be midnight or not. The
// defaults of GP (1900-01-01) and of .NET (0001-01-01) are no date.
func ParseDate(s string) (Date, error) {
	day, _, _ := strings.Cut(s, "T")
	if day == "" || day == "1900-01-01" || day == "0001-01-01" {
		return Date{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return Date{}, fmt.Errorf("%q is not a date", s)
	}
	return DateOf(t), nil
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String gives 2006-01-02, and nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText implements encoding.TextMarshaler, so that JSON shows String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// wire gives the dateTime of the service, always at midnight: GP's tables have
// a constraint which refuses anything else.
func (d Date) wire() string {
	if d.IsZero() {
		return ""
	}
	return d.String() + "T00:00:00"
}

// parseTime reads a dateTime; without a zone it is UTC, as the row stamps are.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			if t.Year() <= 1900 {
				return time.Time{}, nil
			}
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is not a time", s)
}
