package gp

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/magpie-integration/magpie/libs/failure"
)

// TestLimits holds the table against the lengths as GP's documents give them.
func TestLimits(t *testing.T) {
	for column, want := range map[string]int{
		"CUSTNMBR": 15, "CUSTNAME": 64, "SOPNUMBE": 20, "CSTPONBR": 20, "ADDRESS1": 60, "ADDRESS2": 60, "ADDRESS3": 60,
		"CITY": 35, "STATE": 29, "ZIP": 10, "COUNTRY": 60, "PHONE": 21, "ITEMNMBR": 30, "ITEMDESC": 100, "UOFM": 8,
		"LOCNCODE": 10, "BACHNUMB": 15, "ADRSCODE": 15, "PYMTRMID": 20, "SHIPMTHD": 15, "DOCID": 15, "CURNCYID": 15,
		"CUSTCLAS": 15, "TAXSCHID": 15, "PRCLEVEL": 10, "CMMTTEXT": 500, "NOTETEXT": 8000, "CHEKBKID": 15, "USERDEF": 20,
	} {
		if got, _ := Limit(column); got != want {
			t.Errorf("%s: got %d, want %d", column, got, want)
		}
		if err := Check(column, strings.Repeat("é", want)); err != nil {
			t.Errorf("%s refuses its own length: %v", column, err)
		}
		e := failure.Of(Check(column, strings.Repeat("A", want+1)))
		if e == nil || e.Kind != failure.KindRejected || e.Field != column || !strings.HasSuffix(e.Code, ".too_long") {
			t.Errorf("%s takes more: %v", column, e)
		}
	}
	if failure.Of(Check("NOSUCH", "x")).Kind != failure.KindDefect {
		t.Error("a column without a rule is taken")
	}
}

func TestTooLongSaysBothNumbers(t *testing.T) {
	e := failure.Of(Check("ZIP", "97201-12345"))
	if want := `gp.zip.too_long: ZIP: GP takes 10 characters, "97201-12345" has 11; shorten it in the source, or map it in the flow`; e.Error() != want {
		t.Errorf("got  %s\nwant %s", e, want)
	}
}

func TestClean(t *testing.T) {
	for name, tt := range map[string]struct{ column, in, want string }{
		"an id":                 {"CUSTNMBR", "web1  ", "WEB1"},
		"a unit as it is":       {"UOFM", "Each", "Each"},
		"composed":              {"CUSTNAME", "Zoe\u0308", "Zoë"},
		"a letter with a mark":  {"CUSTNAME", "Dvořák", "Dvorák"},
		"a letter with a bar":   {"CUSTNAME", "Łódź", "Lódz"},
		"a ligature":            {"CUSTNAME", "ﬁne", "fine"},
		"quotes and the euro":   {"CUSTNAME", "“€5” – ok…", "“€5” – ok…"},
		"full width":            {"CUSTNAME", "ＡＢ１", "AB1"},
		"a sign of minus":       {"CUSTNAME", "−1 ‑ 2", "-1 - 2"},
		"control characters":    {"NOTETEXT", "a\x00b\x0bc\u0085\td\r\ne", "abc\td\r\ne"},
		"invisible characters":  {"CUSTNAME", "\uFEFFA\u200Bda\u200E", "Ada"},
		"blanks before stay":    {"CUSTNAME", "  a  ", "  a"},
		"capitals in the page":  {"CUSTNMBR", "éµƒÿß", "ÉµƒŸß"},
		"a decomposed capital":  {"CUSTNMBR", "ș", "S"},
		"Vietnamese, two marks": {"CUSTNAME", "Nguyễn", "Nguyen"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Clean(tt.column, tt.in)
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestCleanNamesTheCharacter(t *testing.T) {
	for in, want := range map[string]string{"Ada 王": "'王' (U+738B)", "🎁": "'🎁' (U+1F381)", "\xff": "(U+FFFD)"} {
		e := failure.Of(Check("CUSTNAME", in))
		if e == nil || e.Code != "gp.customer_name.character" || !strings.Contains(e.Reason, want) {
			t.Errorf("%q: got %v", in, e)
		}
	}
}

// Whatever Clean gives can be stored, fits, and is left alone by a second Clean.
func TestCleanIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		column := rapid.SampledFrom([]string{"CUSTNMBR", "CUSTNAME", "NOTETEXT"}).Draw(t, "column")
		once, err := Clean(column, rapid.String().Draw(t, "value"))
		if err != nil {
			return
		}
		if !Representable(once) || utf8.RuneCountInString(once) > limits[column].max {
			t.Fatalf("%q does not fit", once)
		}
		if again, err := Clean(column, once); err != nil || again != once {
			t.Fatalf("%q became %q, %v", once, again, err)
		}
	})
}

func TestDigits(t *testing.T) {
	for iso, want := range map[string]int32{"USD": 2, "jpy": 0, "KWD": 3, "CLF": 4, "": 2} {
		if got := Digits(iso); got != want {
			t.Errorf("%s: got %d", iso, got)
		}
	}
}

func TestDate(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-24": "2026-11-24", "2026-11-24T00:00:00": "2026-11-24", "2026-11-24T00:00:00Z": "2026-11-24",
		"1900-01-01T00:00:00": "", "0001-01-01T00:00:00": "", "": "",
	} {
		d, err := ParseDate(in)
		if err != nil || d.String() != want {
			t.Errorf("%q: got %q, %v", in, d, err)
		}
	}
	if _, err := ParseDate("24.11.2026"); err == nil {
		t.Error("a German date is a date")
	}
}
