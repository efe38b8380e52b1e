package magento

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
)

// xmlResponse renders an answer the way the XML renderer does: a response
// element, and item for the members of a list (Magento core,
// Framework/Webapi/Rest/Response/Renderer/Xml).
func xmlResponse(answer []byte) []byte {
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		v = nil
	}
	var b bytes.Buffer
	b.WriteString("<?xml version=\"1.0\"?>\n")
	writeXML(&b, "response", v)
	b.WriteByte('\n')
	return b.Bytes()
}

func writeXML(b *bytes.Buffer, name string, v any) {
	fmt.Fprintf(b, "<%s>", name)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			writeXML(b, key, v[key])
		}
	case []any:
		for _, e := range v {
			writeXML(b, "item", e)
		}
	case nil:
	default:
		_ = xml.EscapeText(b, fmt.Append(nil, v)) // a buffer takes every write
	}
	fmt.Fprintf(b, "</%s>", name)
}
