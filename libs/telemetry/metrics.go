package telemetry

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Metrics are the numbers that a running Magpie is judged by. Its methods are
// safe for concurrent use, and do nothing on nil, so that a library's tests
// need no registry. Labels take few values by design: a key or an order number
// is never one, and a pair is one only where it comes from the configuration.
type Metrics struct {
	events     *prometheus.CounterVec
	handler    *prometheus.HistogramVec
	endToEnd   *prometheus.HistogramVec
	breaker    *prometheus.GaugeVec
	pending    *prometheus.GaugeVec
	ackPending *prometheus.GaugeVec
	oldest     *prometheus.GaugeVec
	dead       *prometheus.CounterVec
	stalled    *prometheus.CounterVec
	webhooks   *prometheus.CounterVec
	left       *prometheus.CounterVec
	heartbeat  *prometheus.GaugeVec
}

// handlerBuckets reach from a write to a local store to a call of GP that ran
// into its time-out.
var handlerBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// endToEndBuckets reach from a quick order to one that waited out a week's outage.
var endToEndBuckets = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4 * 3600, 24 * 3600, 7 * 24 * 3600}

// NewMetrics makes the metrics and registers them; it panics, as Prometheus
// does, when they are registered already.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		events: counter("magpie_events_total",
			"Events by word, role and what became of them.", "word", "role", "result"),
		handler: histogram("magpie_handler_duration_seconds",
			"Time that a role's handler took, by result.", handlerBuckets, "role", "result"),
		endToEnd: histogram("magpie_end_to_end_seconds",
			"Time from a record's creation in its own system to its write in the target, by entity.", endToEndBuckets, "entity"),
		breaker: gauge("magpie_breaker_state",
			"Circuit breaker by scope: 0 closed, 1 half-open, 2 open.", "scope"),
		pending: gauge("magpie_consumer_pending_messages",
			"Messages that wait in the stream for a consumer.", "role", "consumer"),
		ackPending: gauge("magpie_consumer_ack_pending_messages",
			"Messages that a consumer has fetched and not acknowledged.", "role", "consumer"),
		oldest: gauge("magpie_consumer_oldest_message_age_seconds",
			"Age of the oldest message that a consumer has not acknowledged; 0 when there is none.", "role", "consumer"),
		dead: counter("magpie_dead_letters_total",
			"Dead letters by role, kind of failure and code.", "role", "kind", "code"),
		stalled: counter("magpie_consumer_stalled_total",
			"Consumers that handed out nothing although messages waited, and were made again.", "role", "consumer"),
		webhooks: counter("magpie_webhooks_total",
			"Webhook calls by pair and the HTTP status they were answered with.", "pair", "status"),
		left: counter("magpie_webhooks_left_total",
			"Webhooks answered with success though they were not stored, by pair and cause: the sweep finds their records.", "pair", "code"),
		heartbeat: gauge("magpie_capture_heartbeat_timestamp_seconds",
			"Unix time at which a capture last finished looking at its system.", "pair", "system"),
	}
	registerer.MustRegister(m.events, m.handler, m.endToEnd, m.breaker, m.pending, m.ackPending, m.oldest,
		m.dead, m.stalled, m.webhooks, m.left, m.heartbeat)
	return m
}

// newRegistry makes a registry with what every process shows: the Go runtime,
// the process, and which build it is.
func newRegistry(c Config) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "magpie_build_info", Help: "Always 1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": c.Version, "service": c.Service},
	})
	build.Set(1)
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewBuildInfoCollector(),
		build,
	)
	return registry
}

// Event counts one event: its word, the role that had it, and what became of it.
func (m *Metrics) Event(word, role, result string) {
	if m != nil {
		m.events.WithLabelValues(word, role, result).Inc()
	}
}

// Handled records how long a role's handler took and how it ended.
func (m *Metrics) Handled(role, result string, took time.Duration) {
	if m != nil {
		m.handler.WithLabelValues(role, result).Observe(took.Seconds())
	}
}

// EndToEnd records the time from a record's notice to its write in the target.
func (m *Metrics) EndToEnd(entity string, took time.Duration) {
	if m != nil {
		m.endToEnd.WithLabelValues(entity).Observe(took.Seconds())
	}
}

// BreakerState is a circuit breaker's state, as its gauge shows it.
type BreakerState int

// The states of a circuit breaker.
const (
	BreakerClosed   BreakerState = 0
	BreakerHalfOpen BreakerState = 1
	BreakerOpen     BreakerState = 2
)

// Breaker shows the state of the breaker of a scope.
func (m *Metrics) Breaker(scope string, state BreakerState) {
	if m != nil {
		m.breaker.WithLabelValues(scope).Set(float64(state))
	}
}

// Lag is how far a consumer is behind its stream.
type Lag struct {
	// Pending messages were not delivered yet.
	Pending uint64
	// AckPending messages were delivered and not acknowledged.
	AckPending int
	// Oldest is the age of the oldest of both; zero when there is none.
	Oldest time.Duration
}

// Lag shows how far a role's consumer is behind.
func (m *Metrics) Lag(role, consumer string, lag Lag) {
	if m != nil {
		m.pending.WithLabelValues(role, consumer).Set(float64(lag.Pending))
		m.ackPending.WithLabelValues(role, consumer).Set(float64(lag.AckPending))
		m.oldest.WithLabelValues(role, consumer).Set(lag.Oldest.Seconds())
	}
}

// DeadLetter counts a dead letter.
func (m *Metrics) DeadLetter(role, kind, code string) {
	if m != nil {
		m.dead.WithLabelValues(role, kind, code).Inc()
	}
}

// Stalled counts a consumer that the watchdog made again.
func (m *Metrics) Stalled(role, consumer string) {
	if m != nil {
		m.stalled.WithLabelValues(role, consumer).Inc()
	}
}

// Webhook counts a webhook call. Give "" as the pair of a call that names none
// of the configured ones: a stranger must not make labels.
func (m *Metrics) Webhook(pair string, status int) {
	if m != nil {
		m.webhooks.WithLabelValues(pair, strconv.Itoa(status)).Inc()
	}
}

// WebhookLeft counts a webhook that was answered with success and not stored,
// because its answer can stop a checkout; code says why.
func (m *Metrics) WebhookLeft(pair, code string) {
	if m != nil {
		m.left.WithLabelValues(pair, code).Inc()
	}
}

// Heartbeat shows when a capture last finished looking at its system, whether
// or not there was anything to see.
func (m *Metrics) Heartbeat(pair, system string, at time.Time) {
	if m != nil {
		m.heartbeat.WithLabelValues(pair, system).Set(float64(at.UnixMilli()) / 1000)
	}
}
