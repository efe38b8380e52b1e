package jsonscan

import "fmt"

// SyntaxError says where a text stops being JSON.
type SyntaxError struct {
	// Offset is the byte that can't stand where it is, or the text's length.
	Offset int
	// Reason is the rule that it breaks.
	Reason string
	// TooDeep tells that the text may be JSON, but passes the limit of depth.
	TooDeep bool
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("not JSON at byte %d: %s", e.Offset, e.Reason)
}

func syntax(offset int, reason string) *SyntaxError {
	return &SyntaxError{Offset: offset, Reason: reason}
}
