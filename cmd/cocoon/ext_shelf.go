package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// extShelf shows the server what is installed, and installs what it is sent.
type extShelf struct {
	m       *install.Manager
	host    *wasmhost.Host
	listed  bool // only publishers of the operator's list may be installed
	offers  *offers
	scripts scripts
	told    atomic.Pointer[func(context.Context)] // is called when extensions began or ceased to run
	stop    func() error
}

// openShelf makes what is installed run, and lets what other processes install follow, until stop is called.
func openShelf(ctx context.Context, o *options, host *wasmhost.Host, tests trial.Config) (*extShelf, error) {
	s := &extShelf{host: host, listed: o.publishers != "", offers: &offers{under: o.extensions}}
	one := make(chan struct{}, 1) // a package is tested at a time
	test := func(ctx context.Context, p *pack.Package) error {
		select {
		case one <- struct{}{}:
			defer func() { <-one }()
		case <-ctx.Done():
			return ctx.Err()
		}
		return withBuiltIns(tests, func(c trial.Config) error { return trial.Check(ctx, c, p) })
	}
	m, err := install.Open(ctx, install.Config{Dir: o.extensions, Loader: host, TrustFile: o.publishers, RevocationFiles: o.barred, AllowUnsigned: o.allowUnsigned || !o.auth.on, Erase: host.EraseData, SelfTest: test,
		Changed: func(ctx context.Context) {
			if f := s.told.Load(); f != nil {
				(*f)(ctx)
			}
		}})
	if err != nil {
		return nil, err
	}
	s.m = m
	if err := s.m.Reconcile(ctx); err != nil { // before the engine goes on with prompts that need it
		return nil, errors.Join(err, s.m.Close())
	}
	follow, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.m.Follow(follow)
	}()
	s.stop = func() error {
		cancel()
		<-done
		return errors.Join(s.m.Close(), s.offers.close())
	}
	return s, nil
}

// notify has f called from now on when extensions began or ceased to run.
func (s *extShelf) notify(f func(context.Context)) { s.told.Store(&f) }

// Extensions lists a tenant's own and the shared ones.
func (s *extShelf) Extensions(ctx context.Context) ([]server.ExtensionInfo, error) {
	t := tenant.Of(ctx)
	out := []server.ExtensionInfo{}
	for _, st := range s.m.List(t) {
		out = append(out, s.info(t, st))
	}
	return out, nil
}

// pageFile is the page of a package.
const pageFile = "web/page.html"

// pageRoute is the route that gives an extension's page when its package has none.
const pageRoute = "GET /page"

func (s *extShelf) info(t tenant.ID, st install.Status) server.ExtensionInfo {
	e := server.ExtensionInfo{ID: st.ID, Version: st.Version, Name: visible(st.Name), Description: visible(st.Description), Author: visible(st.Author), License: visible(st.License),
		Publisher: st.Publisher, Fingerprint: fingerprint(st.Publisher), Trust: s.trust(st.Publisher), Shared: st.Tenant == "" && t != "",
		Capabilities: capabilities(st.Asks), Routes: st.Granted.Routes, Events: st.Granted.WS, Messages: st.Granted.Receive}
	e.State, e.Reason = stateOf(st)
	if st.Pending != nil {
		e.Capabilities = capabilities(st.Pending.Asks)
	}
	if st.State != install.Running {
		return e
	}
	e.Page = hasPage(st)
	if x := st.Stats; x != nil {
		e.Stats = &server.ExtensionStats{Calls: x.Calls, Failures: x.Failures, Fuel: x.Fuel, HostBytes: x.HostBytes, ImageBytes: int64(x.Image), IdleSlots: x.Idle, MemoryBytes: int64(x.Image)}
	}
	names := map[string]string{}
	if x, ok := s.host.Extension(st.Tenant, st.ID); ok {
		for _, n := range x.Nodes() {
			names[n.Schema().ID] = n.Schema().Name
		}
	}
	for _, class := range st.Nodes {
		e.Nodes = append(e.Nodes, server.ExtensionNode{Class: class, Name: visible(names[class])})
	}
	return e
}

// visible leaves out of a foreign text what cannot be seen, such as marks that turn the direction of what follows.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return -1
		}
		return r
	}, s)
}

func hasPage(st install.Status) bool {
	return st.Web != "" && slices.Contains(st.Files, pageFile) || slices.Contains(st.Granted.Routes, pageRoute)
}

func stateOf(st install.Status) (state, reason string) {
	none := len(st.Asks) > 0 && !slices.ContainsFunc(st.Asks, func(a install.Ask) bool { return a.Granted })
	switch {
	case st.State == install.Revoked:
		return server.ExtensionRevoked, st.Reason
	case st.Pending != nil && st.State == install.Running:
		return server.ExtensionWaiting, "Version " + st.Pending.Version + " waits for your consent. " + st.Version + " goes on meanwhile."
	case st.State == install.Waiting || st.Pending != nil:
		return server.ExtensionWaiting, ""
	case st.State == install.Failed && none:
		return server.ExtensionRevoked, ""
	case st.State == install.Failed:
		return server.ExtensionFailed, st.Reason
	case st.State != install.Running:
		return server.ExtensionStarting, ""
	}
	return server.ExtensionLoaded, ""
}

func (s *extShelf) trust(publisher string) string {
	switch {
	case publisher == "":
		return server.ExtensionUnsigned
	case s.listed:
		return server.ExtensionTrusted
	}
	return server.ExtensionKnown
}

// fingerprint is 128 bits of a key's sum, in groups that people can compare.
func fingerprint(key string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key))
	var groups []string
	for i := 0; i < 16; i += 2 {
		groups = append(groups, hex.EncodeToString(sum[i:i+2]))
	}
	return strings.Join(groups, " ")
}

func capabilities(asks []install.Ask) []server.ExtensionCapability {
	out := make([]server.ExtensionCapability, 0, len(asks))
	for _, a := range asks {
		c := server.ExtensionCapability{ID: a.Key, Kind: a.Capability, Text: a.Words, Risk: string(a.Risk), Required: !a.Optional, Granted: a.Granted, New: a.New}
		if _, item, ok := strings.Cut(a.Key, ":"); ok && a.Capability != "web" {
			c.Items = []string{item}
		}
		out = append(out, c)
	}
	return out
}

// ExtensionUse tells what the extensions of all tenants have used.
func (s *extShelf) ExtensionUse() []server.ExtensionUse {
	var out []server.ExtensionUse
	for _, e := range s.host.Everyone() {
		x := e.Stats()
		out = append(out, server.ExtensionUse{Tenant: string(e.Tenant), ID: e.Manifest.ID, Calls: x.Calls, Failures: x.Failures, Fuel: x.Fuel, HostBytes: x.HostBytes})
	}
	return out
}

// ExtensionLog gives the last lines that an extension wrote.
func (s *extShelf) ExtensionLog(ctx context.Context, id string) ([]server.ExtensionLine, error) {
	lines := s.m.Log(tenant.Of(ctx), id)
	out := make([]server.ExtensionLine, len(lines))
	for i, l := range lines {
		out[i] = server.ExtensionLine(l)
	}
	return out, nil
}

// maxPage bounds the bytes of a page.
const maxPage = 8 << 20

// ExtensionPage gives the page of a package, or what its route for it answers.
func (s *extShelf) ExtensionPage(ctx context.Context, id string) ([]byte, error) {
	t := tenant.Of(ctx)
	st, err := s.m.Get(t, id)
	if err != nil {
		return nil, err
	}
	if st.Web != "" {
		b, _, err := s.m.File(t, id, pageFile)
		if !errors.Is(err, fault.NotFound) {
			return b, err
		}
	}
	if !slices.Contains(st.Granted.Routes, pageRoute) {
		return nil, fault.New(fault.NotFound, "the extension %s has no page", id)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/ext/"+id+"/page", http.NoBody)
	if err != nil {
		return nil, err
	}
	w := pageWriter{header: http.Header{}}
	w.serve(s.host, r)
	if kind := w.header.Get("Content-Type"); w.status != http.StatusOK || !strings.HasPrefix(kind, "text/html") || w.over {
		return nil, fault.New(fault.NotFound, "the extension %s gives no page", id)
	}
	return w.body.Bytes(), nil
}

// pageWriter keeps a page that a route answers with.
type pageWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
	over   bool // it is larger than pages are
}

// serve has a route answer. One that fails when its answer has begun breaks that off, and there is no page.
func (w *pageWriter) serve(h http.Handler, r *http.Request) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			w.over = true
		default:
			panic(p)
		}
	}()
	h.ServeHTTP(w, r)
}

// Header is the answer's.
func (w *pageWriter) Header() http.Header { return w.header }

// WriteHeader notes the status.
func (w *pageWriter) WriteHeader(status int) { w.status = cmp.Or(w.status, status) }

// Write keeps the body, up to the most that a page has.
func (w *pageWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.over = w.over || w.body.Len()+len(b) > maxPage; w.over {
		return 0, fault.New(fault.TooLarge, "a page has at most %d MiB", maxPage>>20)
	}
	return w.body.Write(b)
}

// OfferExtension reads a package and keeps it for a while.
func (s *extShelf) OfferExtension(ctx context.Context, file io.Reader) (server.ExtensionOffer, error) {
	b, err := io.ReadAll(file)
	if err != nil {
		return server.ExtensionOffer{}, err
	}
	t := tenant.Of(ctx)
	o, err := s.m.Inspect(ctx, t, b)
	if err != nil {
		return server.ExtensionOffer{}, err
	}
	if err := s.offers.keep(t, o.Hash, b); err != nil {
		return server.ExtensionOffer{}, err
	}
	out := server.ExtensionOffer{Offer: o.Hash, Bytes: o.Bytes, Installed: o.Installed, Extension: server.ExtensionInfo{ID: o.ID, Version: o.Version, Name: visible(o.Name),
		Description: visible(o.Description), Author: visible(o.Author), License: visible(o.License), Publisher: o.Publisher, Fingerprint: fingerprint(o.Publisher), Trust: trustOf(o),
		Capabilities: capabilities(o.Asks), Routes: o.Manifest.Capabilities.Routes, Events: o.Manifest.Capabilities.WS.Send, Messages: o.Manifest.Capabilities.WS.Receive,
		Page: o.Manifest.Capabilities.Web != "" && slices.Contains(o.Files, pageFile) || slices.Contains(o.Manifest.Capabilities.Routes, pageRoute)}}
	switch o.Verdict {
	case install.Refuse:
		out.Refused = o.Reason
	case install.Downgrade, install.Rewrite:
		out.Warnings = append(out.Warnings, o.Reason)
	}
	if o.Standing == install.PassedOn {
		out.Warnings = append(out.Warnings, "The publisher has a new key; the key before it vouches for it.")
	}
	return out, nil
}

func trustOf(o *install.Offer) string {
	switch o.Standing {
	case install.Listed:
		return server.ExtensionTrusted
	case install.Pinned, install.PassedOn:
		return server.ExtensionKnown
	}
	if o.Publisher == "" {
		return server.ExtensionUnsigned
	}
	return server.ExtensionSigned
}

// InstallExtension installs what was offered. Who asks has seen the offer: who signed it, and what speaks against it.
func (s *extShelf) InstallExtension(ctx context.Context, id, offer string, granted []string) error {
	t := tenant.Of(ctx)
	b, err := s.offers.take(t, offer)
	if err != nil {
		return err
	}
	p, err := pack.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return err
	}
	if p.Manifest.ID != id {
		return fault.New(fault.BadRequest, "the offer is of %s", p.Manifest.ID)
	}
	grant := p.Manifest.Capabilities.Select(granted)
	_, err = s.m.Install(ctx, t, b, install.Consent{Grant: &grant, AcceptKey: p.Manifest.Publisher, Unsigned: true, Force: true})
	if err == nil {
		s.offers.drop(t, offer)
	}
	return err
}

// GrantExtension sets what an extension may do; a version that waits is taken on with it.
func (s *extShelf) GrantExtension(ctx context.Context, id string, granted []string) error {
	_, err := s.m.GrantKeys(ctx, tenant.Of(ctx), id, granted)
	return err
}

// RemoveExtension takes an extension away.
func (s *extShelf) RemoveExtension(ctx context.Context, id string, data bool) error {
	return s.m.Remove(ctx, tenant.Of(ctx), id, data)
}
