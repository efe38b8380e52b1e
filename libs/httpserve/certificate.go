package httpserve

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is a key pair in files that somebody else renews, such as
// cert-manager or certbot.
type certificate struct {
	cert, key string

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  [2]time.Time // of the files, when they were loaded
	failed [2]time.Time // of the files that could not be loaded, to say so once
}

// load reads the files.
func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stamps()
	if err != nil {
		return err
	}
	return c.read(stamp)
}

// get gives the certificate for a handshake, and reads it again if its files
// have changed. While they don't fit each other, which they don't between the
// two writes, the old one stays in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	stamp, err := c.stamps()
	if err == nil && stamp != c.stamp {
		err = c.read(stamp)
	}
	if err != nil && stamp != c.failed {
		c.failed = stamp
		slog.Warn("a renewed certificate can't be used; the old one stays", "cert", c.cert, "error", err)
	}
	return c.pair, nil
}

func (c *certificate) read(stamp [2]time.Time) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("load the certificate %s: %w", c.cert, err)
	}
	c.pair, c.stamp = &pair, stamp
	return nil
}

func (c *certificate) stamps() (stamp [2]time.Time, err error) {
	for i, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return stamp, fmt.Errorf("look at the certificate: %w", err)
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}
