// Package capture reads whole records from a system and publishes them as
// changes.
package capture
