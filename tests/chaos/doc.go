// Package chaos proves the product's main promise from outside: real processes
// of the real binary, both sandboxes, real signals. Whatever is killed, and
// however both systems misbehave, each order is in GP exactly once, to the
// cent, and each Magento order says so. The judge reads only the sandboxes'
// databases.
package chaos
