// Package capture reads whole records from a system and publishes them as
// changes. A notice is a hint; the system's API is the truth: webhooks come
// several times, out of order, and before the record is committed, so every
// notice means "look at this record now".
//
//   - Waiting notices are taken together, and those of one key are one read,
//     made after the newest of them arrived.
//   - Publish order is read order: the key's last change is fetched before the
//     read begins, and the change is published only if it still is the last.
//     A slow reader that lost reads again.
//   - What reads as before is no change; that is an outcome, unchanged.
//   - A record that can't be found is waited for (webhooks come before the
//     commit: Magento core, Framework/Model/AbstractModel), and after a while
//     ends as "skipped: never committed".
//
// Sweeps find what nobody told of; they send notices too, and publish no change
// themselves.
//
// What is read of an entity, and how, is a [Reader]; all else is here, once for
// both systems. A new entity of a system is a new Reader in its capture.
package capture
