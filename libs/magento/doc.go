// Package magento is a client of the REST API of Magento Open Source, Adobe
// Commerce and Mage-OS, for what Magpie needs of orders and stores.
//
//	client.go      settings and the client
//	call.go        one call: sent or not, answered or not
//	refusal.go     what an answer's status means, as package failure's kinds
//	message.go     Magento's message templates, filled in
//	search.go      searchCriteria
//	order.go       an order: its record verbatim, and the few fields read here
//	lookup.go      many orders by their ids in one search
//	sweep.go       orders changed in a window, paged by key
//	broken.go      orders that make a whole page fail
//	write.go       comments and states
//	store.go       websites, store views, their configuration
//	ping.go        which permissions the token has
//
// Records are kept as they came ([Order.Raw]): absent and null are the same,
// numbers keep their digits, fields of third-party modules stay.
//
// Words: a store view belongs to a website; a pair of Magpie is one website, and
// an order of another website is foreign. An order is broken when Magento fails
// on loading it, alone or in a list (magento/magento2 issue 36213).
package magento
