// Package broker runs a NATS server with JetStream inside the process, for
// `magpie up` and for tests. Roles in the same process reach it without a
// socket; the stock nats CLI and other processes reach it where it listens.
// For a cluster, run nats-server itself and point nats.url at it.
package broker

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Config of an embedded server.
type Config struct {
	// Store is the folder of its streams.
	Store string
	// Listen is host:port; port 0 picks a free one. Empty: no socket at all.
	Listen string
	// SyncAlways makes the server sync each write before it answers; otherwise
	// it syncs every SyncInterval, and a power cut may lose that much.
	SyncAlways   bool
	SyncInterval time.Duration
	// MaxStore bounds all streams together, in bytes; zero means three quarters
	// of the free disk. When it is reached, streams refuse new messages.
	MaxStore int64
	// Name shows in the CLI's server lists.
	Name string
}

// readyWait bounds the start: a store of millions of messages is read again.
const readyWait = 2 * time.Minute

// Start runs a server until Shutdown is called on it.
func Start(cfg Config) (*server.Server, error) {
	o := &server.Options{
		ServerName: cfg.Name, JetStream: true, StoreDir: cfg.Store,
		SyncAlways: cfg.SyncAlways, SyncInterval: cfg.SyncInterval,
		JetStreamMaxStore: cfg.MaxStore,
		NoSigs:            true, NoLog: true,
		MaxPayload: 8 << 20,
	}
	if cfg.Listen == "" {
		o.DontListen = true
	} else {
		host, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			return nil, fmt.Errorf("nats.listen %q: %w", cfg.Listen, err)
		}
		o.Host = host
		if o.Port, err = strconv.Atoi(port); err != nil {
			return nil, fmt.Errorf("nats.listen %q: %w", cfg.Listen, err)
		}
		if o.Port == 0 {
			o.Port = server.RANDOM_PORT
		}
	}
	s, err := server.NewServer(o)
	if err != nil {
		return nil, fmt.Errorf("embedded NATS server: %w", err)
	}
	s.Start()
	if !s.ReadyForConnections(readyWait) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, errors.New("the embedded NATS server did not get ready: is " + cfg.Listen +
			" in use by another program, or the store " + cfg.Store + " by another magpie?")
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, errors.New("the embedded NATS server has no JetStream: can " + cfg.Store + " be written?")
	}
	return s, nil
}
