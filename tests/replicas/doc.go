// Package replicas proves the protocol of packages claim and effect with real
// processes: three replicas of one writer share a durable consumer while one is
// killed and one is frozen for longer than its lease and then woken.
//
//	test process                                   replica processes (the same binary)
//	broker, workload ──COMMANDS (TCP)──▶ bus.Consumer ──▶ effect.Apply ──┐
//	target: an HTTP server that keeps the books ◀──ask, create, update───┘
//
// What is judged is what the target saw. A process can't be the witness: one
// that is frozen believes that it is alone.
//
// MAGPIE_SEED repeats a run's workload and faults (the schedule of the
// processes is the machine's), MAGPIE_SOAK=1 makes it larger.
package replicas
