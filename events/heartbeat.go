package events

import "time"

// Heartbeat says that a process runs a role, and what a capture last read. It
// is no event: KV bucket heartbeats keeps the newest of each role and process.
type Heartbeat struct {
	Role    Role   `json:"role"`
	Version string `json:"version"`
	Host    string `json:"host"`
	// Instance tells apart the processes of a role: new at every start.
	Instance string    `json:"instance"`
	Started  time.Time `json:"started"`
	// At is when the heart beat, in UTC.
	At time.Time `json:"at"`
	// Readings are the last ones of a capture, one for each pair, entity and way.
	Readings []Reading `json:"readings,omitempty"`
}

// The ways in which a capture reads its system.
const (
	WaySweep   = "sweep"
	WayNotices = "notices"
)

// Reading is one look of a capture at its system, whether or not there was
// anything to see.
type Reading struct {
	Pair   string `json:"pair"`
	System System `json:"system"`
	// Entity is what was read.
	Entity Entity `json:"entity,omitempty"`
	// Way is "notices", or a sweep's own name: "sweep" where an entity has one.
	Way string `json:"way"`
	// At is when the last look ended well, in UTC; zero before the first.
	At time.Time `json:"at,omitzero"`
	// Rows is how many records it read.
	Rows int `json:"rows"`
	// Newest is the time that the system gave the newest of them, if it read any.
	Newest time.Time `json:"newest,omitzero"`
	// Due is when the next look is due; zero for a way that waits to be told.
	Due time.Time `json:"due,omitzero"`
	// Problem is what went wrong since, if the newest look failed.
	Problem string `json:"problem,omitempty"`
}
