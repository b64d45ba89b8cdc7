package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
	"github.com/cocoonhq/cocoon/server"
	v2 "github.com/cocoonhq/cocoon/server/v2"
)

const serveUsage = `cocoon serve starts the server. Without flags it listens on http://127.0.0.1:8188 and keeps everything in ~/cocoon.

  cocoon serve --listen                   also for other machines (whoever reaches the port may use it)
  cocoon serve --base-directory /data     other folders
  cocoon serve --extra-model-paths-config paths.yaml

Signals: SIGTERM and Ctrl-C end it when what runs has ended (--drain). SIGHUP does that and starts it anew in the same process, with
all files read again and with a new program if there is one: its sockets stay open, so that clients wait a moment and none is
refused. It takes the sockets of systemd's socket activation (LISTEN_FDS). A renewed certificate needs no signal.`

// serveFlags are those of serve alone.
type serveFlags struct {
	options
	listen        string
	port          int
	tlsKey        string
	tlsCert       string
	cors          string
	maxUpload     float64
	dontPrintHost bool
	hosts         []string
	multiUser     bool
	offline       bool
	compress      bool
	features      features
	client        clientFlags
	hook          hookFlags
	drain         time.Duration
	logFiles      logFiles
	logOut        bool // to the standard output
	listFeatures  bool
	quick         bool     // start and end
	foreign       []string // flags of ComfyUI that mean nothing here
}

func (s *serveFlags) parse(args []string, std streams) error {
	f := newFlags("serve", serveUsage, std)
	s.add(f)
	f.StringVar(&s.listen, "listen", "127.0.0.1", "`addresses` to listen on, with commas between; alone it means all")
	f.IntVar(&s.port, "port", 8188, "`port` to listen on; 0 takes a free one")
	f.StringVar(&s.tlsKey, "tls-keyfile", "", "key `file`: serves HTTPS, together with --tls-certfile")
	f.StringVar(&s.tlsCert, "tls-certfile", "", "certificate `file`")
	f.StringVar(&s.cors, "enable-cors-header", "", "let pages of this `origin` ask; alone it means any")
	f.Float64Var(&s.maxUpload, "max-upload-size", 100, "most `megabytes` of a request")
	f.DurationVar(&s.drain, "drain", 30*time.Second, "`time` that a stop (SIGTERM, Ctrl-C) or a new start (SIGHUP) leaves to running prompts; those that are not done begin again")
	f.Var(&s.logFiles, "log-file", "`LEVEL:FILE` that gets the log's lines of a level and above; may be given several times")
	f.BoolVar(&s.logOut, "log-stdout", false, "log to the standard output")
	f.BoolVar(&s.listFeatures, "list-feature-flags", false, "print the known feature flags as JSON, and end")
	f.BoolVar(&s.quick, "quick-test-for-ci", false, "hidden: start, and end when that went well")
	f.BoolVar(&s.dontPrintHost, "dont-print-server", false, "do not print the address")
	f.Func("allow-host", "also answer on loopback under this `name` (for a proxy before the server); * allows any", func(name string) error {
		s.hosts = append(s.hosts, strings.ToLower(name))
		return nil
	})
	f.BoolVar(&s.multiUser, "multi-user", false, "separate settings and files by the header comfy-user (it protects nothing)")
	f.BoolVar(&s.offline, "offline", false, "let the page load nothing from elsewhere")
	f.BoolVar(&s.offline, "disable-api-nodes", false, "hidden: an old name of --offline")
	f.BoolVar(&s.compress, "enable-compress-response-body", false, "compress answers")
	f.Var(&s.features, "feature-flag", "a `name[=value]` for the page; may be given several times")
	s.client.add(f)
	s.hook.add(f)
	s.auth.add(f)
	s.assets.add(f)
	args, s.foreign = withoutForeign(args)
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	switch {
	case len(plain) > 0:
		return fmt.Errorf("serve takes no argument %q; to run a workflow: cocoon run %s", plain[0], plain[0])
	case (s.tlsKey == "") != (s.tlsCert == ""):
		return errors.New("--tls-keyfile and --tls-certfile go together")
	case s.maxUpload <= 0:
		return fmt.Errorf("--max-upload-size is %v; it must be above 0", s.maxUpload)
	}
	return errors.Join(s.check(), s.auth.check(), s.hook.check())
}

// serve is "cocoon serve".
func serve(ctx context.Context, args []string, std streams) error {
	var s serveFlags
	if err := s.parse(args, std); err != nil {
		return err
	}
	if s.listFeatures {
		return listFeatures(std.out)
	}
	logs, to := &server.Logs{}, std.err
	if s.logOut {
		to = std.out
	}
	log, err := newLoggerWith(&s.options, s.logFiles, to, zerolog.ConsoleWriter{Out: logs, TimeFormat: time.TimeOnly, NoColor: true})
	if err != nil {
		return err
	}
	s.warn(&log)
	ctx = log.WithContext(ctx)
	listeners, err := s.open()
	if err != nil {
		return err
	}
	all, err := s.build(ctx, logs)
	if err != nil {
		return err
	}
	f := front{flags: &s, args: args, http: newHTTP(all.handler), hub: all.hub, engine: all.app.engine, listeners: listeners}
	if s.quick {
		var end context.CancelFunc
		ctx, end = context.WithCancel(ctx)
		end()
	}
	sockets, err := f.answer(ctx, std)
	err = errors.Join(err, all.Close())
	if sockets == nil {
		return err
	}
	if err != nil {
		log.Error().Err(err).Msg("not everything ended well")
	}
	return errors.Join(sockets.again(), sockets.Close())
}

// service is a server with all that it needs.
type service struct {
	app     *app
	hub     *server.Hub
	handler http.Handler
	closers []func() error // from the last that is closed to the first
}

// Close gives everything back.
func (h *service) Close() error {
	var errs []error
	for _, c := range slices.Backward(h.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}

// build makes what the flags ask for. What ends ctx ends the taking of prompts, not those that run.
func (s *serveFlags) build(ctx context.Context, logs *server.Logs) (_ *service, err error) {
	if err := ensureDir(s.user); err != nil {
		return nil, err
	}
	h := &service{hub: server.NewHub()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	feed, lasting := v2.NewFeed(), context.WithoutCancel(ctx)
	if h.app, err = newApp(lasting, &s.options, buses{h.hub, feed}, filepath.Join(s.user, "cocoon.db")); err != nil {
		return nil, err
	}
	c := s.config(h.app, h.hub, feed)
	if h.app.sandbox != nil {
		c.Extensions, c.Shelf = h.app.sandbox, h.app.shelf
		h.app.shelf.notify(h.hub.ExtensionsChanged)
	}
	c.Logs, c.BaseContext = logs, func(c context.Context) context.Context { return zerolog.Ctx(ctx).WithContext(c) }
	closeKeys, err := s.auth.put(ctx, &s.options, h.app.files, &c)
	if err != nil {
		return nil, errors.Join(err, h.app.Close())
	}
	h.closers = append(h.closers, closeKeys, h.app.Close)
	closeClient, err := s.client.put(ctx, &s.options, &c)
	if err != nil {
		return nil, err
	}
	h.closers = append(h.closers, closeClient)
	handler := server.New(c)
	handler.Scan()
	h.handler = handler
	stopHook := s.hook.start(lasting, h.app.engine, h.hub)
	h.closers = append(h.closers, func() error { stopHook(); return nil })
	return h, nil
}

// warn says what about the flags may surprise.
func (s *serveFlags) warn(log *zerolog.Logger) {
	if len(s.foreign) > 0 {
		log.Warn().Strs("flags", s.foreign).Msg("flags of ComfyUI that have no effect here")
	}
	if s.auth.on && s.tlsCert == "" && !s.local() {
		log.Warn().Msg("keys cross the network as plain text: use --tls-certfile, or a proxy that does")
	}
	if s.multiUser {
		log.Warn().Msg("--multi-user separates settings; it protects nothing: whoever reaches the port can be any user")
	}
}

// config is the server's, as the flags have it.
func (s *serveFlags) config(a *app, hub *server.Hub, feed *v2.Feed) server.Config {
	return server.Config{
		Engine: a.engine, Registry: a.registry, Hub: hub, Feed: feed, Assets: a.assets, HashLimit: s.assets.hashLimit(), Files: a.files, Models: shelf{a.folders},
		Version: versionText(), Argv: os.Args, CORS: s.cors, MaxUpload: int64(s.maxUpload * (1 << 20)),
		Packs: packs(&s.options), Hosts: s.hosts, MultiUser: s.multiUser, Offline: s.offline,
		Compress: s.compress, FeatureFlags: s.features.values,
		Memory: func() (total, free uint64) {
			f, t := a.backend.Memory()
			return uint64(t), uint64(f)
		},
		Device: func() (name, kind string) { return "cpu " + isa.Best().String(), "cpu" },
	}
}

// local reports whether only this machine can reach the addresses.
func (s *serveFlags) local() bool {
	for addr := range strings.SplitSeq(s.listen, ",") {
		if addr = strings.TrimSpace(addr); addr != "localhost" && !net.ParseIP(addr).IsLoopback() {
			return false
		}
	}
	return true
}
