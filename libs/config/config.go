package config

import "time"

// Config is the configuration of Magpie: one document for all roles.
type Config struct {
	// NATS is the server that carries all messages.
	NATS NATS `yaml:"nats"`
	// HTTP is where Magpie listens.
	HTTP HTTP `yaml:"http"`
	// Telemetry says where traces go.
	Telemetry Telemetry `yaml:"telemetry"`
	// Log says what is logged, and how.
	Log Log `yaml:"log"`
	// Pairs are the integration pairs: a Magento website and a GP company each.
	Pairs []Pair `yaml:"pairs"`
	// Retry says when a failure that only one record has goes to a person.
	Retry Retry `yaml:"retry"`
	// Keep is how long finished messages stay in the streams, as history.
	Keep time.Duration `yaml:"keep" jsonschema:"default=336h"`
}

// Pair finds a pair by its name.
func (c *Config) Pair(name string) (*Pair, bool) {
	for i := range c.Pairs {
		if c.Pairs[i].Name == name {
			return &c.Pairs[i], true
		}
	}
	return nil, false
}

// Embedded is the NATS URL that stands for a server inside the process.
const Embedded = "embedded"

// NATS is the server that carries all messages.
type NATS struct {
	// URL is "embedded" for a server inside the process, or nats://host:4222;
	// several are separated by commas.
	URL string `yaml:"url" jsonschema:"default=embedded"`
	// Store is the folder of the embedded server's streams.
	Store string `yaml:"store" jsonschema:"default=./data"`
	// Listen is where the embedded server takes other clients.
	Listen string `yaml:"listen" jsonschema:"default=127.0.0.1:4222"`
	// Sync is when the embedded server syncs to disk: "always", before it
	// acknowledges, or a duration, which is what a power cut may lose.
	Sync Sync `yaml:"sync" jsonschema:"default=always"`
	// Creds is the path of a NATS credentials file.
	Creds string `yaml:"creds"`
	// TLS is used with an external server.
	TLS *ClientTLS `yaml:"tls"`
}

// Embedded tells whether the server runs inside this process.
func (n NATS) Embedded() bool { return n.URL == Embedded }

// ClientTLS are the paths of the PEM files with which a client connects.
type ClientTLS struct {
	// CA verifies the server; without it the system's roots do.
	CA string `yaml:"ca"`
	// Cert is this client's certificate, if the server asks for one.
	Cert string `yaml:"cert"`
	// Key is the certificate's key.
	Key string `yaml:"key"`
}

// HTTP is where Magpie listens. Port 0 takes any free port.
type HTTP struct {
	// Ingest takes webhooks; the only one that faces the internet.
	Ingest Listener `yaml:"ingest" jsonschema:"default=127.0.0.1:8081"`
	// Console is for people.
	Console Listener `yaml:"console" jsonschema:"default=127.0.0.1:8080"`
	// Health has /livez, /readyz and /metrics.
	Health Listener `yaml:"health" jsonschema:"default=127.0.0.1:8082"`
	// TLS is for each of them that has none of its own.
	TLS *ServerTLS `yaml:"tls"`
	// MaxWebhook is the largest body of a webhook, in bytes.
	MaxWebhook int `yaml:"max_webhook" jsonschema:"minimum=1024,maximum=8388608,default=1048576"`
}

// Listener is an address, with TLS if it is to have it. It may be written as
// the address alone.
type Listener struct {
	// Listen is host:port; without a host all interfaces.
	Listen string `yaml:"listen" config:"short"`
	// TLS makes it https. After Load it is http.tls where it was not given.
	TLS *ServerTLS `yaml:"tls"`
}

// ServerTLS are the paths of a server's PEM files. They are read again when
// they change.
type ServerTLS struct {
	// Cert is the certificate chain.
	Cert string `yaml:"cert"`
	// Key is the certificate's key.
	Key string `yaml:"key"`
}

// Telemetry says where traces go.
type Telemetry struct {
	// OTLP is a collector's OTLP/HTTP URL, such as http://127.0.0.1:4318; without
	// it nothing is exported.
	OTLP string `yaml:"otlp"`
}

// Log says what is logged, and how.
type Log struct {
	// Level is the least severe level that is logged.
	Level string `yaml:"level" jsonschema:"enum=debug,enum=info,enum=warn,enum=error,default=info"`
	// Format is json for machines, text for people.
	Format string `yaml:"format" jsonschema:"enum=json,enum=text,default=json"`
}

// Retry says when a failure that only one record has goes to a person, instead
// of being tried again.
type Retry struct {
	// StuckAfter is how long after the first try.
	StuckAfter time.Duration `yaml:"stuck_after" jsonschema:"default=24h"`
	// Tries is after how many tries.
	Tries int `yaml:"tries" jsonschema:"minimum=1,default=20"`
	// NeedsAfter is how long a record waits for another that it needs: a shipment
	// for its order.
	NeedsAfter time.Duration `yaml:"needs_after" jsonschema:"default=24h"`
}
