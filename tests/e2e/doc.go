// Package e2e has tests of the whole product: the real binary runs every role,
// the sandboxes play both systems, and what became of an order is read in them.
package e2e
