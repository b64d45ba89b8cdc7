package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/server"
)

// front answers clients.
type front struct {
	flags     *serveFlags
	args      []string // the flags as they were given
	http      *http.Server
	hub       *server.Hub
	engine    *engine.Engine
	listeners []net.Listener
	end       context.CancelFunc // tells requests to end; made by start
}

// newHTTP is the server of HTTP, which lets nobody keep it waiting for headers.
func newHTTP(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
}

// answer serves until ctx ends or the process is to start anew. Then what runs may end, while clients are still served, and
// requests may finish. The sockets that come back are those to start anew with; nil when that was not asked for.
func (f *front) answer(ctx context.Context, std streams) (_ kept, err error) {
	failed, err := f.start(ctx, std)
	if err != nil {
		return nil, err
	}
	reload := make(chan os.Signal, 1)
	defer onReload(reload)()
	var sockets kept
	for waiting := true; waiting; {
		select {
		case err = <-failed:
			waiting = false
		case <-ctx.Done():
			zerolog.Ctx(ctx).Info().Msg("stopping")
			waiting = false
		case <-reload:
			sockets = f.agree(ctx)
			waiting = sockets == nil
		}
	}
	if err == nil {
		f.drain(context.WithoutCancel(ctx))
	}
	f.hub.Close()
	return sockets, errors.Join(err, f.finish(5*time.Second, 2*time.Second))
}

// finish lets requests finish for a while, then tells them to, and cuts off those that do not obey.
func (f *front) finish(grace, obey time.Duration) error {
	defer f.end()
	wait := func(most time.Duration) error {
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		return f.http.Shutdown(ctx)
	}
	if wait(grace) == nil {
		return nil
	}
	f.end()
	if err := wait(obey); err != nil {
		return errors.Join(err, f.http.Close())
	}
	return nil
}

// start begins to serve on every socket. What goes wrong with one comes through the channel.
func (f *front) start(ctx context.Context, std streams) (<-chan error, error) {
	scheme := "http"
	if f.flags.tlsCert != "" {
		c, err := openCertificate(f.flags.tlsCert, f.flags.tlsKey, zerolog.Ctx(ctx))
		if err != nil {
			return nil, fmt.Errorf("--tls-certfile and --tls-keyfile cannot be read: %w", err)
		}
		scheme, f.http.TLSConfig = "https", &tls.Config{GetCertificate: c.get}
	}
	var requests context.Context
	requests, f.end = context.WithCancel(context.Background())
	f.http.BaseContext = func(net.Listener) context.Context { return requests }
	f.http.ErrorLog = newHTTPLog(zerolog.Ctx(ctx))
	failed := make(chan error, len(f.listeners))
	for _, l := range f.listeners {
		go func() {
			if scheme == "https" {
				failed <- f.http.ServeTLS(l, "", "")
			} else {
				failed <- f.http.Serve(l)
			}
		}()
		if !f.flags.dontPrintHost {
			// Compat: scripts wait for this line.
			fmt.Fprintf(std.out, "To see the GUI go to: %s://%s\n", scheme, l.Addr())
		}
	}
	return failed, nil
}

// agree looks whether the process could start anew, and keeps the sockets for it; nil when it could not, which is logged.
func (f *front) agree(ctx context.Context) kept {
	log := zerolog.Ctx(ctx)
	if err := f.flags.couldStart(f.args); err != nil {
		log.Error().Err(err).Msg("not started anew: that would fail")
		return nil
	}
	sockets, err := keep(f.listeners)
	if err != nil {
		log.Error().Err(err).Msg("not started anew")
		return nil
	}
	log.Info().Msg("starting anew when what runs has ended")
	return sockets
}

// couldStart reads again what a start reads before it opens anything.
func (s *serveFlags) couldStart(args []string) error {
	var again serveFlags
	if err := again.parse(args, streams{io.Discard, io.Discard}); err != nil {
		return fmt.Errorf("flags %q: %w", args, err)
	}
	if again.tlsCert != "" {
		if _, err := tls.LoadX509KeyPair(again.tlsCert, again.tlsKey); err != nil {
			return err
		}
	}
	if _, err := again.folders(); err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	_, err = os.Stat(exe)
	return err
}

// drain waits for what runs, up to --drain. A further signal ends that.
func (f *front) drain(ctx context.Context) {
	if f.flags.drain <= 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, f.flags.drain)
	defer cancel()
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := zerolog.Ctx(ctx)
	soon := time.AfterFunc(time.Second, func() {
		log.Info().Stringer("most", f.flags.drain).Msg("waiting for what runs; a second signal ends that")
	})
	defer soon.Stop()
	if f.engine.Drain(ctx) != nil {
		log.Warn().Msg("what still runs begins again after the next start")
	}
}
