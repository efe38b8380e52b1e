// Package magento is a Magento 2 store for development and tests: a catalogue,
// customers, shoppers who place orders, the REST API that an integration uses,
// and webhooks, all inside one process over an embedded SQLite database.
//
// It is written from the contract of Magento's REST API and imports nothing of
// Magpie but fault injection, so that a mistake in Magpie's client can't hide
// behind the same mistake here. What it promises is the contract's surprises:
// absent instead of null, templates instead of messages, a wrong verb that is
// 404, comments that change the status, events that come several times and
// before their row can be read.
//
//	shopper ─▶ Place ─▶ totals ─┬─▶ sales_order_save_after ───────▶ webhook
//	                            │        … CommitDelay …
//	                            └─▶ commit ─▶ …_save_commit_after ─▶ webhook
//
//	/rest/<store>/V1/…   the store's API (Bearer token)
//	/_sandbox/…          what a tester does: place, cancel, break things
//
// Compared with a real Magento in a container it starts in milliseconds, can
// be told to fail, and counts what it was asked.
package magento
