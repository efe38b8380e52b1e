package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/magpie-integration/magpie/events"
	"github.com/magpie-integration/magpie/libs/telemetry"
)

type runCmd struct {
	Roles []string `arg:"" name:"role" help:"nats (the embedded server), ingest, magento-capture, transform, gp-writer, magento-writer, dlq; or all."`
}

// Help lists the roles.
func (runCmd) Help() string {
	var b strings.Builder
	b.WriteString("The roles:\n\n")
	fmt.Fprintf(&b, "  %-16s the embedded NATS server, for roles on one machine\n", roleNATS)
	for _, r := range roles {
		fmt.Fprintf(&b, "  %-16s %s\n", r.name, r.what)
	}
	return b.String()
}

// Run runs some roles in this process. The embedded server runs in it only if
// it is named; else it is expected where nats.listen says.
func (c runCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	names, own, err := c.names()
	if err != nil {
		return err
	}
	cfg, err := root.loadConfig(t)
	if err != nil {
		return err
	}
	may := rights{serve: own, create: own || !slices.Equal(names, []string{string(events.RoleIngest)})}
	a, err := openApp(ctx, cfg, may, telemetry.Config{LogLevel: cfg.Log.Level, LogFormat: cfg.Log.Format, LogWriter: t.err})
	if err != nil {
		return err
	}
	for _, name := range names {
		r, _ := findRole(name)
		if err := a.addRole(ctx, r); err != nil {
			a.close()
			return err
		}
	}
	if _, err := a.health(ctx); err != nil {
		a.close()
		return err
	}
	a.log.Info("running", "roles", strings.Join(c.Roles, ","), "version", version)
	return a.run(ctx)
}

// names checks the roles and tells whether the embedded server is one of them.
func (c runCmd) names() (names []string, own bool, err error) {
	for _, name := range c.Roles {
		switch _, known := findRole(name); {
		case name == roleNATS:
			own = true
		case name == "all":
			own = true
			for _, r := range roles {
				names = append(names, r.name)
			}
		case known:
			names = append(names, name)
		default:
			return nil, false, fmt.Errorf("there is no role %q; the roles are %s, or all", name, strings.Join(roleNames(), ", "))
		}
	}
	return names, own, nil
}
