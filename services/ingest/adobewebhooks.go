package ingest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
)

// adobeWebhook takes a webhook of Adobe Commerce. Its answer can stop a
// checkout, so whatever comes of it the answer is success: what is not stored
// is counted, and left to the sweep.
func (d *door) adobeWebhook(w http.ResponseWriter, req *http.Request, pair string, hook Hook, body []byte) {
	// The store may hang up at its own time-out; the notice is wanted all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(req.Context()), d.cfg.AckWait)
	defer cancel()
	if refused := d.take(ctx, pair, hook, req, body); refused != nil {
		d.metrics.WebhookLeft(pair, refused.Code)
		slog.WarnContext(ctx, "a webhook is left to the sweep", "role", "ingest", "pair", pair, "error", refused.Error)
	}
	d.metrics.Webhook(pair, http.StatusOK)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"op":"success"}`) // the store may be gone
}
