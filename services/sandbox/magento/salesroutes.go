package magento

// salesRoutes adds what belongs to orders after they are placed, and to what is
// salable.
func (s *Server) salesRoutes(get, post, put, del func(path, resource string, fn service)) {
	get("/V1/invoices", "Magento_Sales::sales_invoice", s.searchInvoices)
	get("/V1/invoices/{id}", "Magento_Sales::sales_invoice", s.getInvoice)
	post("/V1/invoices/{id}/capture", "Magento_Sales::sales_invoice", s.captureInvoice)
	get("/V1/shipments", "Magento_Sales::shipment", s.searchShipments)
	get("/V1/shipment/{id}", "Magento_Sales::shipment", s.getShipment)
	get("/V1/shipment/{id}/comments", "Magento_Sales::shipment", s.getShipmentComments)
	post("/V1/shipment/{id}/comments", "Magento_Sales::shipment", s.commentShipment)
	post("/V1/shipment/track", "Magento_Sales::shipment", s.saveTrack)
	del("/V1/shipment/track/{id}", "Magento_Sales::shipment", s.deleteTrack)
	get("/V1/creditmemos", "Magento_Sales::sales_creditmemo", s.searchCreditmemos)
	get("/V1/creditmemo/{id}", "Magento_Sales::sales_creditmemo", s.getCreditmemo)
	get("/V1/transactions", "Magento_Sales::transactions_fetch", s.searchTransactions)
	get("/V1/transactions/{id}", "Magento_Sales::transactions_fetch", s.getTransaction)
	post("/V1/order/{id}/invoice", "Magento_Sales::invoice", s.invoiceOrder)
	post("/V1/order/{id}/ship", "Magento_Sales::ship", s.shipOrder)
	post("/V1/order/{id}/refund", "Magento_Sales::creditmemo", s.refundOrder)
	post("/V1/invoice/{id}/refund", "Magento_Sales::sales_creditmemo", s.refundInvoice)
	put("/V1/orders/{id}", "Magento_Sales::create", s.saveOrderAddress)

	get("/V1/inventory/stocks", "Magento_InventoryApi::stock", s.searchStocks)
	get("/V1/inventory/stocks/{id}", "Magento_InventoryApi::stock", s.getStock)
	get("/V1/inventory/sources", "Magento_InventoryApi::source", s.searchSources)
	get("/V1/inventory/sources/{code}", "Magento_InventoryApi::source", s.getSource)
	get("/V1/inventory/stock-source-links", "Magento_InventoryApi::stock_source_link", s.searchStockSourceLinks)
	get("/V1/inventory/stock-resolver/{type}/{code}", "Magento_InventoryApi::stock", s.resolveStock)
	get("/V1/inventory/get-product-salable-quantity/{sku}/{stock}", "Magento_InventoryApi::stock", s.getSalableQuantity)
	get("/V1/inventory/is-product-salable/{sku}/{stock}", "Magento_InventoryApi::stock", s.isProductSalable)
	get("/V1/inventory/is-product-salable-for-requested-qty/{sku}/{stock}/{qty}", "Magento_InventoryApi::stock", s.isProductSalableForRequestedQty)
	get("/V1/inventory/are-products-salable", "Magento_InventoryApi::stock", s.areProductsSalable)
	get("/V1/inventory/export-stock-salable-qty/{type}/{code}", "Magento_InventoryApi::stock", s.exportStock)
	get("/V1/inventory/dump-stock-index-data/{type}/{code}", "Magento_InventoryApi::stock", s.dumpStock)
}
