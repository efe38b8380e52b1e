package bus

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Bus is a connection to JetStream. It is safe for concurrent use.
type Bus struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	owner string
	// streams keeps handles by name: asking for one costs a round trip.
	streams sync.Map
}

// publishWait bounds one wait for the stream's acknowledgement. With every
// write synced an answer takes milliseconds; a cluster that elects a leader
// takes some seconds.
const publishWait = 5 * time.Second

// Connect dials a NATS server and keeps trying for as long as it is away: a
// role that outlives its server goes on where it stopped. The options are
// NATS's own (credentials, TLS, nats.InProcessServer).
func Connect(url string, options ...nats.Option) (*Bus, error) {
	all := append([]nats.Option{
		nats.Name("magpie"),
		nats.MaxReconnects(-1),
		nats.RetryOnFailedConnect(true),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, time.Second),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			slog.Warn("NATS reports an error", "error", err)
		}),
	}, options...)
	nc, err := nats.Connect(url, all...)
	if err != nil {
		return nil, fmt.Errorf("connect to NATS at %s: %w", url, err)
	}
	b, err := New(nc)
	if err != nil {
		nc.Close()
		return nil, err
	}
	return b, nil
}

// New uses a connection that the caller made and will not use after Close.
func New(nc *nats.Conn) (*Bus, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(publishWait))
	if err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	return &Bus{nc: nc, js: js, owner: uuid.NewString()}, nil
}

// Owner is this process's name in claims: new at every start.
func (b *Bus) Owner() string { return b.owner }

// JetStream gives the connection's JetStream, for readers (trace, doctor).
func (b *Bus) JetStream() jetstream.JetStream { return b.js }

// Conn gives the NATS connection.
func (b *Bus) Conn() *nats.Conn { return b.nc }

// Close ends the connection. What was published was acknowledged before.
func (b *Bus) Close() { b.nc.Close() }

// Ready tells whether every stream and bucket of the topology is there.
func (b *Bus) Ready(ctx context.Context) error {
	if !b.nc.IsConnected() {
		return fmt.Errorf("not connected to NATS at %s", strings.Join(b.nc.Servers(), ", "))
	}
	for _, s := range Streams {
		if _, err := b.js.Stream(ctx, s.Name); err != nil {
			return fmt.Errorf("stream %s: %w", s.Name, err)
		}
	}
	return nil
}

// KV opens a bucket of the topology.
func (b *Bus) KV(ctx context.Context, bucket string) (jetstream.KeyValue, error) {
	kv, err := b.js.KeyValue(ctx, bucket)
	if err != nil {
		return nil, fmt.Errorf("open KV bucket %s: %w", bucket, err)
	}
	return kv, nil
}
