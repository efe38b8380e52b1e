// Package jaeger finds orders' traces where people look for them: in a real
// Jaeger, by the order's number, after the real binary has carried the orders
// from one sandbox to the other and back. `make jaeger` builds Jaeger first;
// without its binary the tests are skipped.
package jaeger
