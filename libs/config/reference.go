package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"strings"
)

// references resolves what a value refers to.
type references struct {
	environment map[string]string
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// filePrefix begins a value that stands for a file's content.
const filePrefix = "file:"

// resolve gives the text that a written value means. Variables are replaced in
// the file's values only; in a variable's the shell has done so. Both may be
// written together: file:${CREDENTIALS_DIRECTORY}/token.
func (r references) resolve(text string, variables bool) (string, *rule) {
	path, isFile := strings.CutPrefix(text, filePrefix)
	if variables {
		var broken *rule
		if path, broken = r.expand(path); broken != nil {
			return "", broken
		}
	}
	if isFile {
		return readReference(path)
	}
	return path, nil
}

// expand replaces each ${VAR}, and $${ by ${.
func (r references) expand(text string) (string, *rule) {
	var b strings.Builder
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			b.WriteString(text)
			return b.String(), nil
		}
		if at > 0 && text[at-1] == '$' {
			b.WriteString(text[:at-1] + "${")
			text = text[at+2:]
			continue
		}
		name, rest, closed := strings.Cut(text[at+2:], "}")
		if !closed || !variableName.MatchString(name) {
			return "", &rule{"has a ${ that names no variable", "write ${NAME}, or $${ for a plain ${"}
		}
		value, set := r.environment[name]
		if !set {
			return "", &rule{
				fmt.Sprintf("refers to the variable %s, which is not set", name),
				fmt.Sprintf("set %s, or write the value (file:PATH for one in a file)", name),
			}
		}
		b.WriteString(text[:at] + value)
		text = rest
	}
}

// referenceMax bounds a referred file: secrets and certificates are small.
const referenceMax = 64 << 10

// readReference gives a file's content without its last line break.
func readReference(path string) (string, *rule) {
	fix := "write file: and the path of a file that this process may read"
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", &rule{fmt.Sprintf("refers to %s, which is not a regular file", shown(path)), fix}
	}
	var text []byte
	if err == nil {
		text, err = readAtMost(path, referenceMax)
	}
	if err != nil {
		return "", &rule{fmt.Sprintf("refers to the file %s, which can't be read: %v", shown(path), cause(err)), fix}
	}
	if len(text) > referenceMax {
		return "", &rule{fmt.Sprintf("refers to the file %s, which is larger than %d KiB", shown(path), referenceMax>>10), fix}
	}
	trimmed := strings.TrimSuffix(string(text), "\n")
	return strings.TrimSuffix(trimmed, "\r"), nil
}

// readAtMost reads a file, and a byte more than most from a larger one.
func readAtMost(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(f, most+1))
}

// cause is what went wrong with a file, without its path.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
