package gp

import (
	"crypto/subtle"
	"net/http"
)

// authenticate lets a request in or answers 401. It returns the account.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) (string, bool) {
	if s.cfg.User == "" {
		return "SANDBOX", true
	}
	if s.cfg.NTLM {
		return s.cfg.User, s.ntlm.authenticate(w, r)
	}
	user, password, ok := r.BasicAuth()
	if ok && sameText(user, s.cfg.User) && sameText(password, s.cfg.Password) {
		return user, true
	}
	w.Header().Set("WWW-Authenticate", `Basic realm="`+s.cfg.CompanyName+`"`)
	w.WriteHeader(http.StatusUnauthorized)
	return "", false
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
