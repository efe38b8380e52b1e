package magento

import (
	"fmt"
	"time"
)

// WebhookFaults is what goes wrong with events on their way.
type WebhookFaults struct {
	// DropRate is the share that is never sent: only a sweep finds the change.
	DropRate float64 `json:"dropRate"`
	// DuplicateRate is the share that is sent twice.
	DuplicateRate float64 `json:"duplicateRate"`
	// DelayMax delays each event by a random part of itself.
	DelayMax time.Duration `json:"delayMax"`
	// ReorderRate is the share that later events overtake.
	ReorderRate float64 `json:"reorderRate"`
}

func (f WebhookFaults) validate() error {
	for _, rate := range []float64{f.DropRate, f.DuplicateRate, f.ReorderRate} {
		if rate < 0 || rate > 1 {
			return fmt.Errorf("magento: rate %v is not a share between 0 and 1", rate)
		}
	}
	if f.DelayMax < 0 {
		return fmt.Errorf("magento: delay %v is negative", f.DelayMax)
	}
	return nil
}

// SetWebhookFaults replaces what goes wrong with events.
func (s *Server) SetWebhookFaults(f WebhookFaults) error {
	if err := f.validate(); err != nil {
		return err
	}
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.faults = f
	return nil
}

// WebhookFaults returns what goes wrong with events.
func (s *Server) WebhookFaults() WebhookFaults {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	return s.hooks.faults
}
