package dlq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Set puts a value at a path of a payload, such as document.lines[0].item, and
// gives the new payload. Where a text stands the value is taken as a text; else
// it is JSON if it can be read as JSON, and a text if not. All but the path's
// last step must be there; in a list the last step must be too.
func Set(payload []byte, path, value string) ([]byte, error) {
	root, err := object(payload)
	if err != nil {
		return nil, failure.Rejected("dlq.edit.json", "payload", err.Error(), "replace the whole payload")
	}
	steps := step.FindAllStringSubmatch(path, -1)
	if len(steps) == 0 || !wholePath.MatchString(path) {
		return nil, failure.Rejected("dlq.edit.path", path, "this is no path", "write it as document.lines[0].item")
	}
	if err := put(root, steps, path, value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(root); err != nil {
		return nil, failure.Defect("dlq.edit.encode", "the payload can't be encoded", err)
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

var (
	step      = regexp.MustCompile(`([^.\[\]]+)|\[(\d+)\]`)
	wholePath = regexp.MustCompile(`^[^.\[\]]+(\.[^.\[\]]+|\[\d+\])*$`)
)

// put walks to the last step and sets it.
func put(at any, steps [][]string, path, value string) error {
	absent := func(i int) error {
		walked := ""
		for _, s := range steps[:i+1] {
			walked += "." + s[0]
		}
		walked = strings.TrimPrefix(strings.ReplaceAll(walked, ".[", "["), ".")
		return failure.Rejected("dlq.edit.path", path, fmt.Sprintf("the payload has no %s", walked),
			"look at the payload: magpie dlq show")
	}
	for i, s := range steps {
		last := i == len(steps)-1
		switch in := at.(type) {
		case map[string]any:
			there, ok := in[s[1]]
			switch {
			case s[1] == "" || !last && !ok:
				return absent(i)
			case last:
				in[s[1]] = valueLike(there, value)
			}
			at = there
		case []any:
			n, err := strconv.Atoi(s[2])
			if err != nil || n >= len(in) {
				return absent(i)
			}
			if last {
				in[n] = valueLike(in[n], value)
			}
			at = in[n]
		default:
			return absent(i)
		}
	}
	return nil
}

// valueLike reads a typed value as what stands there.
func valueLike(there any, value string) any {
	if _, text := there.(string); text {
		return value
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return value
	}
	return v
}
