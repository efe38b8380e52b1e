package failure_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/magpie-integration/magpie/libs/failure"
)

func TestTLSFailuresHaveNextStepsOfTheirOwn(t *testing.T) {
	verify := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, tt := range []struct {
		err  error
		next string // "" for no failure of TLS
	}{
		{verify(x509.UnknownAuthorityError{}), "give the PEM file of the authority"},
		{verify(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "gp"}), "set the address to a name"},
		{verify(x509.CertificateInvalidError{Reason: x509.Expired}), "renew the server's certificate, or correct this machine's clock"},
		{verify(x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}), "look at the server's certificate"},
		{tls.AlertError(70), "look at the server's certificate and at the TLS versions"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "the server speaks no TLS at this port"},
		{http.ErrSchemeMismatch, "the server speaks no TLS at this port"},
		{errors.New("connection refused"), ""},
		{nil, ""},
	} {
		err := tt.err
		if err != nil {
			err = fmt.Errorf("Post https://gp: %w", err)
		}
		if fix, failed := failure.TLS(err); failed != (tt.next != "") || !strings.HasPrefix(fix, tt.next) {
			t.Errorf("%v: got %q, %t", tt.err, fix, failed)
		}
	}
}
