// Package bus carries Magpie's events over NATS JetStream. It adds to the
// jetstream package what every role needs in the same way:
//
//   - the streams, KV buckets and consumers, declared in one table and applied
//     idempotently (topology.go);
//   - events as CloudEvents in the NATS binding's binary mode, published with
//     their id as Nats-Msg-Id and with the stream's acknowledgement (publish.go);
//   - consuming with one lane a key, so that a key's messages never run beside
//     each other in one process (consume.go). Across processes nothing is
//     ordered: there, writers order the effect (package claim);
//   - one place that turns a handler's error into an acknowledgement, a
//     scheduled retry or a dead letter (settle.go).
//
// The life of a message in a consumer:
//
//	fetched ──lane──▶ handler ──nil──────────────▶ ack
//	                    │ ├──Wait(d)──────────────▶ scheduled, not counted; ack
//	                    │ ├──transient────────────▶ scheduled with back-off, counted; ack
//	                    │ │                          └─ confined to this key for too long ─▶ dead
//	                    │ ├──rejected, conflict,───▶ dead letter; ack
//	                    │ │  defect, panic
//	                    │ └──ErrPaused────────────▶ stays in its lane until the gate opens
//	                    └─the process dies────────▶ redelivered; the fifth death is a dead letter
//
// Publishing always comes before acknowledging, so a crash in between repeats
// and never loses; ids make the repetition one message.
package bus
