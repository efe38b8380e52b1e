package magento

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

const (
	customerClass = `Magento\Customer\Api\Data\CustomerInterface`
	addressClass  = `Magento\Customer\Api\Data\AddressInterface`
	regionClass   = `Magento\Customer\Api\Data\RegionInterface`
	customClass   = `Magento\Framework\Api\AttributeInterface`
)

func keySet(names string) map[string]bool {
	set := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		set[name] = true
	}
	return set
}

var (
	customerKeys = keySet(`id group_id default_billing default_shipping confirmation created_at updated_at created_in dob email firstname lastname
		middlename prefix suffix gender store_id taxvat website_id addresses disable_auto_group_change extension_attributes custom_attributes`)
	addressKeys = keySet(`id customer_id region region_id country_id street company telephone fax postcode city firstname lastname middlename
		prefix suffix vat_id default_shipping default_billing extension_attributes custom_attributes`)
	regionKeys = keySet(`region_code region region_id extension_attributes`)
	customKeys = keySet(`attribute_code value`)
)

// given is a data object as it was sent: what is absent is kept, null clears.
type given map[string]json.RawMessage

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// text reads a text; a number is one to PHP.
func (g given) text(name string, into *string) error {
	raw, ok := g[name]
	switch {
	case !ok:
		return nil
	case isNull(raw):
		*into = ""
		return nil
	case raw[0] == '{', raw[0] == '[':
		return errType(name, "Array", "string")
	case raw[0] != '"':
		*into = string(raw)
		return nil
	}
	return json.Unmarshal(raw, into)
}

// int reads a whole number, which may be a text.
func (g given) int(name string, into *int64) error {
	raw, ok := g[name]
	if !ok {
		return nil
	}
	if isNull(raw) {
		*into = 0
		return nil
	}
	text := strings.Trim(string(raw), `"`)
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return errType(name, text, "int")
	}
	return nil
}

// customer changes c by what was sent; addresses are left to the caller.
func (g given) customer(c *customer, attributes []string) error {
	for name, into := range map[string]*string{
		"email": &c.Email, "firstname": &c.Firstname, "lastname": &c.Lastname, "middlename": &c.Middlename, "prefix": &c.Prefix,
		"suffix": &c.Suffix, "dob": &c.DOB, "taxvat": &c.Taxvat, "confirmation": &c.Confirmation,
	} {
		if err := g.text(name, into); err != nil {
			return err
		}
	}
	for name, into := range map[string]*int64{
		"group_id": &c.GroupID, "website_id": &c.WebsiteID, "store_id": &c.StoreID, "gender": &c.Gender,
		"default_billing": &c.DefaultBilling, "default_shipping": &c.DefaultShipping, "disable_auto_group_change": &c.FixedGroup,
	} {
		if err := g.int(name, into); err != nil {
			return err
		}
	}
	var extension struct {
		Subscribed *bool `json:"is_subscribed"`
	}
	if raw, ok := g["extension_attributes"]; ok && json.Unmarshal(raw, &extension) == nil && extension.Subscribed != nil {
		c.Subscribed = *extension.Subscribed
	}
	return g.custom(&c.Custom, attributes)
}

// custom reads custom_attributes: those that aren't listed stay, null and ""
// clear, and what the store has no attribute for is dropped without a word
// (Magento core, Framework/Api/AbstractExtensibleObject::setCustomAttribute).
func (g given) custom(into *map[string]json.RawMessage, attributes []string) error {
	values, err := g.customValues(attributes)
	if err != nil || len(values) == 0 {
		return err
	}
	out := maps.Clone(*into)
	if out == nil {
		out = map[string]json.RawMessage{}
	}
	for code, value := range values {
		if out[code] = value; isNull(value) || string(value) == `""` {
			delete(out, code)
		}
	}
	*into = out
	return nil
}

func (g given) customValues(attributes []string) (map[string]json.RawMessage, error) {
	raw, ok := g["custom_attributes"]
	if !ok || isNull(raw) {
		return nil, nil
	}
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		return nil, errType("custom_attributes", string(raw), customClass+"[]")
	}
	out := map[string]json.RawMessage{}
	for _, row := range rows {
		one := given{}
		if err := decodeObject(row, "custom_attributes", customClass, customKeys, &one); err != nil {
			return nil, err
		}
		var code string
		if err := one.text("attribute_code", &code); err != nil {
			return nil, err
		}
		if slices.Contains(attributes, code) {
			out[code] = orNull(one["value"])
		}
	}
	return out, nil
}

func orNull(raw json.RawMessage) json.RawMessage {
	if raw == nil {
		return json.RawMessage("null")
	}
	return raw
}

// address changes a by what was sent.
func (g given) address(a *customerAddress) error {
	for name, into := range map[string]*string{
		"country_id": &a.CountryID, "company": &a.Company, "telephone": &a.Telephone, "fax": &a.Fax, "postcode": &a.Postcode, "city": &a.City,
		"firstname": &a.Firstname, "lastname": &a.Lastname, "middlename": &a.Middlename, "prefix": &a.Prefix, "suffix": &a.Suffix, "vat_id": &a.VATID,
	} {
		if err := g.text(name, into); err != nil {
			return err
		}
	}
	if raw, ok := g["street"]; ok {
		a.Street = nil
		if err := json.Unmarshal(raw, &a.Street); err != nil {
			return errType("street", strings.Trim(string(raw), `"`), "string[]")
		}
	}
	if err := g.region(a); err != nil {
		return err
	}
	return g.custom(&a.Custom, nil)
}

// region reads the region object and its id beside it; a known id fills in the
// name and the code.
func (g given) region(a *customerAddress) error {
	if raw, ok := g["region"]; ok {
		a.Region, a.RegionCode, a.RegionID = "", "", 0
		if !isNull(raw) {
			region := given{}
			if err := decodeObject(raw, "region", regionClass, regionKeys, &region); err != nil {
				return err
			}
			if err := region.text("region", &a.Region); err != nil {
				return err
			}
			if err := region.text("region_code", &a.RegionCode); err != nil {
				return err
			}
			if err := region.int("region_id", &a.RegionID); err != nil {
				return err
			}
		}
	}
	if err := g.int("region_id", &a.RegionID); err != nil {
		return err
	}
	if i := slices.IndexFunc(towns, func(t town) bool { return a.RegionID != 0 && t.regionID == a.RegionID }); i >= 0 {
		a.Region, a.RegionCode = towns[i].region, towns[i].code
	}
	return nil
}
