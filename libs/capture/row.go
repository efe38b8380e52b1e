package capture

import (
	"bytes"
	"time"

	"github.com/magpie-integration/magpie/events"
)

// noticeID names the notice of a row, so that the same news from repeated looks
// and from other replicas is one notice. It is empty for a row that is no news.
func (s *sweep) noticeID(subject events.Subject, row Row, last previous, began time.Time) string {
	switch {
	case row.Key == "": // the capture will say what is wrong with it
		return "broken:" + subject.Pair + ":" + string(subject.System()) + "." + string(subject.Entity) + ":" + string(events.InternalID(row.ID))
	case row.Record != nil:
		// The record alone: a change of what it is related to is noticed with that.
		clean, _ := content(row.Record)
		hash := hashOf(clean, nil)
		if hash == last.hash || bytes.Equal(clean, last.record) {
			return ""
		}
		return changeID(subject, hash, last)
	case !s.Cursor || row.ModifiedAt.IsZero():
		return digest("%s\n%s\n%s", subject, s.Way, began.Format(time.RFC3339Nano)) // each look is news
	case s.noticed[row.Key].Equal(row.ModifiedAt):
		return ""
	default:
		return digest("%s\n%s", subject, row.ModifiedAt.UTC().Format(time.RFC3339Nano))
	}
}

// forget drops what no look after this one, which came to that time, will see
// again.
func (s *sweep) forget(to time.Time) {
	oldest := to.Add(-s.Overlap)
	for key, stamp := range s.noticed {
		if stamp.Before(oldest) {
			delete(s.noticed, key)
		}
	}
}
