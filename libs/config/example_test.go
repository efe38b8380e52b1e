package config_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/magpie-integration/magpie/libs/config"
)

// Every mistake is told at once, each with its place and its mending.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "magpie")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "magpie.yaml")
	err = os.WriteFile(path, []byte(`nats: {sink: always}
pairs:
  - name: main
    magento: {url: https://shop.example.com, token: '${MAGENTO_TOKEN}'}
    gp: {url: https://gp.example.com, company: -1, timezone: UTC, user: magpie, password: x, timeout: 10}
`), 0o600)
	if err != nil {
		panic(err)
	}
	_, _, err = config.Load(path, []string{"MAGENTO_TOKEN=abc", "MAGPIE_PAIRS_MAIN_GP_COMPNY=2"})
	fmt.Println(err)
	// Output:
	// config: MAGPIE_PAIRS_MAIN_GP_COMPNY: is not a known variable; the nearest is MAGPIE_PAIRS_MAIN_GP_COMPANY
	// config: nats.sink: is not a known key; the nearest is sync (magpie.yaml:1)
	// config: pairs[0].gp.timeout: "10" has no unit; write "10s" (magpie.yaml:5, or MAGPIE_PAIRS_0_GP_TIMEOUT)
}
