package webhook

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/magpie-integration/magpie/libs/failure"
)

// keyHost is where Adobe publishes the keys of I/O Events. It is a constant: a
// request says which key it is signed with, never whose key (Adobe's docs,
// events/docs/guides/sdk/sdk-signature-verification).
const keyHost = "https://static.adobeioevents.com"

// keyPath is what a request may name at that host.
var keyPath = regexp.MustCompile(`^/prod/keys/[A-Za-z0-9_-]{1,128}\.pem$`)

// Bounds of fetching. Adobe gives a delivery 10 s, connecting included.
const (
	keysKept   = 24 * time.Hour
	keysMax    = 16                      // Adobe signs with two at a time
	keyBytes   = 16 << 10                // a key of 4096 bits has 800 bytes of PEM
	keyWait    = 4 * time.Second         // for all keys of one webhook
	keyFetches = 4                       // at once: anyone can name a key that is not there
	codeNoKey  = "webhook.key_unfetched" // of the transient failure
)

// adobeKeys fetches and keeps the public keys of Adobe I/O Events.
type adobeKeys struct {
	client   *http.Client
	fetching chan struct{} // has room for those that fetch

	mu   sync.Mutex
	kept map[string]keptKey // by path
}

type keptKey struct {
	key     *rsa.PublicKey
	fetched time.Time
}

func newAdobeKeys(transport http.RoundTripper) *adobeKeys {
	return &adobeKeys{
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // the host is a constant
		}},
		fetching: make(chan struct{}, keyFetches),
		kept:     map[string]keptKey{},
	}
}

// get gives the key at a path that [keyPath] fits. Its errors are transient.
func (a *adobeKeys) get(ctx context.Context, path string) (*rsa.PublicKey, error) {
	if key := a.known(path); key != nil {
		return key, nil
	}
	select {
	case a.fetching <- struct{}{}:
		defer func() { <-a.fetching }()
	case <-ctx.Done():
		return nil, noKey(path, ctx.Err())
	}
	if key := a.known(path); key != nil { // another request fetched it meanwhile
		return key, nil
	}
	key, err := a.fetch(ctx, path)
	if err != nil {
		return nil, noKey(path, err)
	}
	a.keep(path, key)
	return key, nil
}

func noKey(path string, cause error) error {
	return failure.Transient(codeNoKey, fmt.Sprintf("Adobe's key %s%s can't be fetched: %v", keyHost, path, cause), cause)
}

func (a *adobeKeys) known(path string) *rsa.PublicKey {
	a.mu.Lock()
	defer a.mu.Unlock()
	if k, ok := a.kept[path]; ok && time.Since(k.fetched) < keysKept {
		return k.key
	}
	return nil
}

// keep takes the oldest key out when there are too many.
func (a *adobeKeys) keep(path string, key *rsa.PublicKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.kept[path]; !there && len(a.kept) >= keysMax {
		oldest := ""
		for p, k := range a.kept {
			if oldest == "" || k.fetched.Before(a.kept[oldest].fetched) {
				oldest = p
			}
		}
		delete(a.kept, oldest)
	}
	a.kept[path] = keptKey{key, time.Now()}
}

func (a *adobeKeys) fetch(ctx context.Context, path string) (*rsa.PublicKey, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, keyHost+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.client.Do(req)
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		return nil, outer.Err // the URL is told already
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, keyBytes+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > keyBytes:
		return nil, fmt.Errorf("the answer is longer than %d bytes", keyBytes)
	}
	return ParsePublicKey(string(text))
}
