package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

type orderCmd struct {
	Place  placeCmd  `cmd:"" help:"Place an order in the sandbox store, as a random shopper or as a file says."`
	Edit   editCmd   `cmd:"" help:"Replace an order in the sandbox store, as editing it in the Admin does."`
	Cancel cancelCmd `cmd:"" help:"Cancel an order in the sandbox store."`
}

type placeCmd struct {
	File  string `arg:"" optional:"" type:"existingfile" help:"JSON of the order: guest, email, lines, coupon_code, shipping_method, payment_method."`
	Kind  string `help:"What sort of order a shopper places: bundle, virtual, gift-card-paid, surcharge, … (docs/sandbox.md has all)."`
	Count int    `short:"n" default:"1" help:"How many."`
}

// Run places orders through the sandbox's own API; a real store has none.
func (c placeCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	order := map[string]json.RawMessage{}
	if err := readObject(c.File, &order); err != nil {
		return err
	}
	if c.Kind != "" {
		order["kind"], _ = json.Marshal(c.Kind)
	}
	body, err := json.Marshal(order)
	if err != nil {
		return err
	}
	for range c.Count {
		var placed struct {
			IncrementID string `json:"increment_id"`
			EntityID    int64  `json:"entity_id"`
		}
		if err := root.sandboxStore(ctx, t, "/_sandbox/orders", body, &placed); err != nil {
			return err
		}
		if t.json {
			if err := t.print(placed); err != nil {
				return err
			}
			continue
		}
		fmt.Fprintf(t.out, "order %s is placed; magpie trace order %s\n", placed.IncrementID, placed.IncrementID)
	}
	return nil
}

type editCmd struct {
	Number      string        `arg:"" help:"The order's increment id."`
	File        string        `arg:"" optional:"" type:"existingfile" help:"JSON of what changes: lines, shipping_method, payment_method, shipping_address."`
	ParentFirst bool          `help:"Cancel the old order before the new one is placed."`
	Delay       time.Duration `help:"The time between the two."`
	Reorder     bool          `help:"Leave the old order alone, as the faulty re-order of 2.4.7."`
}

// Run edits an order in the sandbox store.
func (c editCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	edit := map[string]any{}
	if err := readObject(c.File, &edit); err != nil {
		return err
	}
	edit["parent_first"], edit["delay"], edit["reorder"] = c.ParentFirst, c.Delay.String(), c.Reorder
	body, err := json.Marshal(edit)
	if err != nil {
		return err
	}
	var placed struct {
		IncrementID string `json:"increment_id"`
	}
	if err := root.sandboxStore(ctx, t, "/_sandbox/orders/"+c.Number+"/edit", body, &placed); err != nil {
		return err
	}
	if t.json {
		return t.print(placed)
	}
	fmt.Fprintf(t.out, "order %s is placed; magpie trace order %s\n", placed.IncrementID, placed.IncrementID)
	return nil
}

// readObject reads a JSON object from a file; no file leaves it empty.
func readObject(path string, into any) error {
	if path == "" {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return failure.Rejected("cli.order", "", path+" is no JSON object: "+err.Error(), "docs/sandbox.md shows what an order may have")
	}
	return nil
}

type cancelCmd struct {
	Number string `arg:"" help:"The order's increment id."`
}

// Run cancels an order in the sandbox store.
func (c cancelCmd) Run(ctx context.Context, root *cli, t *terminal) error {
	if err := root.sandboxStore(ctx, t, "/_sandbox/orders/"+c.Number+"/cancel", []byte("{}"), nil); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "order %s is cancelled\n", c.Number)
	return nil
}

// sandboxStore posts to the sandbox store of the first pair.
func (c *cli) sandboxStore(ctx context.Context, t *terminal, path string, body []byte, into any) error {
	cfg, err := c.loadConfig(t)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cfg.Pairs[0].Magento.URL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return failure.Rejected("cli.sandbox", "", "the sandbox store does not answer: "+err.Error(),
			"start it with `magpie up` (without --config) or `magpie sandbox`")
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the store answered %s: %s (only a sandbox places orders by command)", resp.Status, bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
