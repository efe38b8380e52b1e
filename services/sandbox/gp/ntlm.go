package gp

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM's password hash is MD4
)

// ntlmGate asks for NTLM. NTLM authenticates the connection, not the request:
// after the handshake every request of that connection is let in, and another
// connection starts again with a 401 ([MS-NLMP], [MS-NTHT]).
//
// A connection is told by its remote address, so a handler behind a proxy
// mixes connections up, as NTLM does in real life.
type ntlmGate struct {
	user, password string
	now            func() time.Time

	mu    sync.Mutex
	conns map[string]*ntlmConn // by remote address
}

type ntlmConn struct {
	challenge [8]byte
	in        bool
	used      time.Time
}

const (
	// ntlmIdle is how long a silent connection is remembered.
	ntlmIdle = 5 * time.Minute

	ntlmSignature = "NTLMSSP\x00"
	// ntlmFlags are Unicode, request target, NTLM, always sign, target type
	// domain, extended session security, target info, 128 and 56 bits.
	ntlmFlags = 0x00000001 | 0x00000004 | 0x00000200 | 0x00008000 | 0x00010000 | 0x00080000 | 0x00800000 | 0x20000000 | 0x80000000
	ntlmHost  = "GPSERVER"
)

var errNTLM = errors.New("NTLM")

func newNTLMGate(cfg Config) *ntlmGate {
	return &ntlmGate{user: cfg.User, password: cfg.Password, now: cfg.Now, conns: map[string]*ntlmConn{}}
}

// authenticate answers 401 with the next message of the handshake, until the
// connection is in.
func (g *ntlmGate) authenticate(w http.ResponseWriter, r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget()
	conn := g.conns[r.RemoteAddr]
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "NTLM") && !strings.EqualFold(scheme, "Negotiate") {
		if conn != nil && conn.in {
			conn.used = g.now()
			return true
		}
		return g.refuse(w, "NTLM")
	}
	token, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(token) < 12 || !bytes.HasPrefix(token, []byte(ntlmSignature)) {
		return g.refuse(w, "NTLM")
	}
	switch binary.LittleEndian.Uint32(token[8:]) {
	case 1:
		conn = &ntlmConn{used: g.now()}
		if _, err := rand.Read(conn.challenge[:]); err != nil {
			return g.refuse(w, "NTLM")
		}
		g.conns[r.RemoteAddr] = conn
		return g.refuse(w, scheme+" "+base64.StdEncoding.EncodeToString(challengeMessage(conn.challenge)))
	case 3:
		if conn == nil || verifyAuthenticate(token, conn.challenge, g.user, g.password) != nil {
			delete(g.conns, r.RemoteAddr)
			return g.refuse(w, "NTLM")
		}
		conn.in, conn.used = true, g.now()
		return true
	}
	return g.refuse(w, "NTLM")
}

// forget drops connections that have been silent for long.
func (g *ntlmGate) forget() {
	for addr, c := range g.conns {
		if g.now().Sub(c.used) > ntlmIdle {
			delete(g.conns, addr)
		}
	}
}

func (g *ntlmGate) refuse(w http.ResponseWriter, challenge string) bool {
	w.Header().Set("WWW-Authenticate", challenge)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// challengeMessage is the type 2 message.
func challengeMessage(challenge [8]byte) []byte {
	name := utf16le(ntlmHost)
	var info bytes.Buffer
	for _, id := range []uint16{2, 1} { // NetBIOS domain, then computer
		info.Write(binary.LittleEndian.AppendUint16(nil, id))
		info.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(name)))) //nolint:gosec // a constant name
		info.Write(name)
	}
	info.Write(make([]byte, 4)) // end of list

	const header = 48
	b := []byte(ntlmSignature)
	b = binary.LittleEndian.AppendUint32(b, 2)
	b = appendBuffer(b, len(name), header)
	b = binary.LittleEndian.AppendUint32(b, ntlmFlags)
	b = append(b, challenge[:]...)
	b = append(b, make([]byte, 8)...)
	b = appendBuffer(b, info.Len(), header+len(name))
	b = append(b, name...)
	return append(b, info.Bytes()...)
}

// appendBuffer writes a length, the same as capacity, and an offset.
func appendBuffer(b []byte, length, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(length))    //nolint:gosec // short messages
	b = binary.LittleEndian.AppendUint16(b, uint16(length))    //nolint:gosec // short messages
	return binary.LittleEndian.AppendUint32(b, uint32(offset)) //nolint:gosec // short messages
}

// verifyAuthenticate checks the NTLMv2 response of a type 3 message. NTLMv1 is
// refused.
func verifyAuthenticate(token []byte, challenge [8]byte, user, password string) error {
	response, err := readBuffer(token, 20)
	if err != nil {
		return err
	}
	domain, err := readBuffer(token, 28)
	if err != nil {
		return err
	}
	name, err := readBuffer(token, 36)
	if err != nil {
		return err
	}
	const proof = 16
	if len(response) <= 24 {
		return fmt.Errorf("%w: not an NTLMv2 response", errNTLM)
	}
	sent := fromUTF16LE(name)
	if _, account, ok := strings.Cut(user, `\`); ok {
		user = account // the domain comes in a field of its own
	}
	if !strings.EqualFold(sent, user) {
		return fmt.Errorf("%w: user %q", errNTLM, sent)
	}
	hash := md4.New()
	hash.Write(utf16le(password))
	key := hmacMD5(hash.Sum(nil), append(utf16le(strings.ToUpper(sent)), domain...))
	want := hmacMD5(key, append(challenge[:], response[proof:]...))
	if !hmac.Equal(want, response[:proof]) {
		return fmt.Errorf("%w: wrong password of %q", errNTLM, sent)
	}
	return nil
}

// readBuffer is the field whose length and offset stand at the position.
func readBuffer(token []byte, at int) ([]byte, error) {
	if len(token) < at+8 {
		return nil, fmt.Errorf("%w: message too short", errNTLM)
	}
	length := int(binary.LittleEndian.Uint16(token[at:]))
	offset := int64(binary.LittleEndian.Uint32(token[at+4:]))
	if offset+int64(length) > int64(len(token)) {
		return nil, fmt.Errorf("%w: field outside of the message", errNTLM)
	}
	return token[offset : offset+int64(length)], nil
}

func hmacMD5(key, data []byte) []byte {
	h := hmac.New(md5.New, key)
	h.Write(data)
	return h.Sum(nil)
}

func utf16le(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16LE(b []byte) string {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(b[i:]))
	}
	return string(utf16.Decode(units))
}
