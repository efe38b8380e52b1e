package scrub

// secretFields lose their whole value, whatever it is. Names are compared
// without case, '_', '-' and blanks, so cc_number, ccNumber and CC-Number are
// one. cc_last4, cc_type, cc_exp_month and cc_owner are not among them: PCI DSS
// allows to keep them, and the books need them.
var secretFields = names(
	// Magento core, Sales/Api/Data/OrderPaymentInterface and Quote's payment
	"cc_number", "cc_number_enc", "cc_cid", "cc_cid_enc", "cc_debug_request_body",
	"cc_debug_response_body", "cc_secure_verify",
	// Magento core, Vault/Api/Data/PaymentTokenInterface
	"vault_payment_token", "public_hash", "gateway_token", "payment_method_nonce", "payment_nonce",
	"payment_method_token", "payment_token",
	// gateways' modules
	"cvv", "cvv2", "cc_cvv", "cvc", "cvc2", "cc_cvc", "csc", "card_number", "credit_card_number",
	"card_code", "card_cvv", "card_cvc", "card_security_code", "security_code", "verification_value",
	"pan", "track1", "track2", "track_data", "pin_block",
	// Magento core, Customer: what the PHP model of a customer holds
	"password", "password_hash", "new_password", "rp_token",
)

// keptFields hold identifiers and are never read as cards; see also keptSuffixes.
var keptFields = names(
	"id", "ids", "sku", "skus", "increment_id", "increment_ids", "protect_code", "po_number", "postcode", "zip", "zipcode",
	"postal_code", "phone", "telephone", "mobile", "fax", "track_number", "tracking_number",
	"tracking_numbers", "track_numbers", "tracking", "ean", "ean13", "upc", "gtin", "isbn", "mpn", "barcode", "serial",
	"serial_number", "taxvat", "vat_number", "remote_ip", "x_forwarded_for", "uuid", "bulk_uuid", "guid",
	"hash", "data_hash", "url", "image", "etag", "coupon_code", "store_id", "created_at", "updated_at",
)

// keptSuffixes end the names of fields that hold identifiers: entity_id,
// ext_order_id, last_trans_id, orderId, parent_sku.
var keptSuffixes = [...]string{"_id", "_ids", "_sku", "_skus", "_uuid", "_guid", "-id", "Id", "Ids", "Sku", "ID", "_phone", "_telephone", "_ean"}

func names(list ...string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, name := range list {
		var buf [maxFieldName]byte
		m[string(fold(buf[:0], []byte(name)))] = true
	}
	return m
}

// maxFieldName is longer than any name in the tables.
const maxFieldName = 48

// fold brings a name to the form in which names are compared.
func fold(to, name []byte) []byte {
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c == '_' || c == '-' || c == ' ':
			continue
		}
		if len(to) == maxFieldName {
			return nil
		}
		to = append(to, c)
	}
	return to
}

// secretEnds has, for each first letter of a secret name, a bit for each last
// one: nearly every other name is told apart by it alone.
var secretEnds = func() (t [256]uint64) {
	for name := range secretFields {
		t[name[0]] |= endBit(name[len(name)-1])
		t[name[0]&^0x20] |= endBit(name[len(name)-1])
	}
	return t
}()

func endBit(c byte) uint64 { return 1 << (c & 0x1F) }

func isSecret(name []byte) bool {
	for len(name) > 0 && name[0] == '_' {
		name = name[1:]
	}
	if len(name) == 0 || secretEnds[name[0]]&endBit(name[len(name)-1]) == 0 {
		return false
	}
	var buf [maxFieldName]byte
	return secretFields[string(fold(buf[:0], name))]
}

func isKept(name []byte) bool {
	for _, suffix := range keptSuffixes {
		if n := len(name) - len(suffix); n > 0 && string(name[n:]) == suffix {
			return true
		}
	}
	var buf [maxFieldName]byte
	return keptFields[string(fold(buf[:0], name))]
}

// A list of pairs names its values in a member of its own, as Magento's
// payment_additional_info ({"key","value"}) and custom_attributes
// ({"attribute_code","value"}) do.
func isPairName(name []byte) bool { return string(name) == "key" || string(name) == "attribute_code" }

func isPairValue(name []byte) bool { return string(name) == "value" }
