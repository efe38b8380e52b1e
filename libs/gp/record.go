package gp

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

type partyRecord struct {
	Number string `json:"number,omitzero"`
	Name   string `json:"name,omitzero"`
}

type addressRecord struct {
	Code           string `json:"code,omitzero"`
	Name           string `json:"name,omitzero"`
	Contact        string `json:"contact,omitzero"`
	Line1          string `json:"line1,omitzero"`
	Line2          string `json:"line2,omitzero"`
	Line3          string `json:"line3,omitzero"`
	City           string `json:"city,omitzero"`
	State          string `json:"state,omitzero"`
	PostalCode     string `json:"postalCode,omitzero"`
	Country        string `json:"country,omitzero"`
	CountryCode    string `json:"countryCode,omitzero"`
	Phone          string `json:"phone,omitzero"`
	PhoneExtension string `json:"phoneExtension,omitzero"`
	Phone2         string `json:"phone2,omitzero"`
	Phone3         string `json:"phone3,omitzero"`
	Fax            string `json:"fax,omitzero"`
}

func addressRecordOf(code string, a Address) addressRecord {
	r := addressRecord{
		Code: code, Name: a.Name, Contact: a.Contact, Line1: a.Line1, Line2: a.Line2, Line3: a.Line3,
		City: a.City, State: a.State, PostalCode: a.Zip, Country: a.Country, CountryCode: a.CountryCode,
		Phone: a.Phone1.Number, Phone2: a.Phone2.Number, Phone3: a.Phone3.Number, Fax: a.Fax.Number,
	}
	if a.Phone1.Extension != "0000" { // what GP stores for none
		r.PhoneExtension = a.Phone1.Extension
	}
	return r
}

// stamps are when a record was made and changed.
type stamps struct {
	Created      Date      `json:"created,omitzero"`
	Modified     Date      `json:"modified,omitzero"`
	LastModified time.Time `json:"lastModified,omitzero"`
}

// trimmed drops the empty texts at the end of a list.
func trimmed(texts []string) []string {
	end := len(texts)
	for end > 0 && texts[end-1] == "" {
		end--
	}
	return slices.Clone(texts[:end])
}

// only gives a quantity that the record has, and nothing for another kind of it.
func only(has bool, d decimal.Decimal) *decimal.Decimal {
	if !has {
		return nil
	}
	return &d
}
