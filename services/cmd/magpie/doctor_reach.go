package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// reached is what one plain request to a server shows. It carries no
// credentials, so that it can be sent to whatever answers there.
type reached struct {
	sent, received time.Time
	date           time.Time // the server's clock, in whole seconds; zero if it tells none
	redirect       string    // where it sends callers on to, without the query
	expires        time.Time // of its certificate; zero without TLS
}

// reach asks a server for an address and does not follow where it points to.
func reach(ctx context.Context, address, ca string) (reached, error) {
	transport, err := transportFor(ca, 1)
	if err != nil {
		return reached{}, err
	}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return reached{}, err
	}
	r.Header.Set("User-Agent", "Magpie doctor")
	r.Header.Set("Accept", "application/json, */*;q=0.1")
	at := reached{sent: time.Now()}
	resp, err := transport.RoundTrip(r)
	at.received = time.Now()
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return at, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16)) // only the head is of interest
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		at.date = date
	}
	if resp.StatusCode/100 == 3 {
		at.redirect = "another address"
		if to, err := resp.Location(); err == nil {
			at.redirect = (&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String()
		}
	}
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		at.expires = resp.TLS.PeerCertificates[0].NotAfter
		for _, c := range resp.TLS.PeerCertificates { // the chain breaks with its first
			if c.NotAfter.Before(at.expires) {
				at.expires = c.NotAfter
			}
		}
	}
	return at, nil
}

// expiresSoon is when a certificate should have been renewed: those of Let's
// Encrypt are renewed 30 days before.
const expiresSoon = 21 * 24 * time.Hour

// answers notes whether a server is there, without a redirect, and how long its
// certificate lasts.
func answers(n *notes, address, setting string, at reached, err error) {
	switch {
	case err != nil:
		fix := "start the server, or correct " + setting + ", the name's DNS, the port or the firewall between"
		if mend, is := failure.TLS(err); is {
			fix = mend
		}
		n.fail("address", fmt.Sprintf("nothing answers at %s: %v", address, bare(err)), fix)
		return
	case at.redirect != "":
		n.fail("address", fmt.Sprintf("%s redirects to %s, and calls are not sent after a redirect", address, at.redirect),
			"set "+setting+" to the address that does not redirect; where it is a login page, let Magpie's address through")
		return
	}
	n.ok("address", address+" answers")
	switch left := at.expires.Sub(at.received); {
	case at.expires.IsZero():
	case left < expiresSoon:
		n.warn("certificate", fmt.Sprintf("expires in %d days, on %s", int(left.Hours()/24), at.expires.Format(time.DateOnly)),
			"renew it: with an expired one no call is sent")
	default:
		n.ok("certificate", "is good until "+at.expires.Format(time.DateOnly))
	}
}

// bare takes the address off an HTTP error, which repeats it.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// tolerated is the skew of clocks that nobody need care about: more than a
// Date header's whole seconds and a slow answer make by themselves.
const tolerated = 2 * time.Second

// skew is how far another clock is ahead of ours (less than zero: behind),
// when it showed a time between first and last while ours went from sent to
// received. What the way can explain is no skew.
func skew(first, last, sent, received time.Time) time.Duration {
	if least := first.Sub(received); least > 0 {
		return least
	}
	return min(last.Sub(sent), 0)
}

// skew of the server's Date header, which has whole seconds.
func (at reached) skew() time.Duration {
	return skew(at.date, at.date.Add(time.Second), at.sent, at.received)
}

// clock notes a skew; effect says what it does, harmful from when it is a failure.
func clock(n *notes, whose string, off time.Duration, effect string, harmful time.Duration) {
	const fix = "let both machines take their time from NTP (timedatectl; w32tm)"
	direction := "ahead"
	if off < 0 {
		direction = "behind"
	}
	switch text := fmt.Sprintf("%s clock is %s %s of this machine's: %s", whose, off.Abs().Round(time.Second), direction, effect); {
	case off.Abs() <= tolerated:
		n.ok("clock", "agrees with this machine's")
	case harmful > 0 && off.Abs() > harmful:
		n.fail("clock", text, fix)
	default:
		n.warn("clock", text, fix)
	}
}
