package events

import (
	"embed"
	"io/fs"
)

//go:embed schemas/*.json asyncapi.yaml
var published embed.FS

// Schema gives the JSON Schema of an event type's body.
func Schema(typeName string) ([]byte, error) {
	return fs.ReadFile(published, "schemas/"+typeName+".json")
}

// AsyncAPI gives the AsyncAPI 3 document that names every subject.
func AsyncAPI() []byte {
	data, err := published.ReadFile("asyncapi.yaml")
	if err != nil {
		panic(err) // embedded at build time
	}
	return data
}
