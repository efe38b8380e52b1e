package claim

import "time"

// sighting is when this process first saw a record at one KV revision. Only
// the process's own monotonic clock is read: no two clocks are ever compared.
type sighting struct {
	revision uint64
	since    time.Time
}

func (s *Store) sighted(key string, revision uint64) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, ok := s.seen[key]
	if !ok || seen.revision != revision {
		seen = sighting{revision: revision, since: time.Now()}
		s.seen[key] = seen
	}
	return seen.since
}

func (s *Store) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, key)
}
