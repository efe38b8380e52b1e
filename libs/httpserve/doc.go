// Package httpserve runs the HTTP servers of a role: it binds first, serves
// until its context ends, and then lets what runs finish.
//
//	New ──▶ Listen (Addr is known) ──▶ Run ──ctx ends──▶ drain ──▶ returns
//
// It is net/http's Server with what must not be forgotten: time-outs on every
// phase, so that slow clients can't hold connections for ever; TLS 1.2 or newer
// with a certificate that is read again when its file changes; a drain that is
// bounded. A framework would add routing, which [http.ServeMux] does well
// enough here.
//
// [Health] is the handler that orchestrators and Prometheus talk to: /livez,
// /readyz and /metrics.
package httpserve
