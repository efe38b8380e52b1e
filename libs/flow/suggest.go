package flow

import (
	"slices"
	"strings"
)

// suggest names the known word that is nearest to one that isn't.
func suggest(word string, known []string) string {
	best, least := "", len(word)/2+2
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best != "" {
		return "did you mean " + best + "?"
	}
	known = slices.Sorted(slices.Values(known))
	if len(known) > 20 {
		known = append(known[:20], "...")
	}
	return "known are " + strings.Join(known, ", ")
}

// distance is the edit distance of Levenshtein.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, cost)
		}
	}
	return row[len(b)]
}
