package httpserve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config says how a server listens. Only Listen must be given.
type Config struct {
	// Listen is host:port; port 0 takes any free port, which Addr then tells.
	Listen string
	// Cert and Key are the paths of PEM files; with them the server speaks TLS.
	Cert, Key string
	// Read bounds the reading of a request with its body; zero means 30 s.
	Read time.Duration
	// Write bounds the handling of a request and the writing of its answer; zero
	// means 60 s. A handler that streams lifts it for itself, with
	// http.ResponseController.SetWriteDeadline, and ends when [Stopping] says so.
	Write time.Duration
	// Drain is how long requests may go on when the server is told to stop; zero
	// means 10 s.
	Drain time.Duration
}

const (
	readHeaderWait = 5 * time.Second
	idleWait       = 2 * time.Minute
	headerBytesMax = 64 << 10
)

// Server is an HTTP server that can be run once.
type Server struct {
	config   Config
	handler  http.Handler
	listener net.Listener
	tls      *tls.Config
}

// New prepares a server; nothing is bound before Listen or Run.
func New(handler http.Handler, c Config) *Server {
	if c.Read == 0 {
		c.Read = 30 * time.Second
	}
	if c.Write == 0 {
		c.Write = time.Minute
	}
	if c.Drain == 0 {
		c.Drain = 10 * time.Second
	}
	return &Server{config: c, handler: handler}
}

// Listen binds the address and loads the certificate, so that both can fail
// before anything else is started. From then on clients can connect; they are
// answered once Run is called. Who calls Listen must call Run.
func (s *Server) Listen(ctx context.Context) error {
	if s.config.Cert != "" || s.config.Key != "" {
		c := &certificate{cert: s.config.Cert, key: s.config.Key}
		if err := c.load(); err != nil {
			return fmt.Errorf("listen on %s: %w", s.config.Listen, err)
		}
		s.tls = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.config.Listen, err)
	}
	s.listener = listener
	return nil
}

// Addr is where the server listens, host:port; "" before Listen.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// URL is the server's address with its scheme; "" before Listen.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	if s.tls != nil {
		return "https://" + s.Addr()
	}
	return "http://" + s.Addr()
}

// Run serves until ctx ends, takes no new connection then, and returns when all
// requests have ended: nil, or an error that says that some were cut off after
// Drain. It calls Listen if that was not done. A request's context does not end
// with ctx but with the drain, so that work that was begun can be finished.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(ctx); err != nil {
			return err
		}
	}
	stopping := make(chan struct{})
	requests, cut := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), stoppingKey{}, stopping))
	defer cut()
	server := &http.Server{
		Handler:           s.handler,
		TLSConfig:         s.tls,
		ReadHeaderTimeout: readHeaderWait,
		ReadTimeout:       s.config.Read,
		WriteTimeout:      s.config.Write,
		IdleTimeout:       idleWait,
		MaxHeaderBytes:    headerBytesMax,
		BaseContext:       func(net.Listener) context.Context { return requests },
		// What goes wrong here is the clients' doing: broken handshakes of scanners.
		ErrorLog: slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}

	var serving sync.WaitGroup
	failed := make(chan error, 1)
	serving.Go(func() {
		if s.tls != nil {
			failed <- server.ServeTLS(s.listener, "", "")
		} else {
			failed <- server.Serve(s.listener)
		}
	})
	defer serving.Wait()

	select {
	case err := <-failed:
		close(stopping)
		_ = server.Close()
		return fmt.Errorf("serve on %s: %w", s.Addr(), err)
	case <-ctx.Done():
	}
	close(stopping)
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.Drain)
	defer cancel()
	err := server.Shutdown(deadline)
	if errors.Is(err, context.DeadlineExceeded) {
		cut()
		_ = server.Close()
		return fmt.Errorf("stop serving on %s: requests still ran after %s and were cut off", s.Addr(), s.config.Drain)
	}
	if err != nil {
		return fmt.Errorf("stop serving on %s: %w", s.Addr(), err)
	}
	return nil
}

type stoppingKey struct{}

// Stopping gives a channel that is closed when the request's server is told to
// stop: a handler that streams for ever ends then, or it holds up the drain.
// Outside of a [Server] the channel is nil and never closes.
func Stopping(ctx context.Context) <-chan struct{} {
	stopping, _ := ctx.Value(stoppingKey{}).(chan struct{})
	return stopping
}
