package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/magpie-integration/magpie/libs/failure"
)

// epochRecord is what bucket meta remembers of the stream CHANGES.
type epochRecord struct {
	Epoch   uint64    `json:"epoch"`
	Created time.Time `json:"created"` // of the stream
	High    uint64    `json:"high"`    // the last sequence seen
}

const epochKey = "epoch"

// Epoch gives the first part of every revision. It rises when CHANGES is
// created anew, or is found behind what was seen of it before (restored from a
// backup): its sequences then begin again, and older claims are memories. An
// epoch is the time of its beginning in Unix seconds, so that it rises even
// when the bucket is lost too. Call it at start and from time to time, so that
// it knows how far CHANGES had come.
func (b *Bus) Epoch(ctx context.Context) (uint64, error) {
	kv, err := b.KV(ctx, Meta)
	if err != nil {
		return 0, err
	}
	for {
		s, err := b.js.Stream(ctx, Changes)
		if err != nil {
			return 0, failure.Down("nats.stream", "stream CHANGES can't be reached", err)
		}
		info := s.CachedInfo()
		have, revision, err := readEpoch(ctx, kv)
		if err != nil {
			return 0, err
		}
		next := have
		if !have.Created.Equal(info.Created) || info.State.LastSeq < have.High {
			next = epochRecord{Epoch: max(have.Epoch+1, uint64(max(time.Now().Unix(), 0))), Created: info.Created}
		}
		next.High = info.State.LastSeq
		if next == have {
			return have.Epoch, nil
		}
		data, err := json.Marshal(next)
		if err != nil {
			return 0, failure.Defect("bus.epoch", "the epoch can't be encoded", err)
		}
		switch err := putKV(ctx, kv, epochKey, data, revision); {
		case err == nil:
			return next.Epoch, nil
		case errors.Is(err, jetstream.ErrKeyExists):
			continue // another replica was faster
		default:
			return 0, fmt.Errorf("write the epoch: %w", err)
		}
	}
}

// putKV is a compare-and-set that also works on a key that was deleted.
func putKV(ctx context.Context, kv jetstream.KeyValue, key string, data []byte, revision uint64) error {
	var err error
	if revision == 0 {
		_, err = kv.Create(ctx, key, data)
	} else {
		_, err = kv.Update(ctx, key, data, revision)
	}
	return err
}

func readEpoch(ctx context.Context, kv jetstream.KeyValue) (r epochRecord, revision uint64, err error) {
	entry, err := kv.Get(ctx, epochKey)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return r, 0, nil
	}
	if err != nil {
		return r, 0, fmt.Errorf("read the epoch: %w", err)
	}
	if err := json.Unmarshal(entry.Value(), &r); err != nil {
		return r, 0, failure.Defect("bus.epoch", "the epoch can't be read", err)
	}
	return r, entry.Revision(), nil
}
