package magento

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/google/uuid"
)

// keyring holds the RSA keys that sign webhooks. They are made when the first
// receiver needs them and kept in the database, so that a receiver's settings
// outlive the store's process.
type keyring struct {
	db *database

	mu   sync.Mutex
	keys map[string]signingKey
}

type signingKey struct {
	id      string // of the key file
	private *rsa.PrivateKey
}

// The names of the keys.
const (
	keyAdobe = "adobe-webhooks"
	keyIO1   = "adobe-io-1"
	keyIO2   = "adobe-io-2"
)

var keysOf = map[string][]string{SchemeAdobeWebhooks: {keyAdobe}, SchemeAdobeIO: {keyIO1, keyIO2}}

// make sees to it that a scheme has its keys.
func (k *keyring) make(scheme string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, name := range keysOf[scheme] {
		if _, ok := k.keys[name]; ok {
			continue
		}
		if err := k.load(name); err != nil {
			return fmt.Errorf("magento: key %s: %w", name, err)
		}
	}
	return nil
}

// load reads a key, or makes one; k.mu is held.
func (k *keyring) load(name string) error {
	ctx := context.Background() // a registration has none to pass on
	var id string
	var der []byte
	err := k.db.reader.QueryRowContext(ctx, `SELECT id, pkcs8 FROM sandbox_key WHERE name = ?`, name).Scan(&id, &der)
	if errors.Is(err, sql.ErrNoRows) {
		return k.renew(ctx, name)
	}
	if err != nil {
		return err
	}
	private, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return err
	}
	key, ok := private.(*rsa.PrivateKey)
	if !ok {
		return fmt.Errorf("it is a %T", private)
	}
	k.keys[name] = signingKey{id, key}
	return nil
}

// renew makes a new key; signatures of the old one are worth nothing at once.
// k.mu is held.
func (k *keyring) renew(ctx context.Context, name string) error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	key := signingKey{uuid.NewString(), private}
	err = k.db.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO sandbox_key (name, id, pkcs8) VALUES (?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET id = excluded.id, pkcs8 = excluded.pkcs8`, name, key.id, der)
		return err
	})
	if err != nil {
		return err
	}
	k.keys[name] = key
	return nil
}

func (k *keyring) get(name string) signingKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.keys[name]
}

// sign is the base64 of an RSA-SHA256 signature (PKCS #1 v1.5).
func (k signingKey) sign(signed []byte) (string, error) {
	sum := sha256.Sum256(signed)
	signature, err := rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA256, sum[:])
	return base64.StdEncoding.EncodeToString(signature), err
}

// public is the key as its file shows it.
func (k signingKey) public() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(&k.private.PublicKey)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// adminPublicKey shows the key of Adobe Commerce Webhooks; POST makes a new one.
func (s *Server) adminPublicKey(w http.ResponseWriter, r *http.Request) {
	err := s.keys.make(SchemeAdobeWebhooks)
	if err == nil && r.Method == http.MethodPost {
		s.keys.mu.Lock()
		err = s.keys.renew(r.Context(), keyAdobe)
		s.keys.mu.Unlock()
	}
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, err)
		return
	}
	writeKey(w, s.keys.get(keyAdobe))
}

// keyFile serves the keys of I/O Events under the paths that its deliveries name.
func (s *Server) keyFile(w http.ResponseWriter, r *http.Request) {
	for _, name := range keysOf[SchemeAdobeIO] {
		if key := s.keys.get(name); key.private != nil && r.URL.Path == key.path() {
			writeKey(w, key)
			return
		}
	}
	http.NotFound(w, r)
}

func writeKey(w http.ResponseWriter, key signingKey) {
	text, err := key.public()
	if err != nil {
		writeProblem(w, http.StatusInternalServerError, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-pem-file")
	_, _ = w.Write(text)
}

const keyFiles = "/prod/keys/"

func (k signingKey) path() string { return keyFiles + "pub-key-" + k.id + ".pem" }
