// Package webhook verifies that a webhook's body comes from the store and reads
// from it which record it is about. It decodes no document: a webhook is a hint,
// and the record is read by REST afterwards. It opens no connection but one: for
// the scheme "adobe-io" it fetches Adobe's public keys from a constant host.
//
//	v, err := webhook.New(cfg)          // once; errors name the key of the setting
//	err = v.Verify(ctx, r.Header, body) // constant time; ErrSignature
//	notice, err := webhook.Parse(cfg, r.Header, suffix, body)
//
// Bodies that are understood:
//
//	{"event":"sales_order_save_after","data":{...}}             Magpie's own form
//	{"event":"...","data":{"order":{...}}}                      an observer's arguments
//	{"eventName":"observer...","data":{"order":{...}}}          the same, of Adobe's webhooks
//	{"order":{...},"result":{...}}                              a plugin's arguments and result
//	{"increment_id":"000000123","items":[...],"payment":{...}}  the bare entity
//	{"entity_id":123,"status":"processing"}                     an echo with the changed fields only
//
// [CloudEvents] reads those of Adobe I/O Events, where one body may hold several.
//
// Sources: Adobe's extensibility docs, webhooks/hooks, webhooks/responses and
// webhooks/signature-verification; Adobe I/O Events, guides and support/faq;
// Mage-OS Async Events (bare entity, HMAC in hexadecimal without a prefix);
// Magento core, Framework/Model/AbstractModel (names of the events).
package webhook
