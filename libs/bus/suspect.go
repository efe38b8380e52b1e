package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// deaths of a process, while it handles one message, make that one poison.
const deaths = 5

// counted runs handle and, for a message that was delivered before, counts
// first how often that has begun without an end: a poison message that kills
// the process must not do so for ever. The server's own delivery count can't
// tell, since it also rises for messages that merely waited in the process that
// died; and suspects run one at a time, so that each is counted for itself.
//
// The first delivery costs nothing; only a redelivered message is written down.
// So the first death counts without having been seen, also against a message
// that merely waited then: the four after it are counted one by one.
func (c *Consumer) counted(ctx context.Context, d *Delivery, handle func() error) error {
	if !d.redelivered() {
		return handle()
	}
	begun, revision, err := c.begun(ctx, d)
	switch {
	case err != nil: // NATS is away; the handler will find out
		return handle()
	case begun >= deaths-1:
		c.cleared(ctx, d)
		return failure.Defect("bus.poison",
			fmt.Sprintf("handling this message has begun %d times and never ended: the process died each time", begun+1), nil)
	}
	if err := putKV(ctx, c.suspects, c.suspectKey(d), []byte(strconv.Itoa(begun+1)), revision); err != nil {
		c.log.Debug("a suspect could not be counted", "error", err)
	}
	defer c.cleared(context.WithoutCancel(ctx), d)
	return handle()
}

func (c *Consumer) begun(ctx context.Context, d *Delivery) (n int, revision uint64, err error) {
	entry, err := c.suspects.Get(ctx, c.suspectKey(d))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	n, _ = strconv.Atoi(string(entry.Value()))
	return n, entry.Revision(), nil
}

// cleared forgets a suspect: its handler came to an end, whichever.
func (c *Consumer) cleared(ctx context.Context, d *Delivery) {
	if err := c.suspects.Purge(ctx, c.suspectKey(d)); err != nil {
		c.log.Debug("a suspect could not be cleared", "error", err)
	}
}

// redelivered tells whether the message was delivered before, to any process.
func (d *Delivery) redelivered() bool {
	meta, err := d.msg.Metadata()
	return err == nil && meta.NumDelivered > 1
}

func (c *Consumer) suspectKey(d *Delivery) string {
	return c.Spec.Name + "." + strconv.FormatUint(d.Sequence, 10)
}
