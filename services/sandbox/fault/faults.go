package fault

import (
	"encoding/json"
	"fmt"
	"time"
)

// The ways of being down.
const (
	Up         = ""       // not down
	DownRefuse = "refuse" // the connection is reset
	Down503    = "503"    // an HTML error page without Retry-After
	DownHang   = "hang"   // no answer until the client leaves or the fault is lifted
)

// Faults says what goes wrong and how often. The zero value is a server that
// works. Rates are shares between 0 and 1.
//
// As JSON the names are lower camel case and durations are text such as
// "200ms".
type Faults struct {
	// Latency delays each request; LatencyJitter adds a random part of itself.
	Latency       time.Duration
	LatencyJitter time.Duration
	// ErrorRate is the share answered 500 before any work is done.
	ErrorRate float64
	// ThrottleRate is the share answered 429 with Retry-After: 1.
	ThrottleRate float64
	// Down is one of Up, DownRefuse, Down503, DownHang.
	Down string
	// LostAnswerRate is the share whose work is done and whose answer is not
	// sent: the connection is cut.
	LostAnswerRate float64
	// InsteadRate is the share that gets another answer before any work is done:
	// Instead, the name of one of Options.Answers.
	InsteadRate float64
	Instead     string
	// LostAnswerOn limits LostAnswerRate, ErrorRate and InsteadRate to requests
	// whose "METHOD path SOAPAction" matches this regular expression.
	LostAnswerOn string
	// SlowAbove and SlowBy delay a request by SlowBy when it is one of more
	// than SlowAbove under way.
	SlowAbove int
	SlowBy    time.Duration
	// TruncateRate is the share whose body is cut in the middle.
	TruncateRate float64
}

// wire is Faults as JSON.
type wire struct {
	Latency        duration `json:"latency"`
	LatencyJitter  duration `json:"latencyJitter"`
	ErrorRate      float64  `json:"errorRate"`
	ThrottleRate   float64  `json:"throttleRate"`
	Down           string   `json:"down"`
	LostAnswerRate float64  `json:"lostAnswerRate"`
	InsteadRate    float64  `json:"insteadRate"`
	Instead        string   `json:"instead"`
	LostAnswerOn   string   `json:"lostAnswerOn"`
	SlowAbove      int      `json:"slowAbove"`
	SlowBy         duration `json:"slowBy"`
	TruncateRate   float64  `json:"truncateRate"`
}

func (f Faults) wire() wire {
	return wire{
		Latency: duration(f.Latency), LatencyJitter: duration(f.LatencyJitter),
		ErrorRate: f.ErrorRate, ThrottleRate: f.ThrottleRate, Down: f.Down,
		LostAnswerRate: f.LostAnswerRate, InsteadRate: f.InsteadRate, Instead: f.Instead, LostAnswerOn: f.LostAnswerOn,
		SlowAbove: f.SlowAbove, SlowBy: duration(f.SlowBy), TruncateRate: f.TruncateRate,
	}
}

func (w wire) faults() Faults {
	return Faults{
		Latency: time.Duration(w.Latency), LatencyJitter: time.Duration(w.LatencyJitter),
		ErrorRate: w.ErrorRate, ThrottleRate: w.ThrottleRate, Down: w.Down,
		LostAnswerRate: w.LostAnswerRate, InsteadRate: w.InsteadRate, Instead: w.Instead, LostAnswerOn: w.LostAnswerOn,
		SlowAbove: w.SlowAbove, SlowBy: time.Duration(w.SlowBy), TruncateRate: w.TruncateRate,
	}
}

// MarshalJSON writes the form that the admin API answers.
func (f Faults) MarshalJSON() ([]byte, error) { return json.Marshal(f.wire()) }

// UnmarshalJSON reads the given names over f and keeps the others, so decoding
// into the current faults is a patch.
func (f *Faults) UnmarshalJSON(b []byte) error {
	w := f.wire()
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	*f = w.faults()
	return nil
}

// duration is a time.Duration that reads and writes "1.5s".
type duration time.Duration

func (d duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

func (d *duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("fault: %w", err)
	}
	*d = duration(v)
	return nil
}
