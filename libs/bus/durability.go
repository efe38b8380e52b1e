package bus

import (
	"context"
	"fmt"

	"github.com/magpie-integration/magpie/libs/failure"
)

// Durability is how many servers keep each message, as the server says.
type Durability struct {
	// Replicas is the smallest of all streams', Stream the one that has it.
	Replicas int
	Stream   string
	// Clustered tells whether the server is one of several.
	Clustered bool
}

// Durability reads the effective replicas of the streams. Whether a server
// syncs each write before it answers is its own setting (sync_interval), which
// no client can read: the embedded server's is in Magpie's configuration, a
// cluster's must be looked up on its servers.
func (b *Bus) Durability(ctx context.Context) (Durability, error) {
	d := Durability{Clustered: b.nc.ConnectedClusterName() != ""}
	for _, want := range Streams {
		s, err := b.js.Stream(ctx, want.Name)
		if err != nil {
			return d, fmt.Errorf("stream %s: %w", want.Name, err)
		}
		if r := s.CachedInfo().Config.Replicas; d.Replicas == 0 || r < d.Replicas {
			d.Replicas, d.Stream = r, want.Name
		}
	}
	return d, nil
}

// String says it in words.
func (d Durability) String() string {
	if d.Clustered {
		return fmt.Sprintf("%d servers keep each message; look that each of them has sync_interval: always", d.Replicas)
	}
	return "one server keeps each message"
}

// Sync is what is known of a lone server's syncing.
type Sync int

// What can be known: an embedded server's is in the configuration, another's
// can't be seen by a client.
const (
	SyncUnknown Sync = iota
	SyncAlways
	SyncLater
)

// Weaker gives an error with the line to change where messages can be lost that
// were acknowledged.
func (d Durability) Weaker(sync Sync) error {
	switch {
	case d.Clustered && d.Replicas < 3:
		return failure.Rejected("nats.not_durable", "replicas", fmt.Sprintf("not durable: stream %s has %d replica(s) in a cluster", d.Stream, d.Replicas),
			"run at least three servers, and start a role again: it raises the streams to three replicas")
	case !d.Clustered && sync == SyncLater:
		return failure.Rejected("nats.not_durable", "nats.sync", "not durable: a power cut may lose what the server acknowledged and had not synced",
			"set nats.sync: always")
	}
	return nil
}
