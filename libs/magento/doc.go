// Package magento is a client of the REST API of Magento Open Source, Adobe
// Commerce and Mage-OS, for what Magpie needs of orders, their documents,
// customers, products, prices and stock.
//
//	client.go      settings and the client
//	call.go        one call: sent or not, answered or not
//	refusal.go     what an answer's status means, as package failure's kinds
//	rules.go       refusals of shipments, customers, ... in words of the trade
//	message.go     Magento's message templates, filled in
//
//	search.go      searchCriteria
//	list.go        the lists that are searched, and their records
//	find.go        many records by their ids or keys in one search
//	sweep.go       records changed in a window, paged by key
//	broken.go      records that make a whole page fail
//	numbered.go    lists that are paged by number
//	batch.go       writes of many rows, as many at once as the store takes
//
//	order.go       an order: its record verbatim, and the few fields read here
//	item.go        its rows
//	lookup.go      orders by their ids
//	together.go    single reads of orders, put together
//	write.go       comments and states
//	orderwrite.go  orders created, saved, canceled, held
//	document.go    shipments, invoices and credit memos of an order
//	ship.go        shipping and invoicing
//	customer.go    customers and their groups
//	product.go     products
//	price.go       base, special and tier prices
//	source.go      stock by source, and what is salable
//	stock.go       stock in the older form
//	shopper.go     stock as shoppers see it, by GraphQL
//	async.go       queued writes
//	store.go       websites, store views, their configuration
//	ping.go        which permissions the token has
//
// Records are kept as they came ([Order.Raw], [Record.JSON]): absent and null are the same,
// numbers keep their digits, fields of third-party modules stay.
//
// Words: a store view belongs to a website; a pair of Magpie is one website, and
// an order of another website is foreign. An order is broken when Magento fails
// on loading it, alone or in a list (magento/magento2 issue 36213).
package magento
