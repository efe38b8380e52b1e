package failure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
)

// TLS tells whether a connection failed in TLS, and the next step if it did:
// restarting a system that is up doesn't mend a certificate.
func TLS(err error) (fix string, failed bool) {
	var (
		authority x509.UnknownAuthorityError
		name      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &authority):
		return "give the PEM file of the authority that signed the certificate as ca, or let the server send its whole chain", true
	case errors.As(err, &name):
		return "set the address to a name that the certificate has, or have one issued for this name", true
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "renew the server's certificate, or correct this machine's clock", true
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "the server speaks no TLS at this port: correct the port, or write http:// if that is meant", true
	case errors.As(err, &verify), errors.As(err, &invalid), errors.As(err, &alert):
		return "look at the server's certificate and at the TLS versions that it takes (1.2 or newer is asked for)", true
	}
	return "", false
}
