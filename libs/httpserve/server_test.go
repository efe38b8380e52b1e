package httpserve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/magpie-integration/magpie/libs/httpserve"
)

// running starts a server and gives what Run will return after stop.
func running(t *testing.T, handler http.Handler, c httpserve.Config) (s *httpserve.Server, stop func(), ended <-chan error) {
	t.Helper()
	c.Listen = "127.0.0.1:0"
	s = httpserve.New(handler, c)
	if s.Addr() != "" || s.URL() != "" {
		t.Error("it has an address before Listen")
	}
	if err := s.Listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, stop, done
}

func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the tests look at the certificate themselves
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string) (status int, body string, err error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func TestDrain(t *testing.T) {
	began, finish := make(chan struct{}), make(chan struct{})
	s, stop, ended := running(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-httpserve.Stopping(r.Context())
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request was cut")
		}
		_, _ = io.WriteString(w, "finished")
	}), httpserve.Config{})
	answered := make(chan string, 1)
	c := client(t)
	go func() {
		_, body, err := get(t, c, s.URL())
		answered <- body + errText(err)
	}()
	<-began
	stop()
	select {
	case err := <-ended:
		t.Fatalf("it returned (%v) with a request under way", err)
	default:
	}
	close(finish)
	if got := <-answered; got != "finished" {
		t.Errorf("got %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDrainIsBounded(t *testing.T) {
	began := make(chan struct{})
	s, stop, ended := running(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	}), httpserve.Config{Drain: time.Millisecond})
	cut := make(chan error, 1)
	c := client(t)
	go func() {
		_, _, err := get(t, c, s.URL())
		cut <- err
	}()
	<-began
	stop()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("got %v", err)
	}
	if err := <-cut; err == nil {
		t.Error("the request was answered")
	}
}

func TestListenFails(t *testing.T) {
	taken, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	for name, c := range map[string]httpserve.Config{
		"a port that is taken":        {Listen: taken.Addr().String()},
		"a certificate that is not":   {Listen: "127.0.0.1:0", Cert: "/nowhere", Key: "/nowhere"},
		"a certificate without a key": {Listen: "127.0.0.1:0", Cert: "/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := httpserve.New(nil, c).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listen on "+c.Listen) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	issue(t, cert, key, 1)
	s, stop, ended := running(t, http.NotFoundHandler(), httpserve.Config{Cert: cert, Key: key})
	if got := serial(t, s.Addr()); got != 1 {
		t.Errorf("serial %d", got)
	}
	issue(t, cert, key, 2)
	if got := serial(t, s.Addr()); got != 2 {
		t.Errorf("serial %d after a renewal", got)
	}
	write(t, key, []byte("half written"), 3)
	if got := serial(t, s.Addr()); got != 2 {
		t.Errorf("serial %d during a renewal", got)
	}
	if status, _, err := get(t, client(t), s.URL()); status != http.StatusNotFound {
		t.Errorf("got %d, %v", status, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	issue(t, cert, key, 1)
	s, stop, ended := running(t, http.NotFoundHandler(), httpserve.Config{Cert: cert, Key: key})
	_, err := (&tls.Dialer{Config: &tls.Config{
		InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11, //nolint:gosec // that it fails is the test
	}}).DialContext(t.Context(), "tcp", s.Addr())
	if err == nil {
		t.Error("TLS 1.1 is taken")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestStoppingOutsideOfAServer(t *testing.T) {
	if httpserve.Stopping(t.Context()) != nil {
		t.Error("it would stop")
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func serial(t *testing.T, address string) int64 {
	t.Helper()
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", address) //nolint:gosec // as above
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

// issue writes a certificate of its own making; its number is also its time, so
// that each is newer than the one before.
func issue(t *testing.T, cert, key string, number int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(number), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), number)
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), number)
}

func write(t *testing.T, path string, text []byte, number int64) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000+number, 0)
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}
