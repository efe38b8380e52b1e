package magento

import "context"

// documentEvent sends sales_order_<document>_save_after or its commit event.
func (s *Server) documentEvent(suffix string, d document) {
	event := "sales_order_" + d.kind().name + suffix
	s.hooks.emit(event, func(shape string) []byte {
		switch shape {
		case BodyBare:
			return restDocument(d)
		case bodyMetadata:
			return s.metadata(d.head().StoreID)
		}
		w := &phpWriter{model: true}
		if shape == bodyAdobe {
			w.flags = true
			w.object("", func() { d.write(w) })
			return w.buf
		}
		w.object("", func() {
			w.textAlways("event", event)
			w.object("data", func() { d.write(w) })
		})
		return w.buf
	})
}

// askOfDocument calls the Adobe Commerce Webhooks of a document's save.
func (s *Server) askOfDocument(ctx context.Context, d document) error {
	event := observer + "sales_order_" + d.kind().name + "_save_after"
	return s.askHooks(ctx, event, func() []byte {
		w := &phpWriter{model: true}
		w.object("", func() {
			w.textAlways("eventName", event)
			w.object("data", func() {
				w.object(d.kind().name, func() { d.write(w) })
			})
		})
		return w.buf
	})
}
