// Package webhook verifies that a webhook's body comes from the store and reads
// from it which record it is about. It opens no connection and decodes no
// document: a webhook is a hint, and the record is read by REST afterwards.
//
//	v, err := webhook.New(cfg)          // once; errors name the key of the setting
//	err = v.Verify(r.Header, body)      // constant time; ErrSignature
//	notice, err := webhook.Parse(cfg, r.Header, suffix, body)
//
// Bodies that are understood:
//
//	{"event":"sales_order_save_after","data":{...}}             Magpie's own form
//	{"event":"...","data":{"order":{...}}}                      an observer's arguments
//	{"increment_id":"000000123","items":[...],"payment":{...}}  the bare entity
//	{"entity_id":123,"status":"processing"}                     an echo with the changed fields only
//
// Sources: Adobe's extensibility docs, webhooks/hooks and webhooks/responses;
// Mage-OS Async Events (bare entity, HMAC in hexadecimal without a prefix);
// Magento core, Framework/Model/AbstractModel (names of the events).
package webhook
