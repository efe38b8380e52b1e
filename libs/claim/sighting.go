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
	if !ok && len(s.seen) >= sightingsKept {
		s.prune()
	}
	if !ok || seen.revision != revision {
		seen = sighting{revision: revision, since: time.Now()}
		s.seen[key] = seen
	}
	return seen.since
}

// sightingsKept bounds the memory of claims that others finished unseen.
const sightingsKept = 10_000

// prune forgets what nobody has looked at for a day: a claim that is still
// unfinished then is sighted anew.
func (s *Store) prune() {
	for key, seen := range s.seen {
		if time.Since(seen.since) > 24*time.Hour {
			delete(s.seen, key)
		}
	}
}

func (s *Store) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.seen, key)
}
