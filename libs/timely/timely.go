// Package timely keeps an HTTP request from being sent after its time is over.
//
// net/http looks at a request's context before it dials and not again: a
// process that is frozen in between (a paused machine, a long collection)
// sends when it wakes, however late. A write that lands so late lands after
// its claim was taken over (package claim). The body is read right before the
// bytes go to the kernel, so looking at the clock there leaves microseconds of
// that window.
package timely

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Guard makes the request's body unreadable once its context's deadline has
// passed. A request without a body has nothing to hold back.
func Guard(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody {
		return
	}
	r.Body = body{r.Body, r.Context()}
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			b, err := again()
			if err != nil {
				return nil, err
			}
			return body{b, r.Context()}, nil
		}
	}
}

type body struct {
	io.ReadCloser
	ctx context.Context //nolint:containedctx // the body's time is its request's
}

// Read implements io.Reader. It asks the clock and not ctx.Err, which is set by
// a timer that may not have run yet.
func (b body) Read(p []byte) (int, error) {
	if deadline, ok := b.ctx.Deadline(); ok && time.Now().After(deadline) {
		return 0, context.DeadlineExceeded
	}
	return b.ReadCloser.Read(p)
}
