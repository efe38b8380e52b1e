package fault

import (
	"io"
	"net/http"
)

// webAnswers are what stands between a client and the system that it wants: a
// page where data should be, a gateway's error, nothing, or the way to a login.
var webAnswers = map[string]func(http.ResponseWriter){
	"html":  func(w http.ResponseWriter) { page(w, http.StatusOK, "Checking your browser") },
	"502":   func(w http.ResponseWriter) { page(w, http.StatusBadGateway, "502 Bad Gateway") },
	"empty": func(w http.ResponseWriter) { w.WriteHeader(http.StatusOK) },
	"redirect": func(w http.ResponseWriter) {
		w.Header().Set("Location", "/login?back=1")
		w.WriteHeader(http.StatusFound)
	},
}

func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!DOCTYPE html>\n<html><head><title>"+title+"</title></head><body><h1>"+title+"</h1></body></html>\n")
}
