package server

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/reply"
)

// maxPackage bounds the bytes of a package that is uploaded.
const maxPackage = 64 << 20

// maxGrants bounds the capabilities that a request names.
const maxGrants = 1024

// extensionID is the form of an extension's id.
var extensionID = regexp.MustCompile(`^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*){0,3}$`)

// shelf gives the shelf and the id of a request's path. Errors: fault.NotFound.
func (s *Server) shelf(p params) (ExtensionShelf, string, error) {
	id := p.get("id")
	if s.c.Shelf == nil || len(id) > 64 || !extensionID.MatchString(id) {
		return nil, "", fault.New(fault.NotFound, "there is no such extension")
	}
	return s.c.Shelf, id, nil
}

// installed is GET /cocoon/extensions. A server without extensions has an empty list.
func (s *Server) installed(w http.ResponseWriter, r *http.Request, _ params) error {
	list := []ExtensionInfo{}
	if s.c.Shelf != nil {
		found, err := s.c.Shelf.Extensions(r.Context())
		if err != nil {
			return err
		}
		list = append(list, found...)
	}
	for i := range list {
		s.narrow(r, &list[i])
	}
	w.Header().Set("Cache-Control", "no-store")
	_, keyed := identityOf(r.Context())
	reply.JSON(w, http.StatusOK, map[string]any{"enabled": s.c.Shelf != nil, "operator": keyed && operates(r), "extensions": list})
	return nil
}

// narrow leaves out of a shared extension what tells of other tenants, and fills in who may change it. Lists are never null.
func (s *Server) narrow(r *http.Request, e *ExtensionInfo) {
	foreign := e.Shared && !operates(r)
	e.Changeable = !foreign && allowed(r, tenant.ToWrite) == nil
	if foreign {
		e.Stats = nil
	}
	if e.Capabilities == nil {
		e.Capabilities = []ExtensionCapability{}
	}
	for i := range e.Capabilities {
		if e.Capabilities[i].Items == nil {
			e.Capabilities[i].Items = []string{}
		}
	}
	if e.Nodes == nil {
		e.Nodes = []ExtensionNode{}
	}
	for _, list := range []*[]string{&e.Routes, &e.Events, &e.Messages} {
		if *list == nil {
			*list = []string{}
		}
	}
}

// findInstalled looks an extension up in its tenant's list. Errors: fault.NotFound.
func findInstalled(ctx context.Context, shelf ExtensionShelf, id string) (ExtensionInfo, error) {
	all, err := shelf.Extensions(ctx)
	if err != nil {
		return ExtensionInfo{}, err
	}
	i := slices.IndexFunc(all, func(e ExtensionInfo) bool { return e.ID == id })
	if i < 0 {
		return ExtensionInfo{}, fault.New(fault.NotFound, "there is no extension %q", id)
	}
	return all[i], nil
}

// extensionLog is GET /cocoon/extensions/{id}/log. The log of a shared extension tells of all tenants: it is the operator's.
func (s *Server) extensionLog(w http.ResponseWriter, r *http.Request, p params) error {
	shelf, id, err := s.shelf(p)
	if err != nil {
		return err
	}
	e, err := findInstalled(r.Context(), shelf, id)
	if err != nil {
		return err
	}
	if e.Shared && !operates(r) {
		return fault.New(fault.Forbidden, "the log of a shared extension is for operators")
	}
	lines, err := shelf.ExtensionLog(r.Context(), id)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusOK, map[string]any{"lines": append([]ExtensionLine{}, lines...)})
	return nil
}

// whose gives the context in which a change is made: the asker's tenant, or with ?shared=true that of all, which only an
// operator may change. Errors: fault.Forbidden, fault.NotFound on a server without extensions.
func (s *Server) whose(r *http.Request) (context.Context, error) {
	if s.c.Shelf == nil {
		return nil, fault.New(fault.NotFound, "this server has no extensions")
	}
	switch r.URL.Query().Get("shared") {
	case "", "false":
		return r.Context(), nil
	case "true":
		if err := allowed(r, tenant.ToOperate); err != nil {
			return nil, err
		}
		return tenant.With(r.Context(), ""), nil
	}
	return nil, fault.New(fault.BadRequest, "shared is true or false")
}

// offerExtension is POST /cocoon/extensions: a package as the body.
func (s *Server) offerExtension(w http.ResponseWriter, r *http.Request, _ params) error {
	ctx, err := s.whose(r)
	if err != nil {
		return err
	}
	o, err := s.c.Shelf.OfferExtension(ctx, http.MaxBytesReader(w, r.Body, maxPackage))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.TooLarge, "a package has at most %d MiB", maxPackage>>20)
	}
	if err != nil {
		return err
	}
	s.narrow(r, &o.Extension)
	o.Warnings = append([]string{}, o.Warnings...)
	reply.JSON(w, http.StatusOK, o)
	return nil
}

// consent is the body of a request that installs or grants.
type consent struct {
	Offer   string    `json:"offer"`
	Granted *[]string `json:"granted"` // required, so that a slip grants and takes nothing
}

func readConsent(r *http.Request) (c consent, err error) {
	b, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 1<<20))
	if err != nil {
		return c, err
	}
	switch err := json.Unmarshal(b, &c); {
	case err != nil:
		return c, fault.New(fault.BadRequest, "the body is no JSON object of the right form")
	case c.Granted == nil:
		return c, fault.New(fault.BadRequest, `the body has no "granted"`)
	case len(*c.Granted) > maxGrants:
		return c, fault.New(fault.TooMany, "more than %d capabilities are named", maxGrants)
	}
	return c, nil
}

// changeExtension makes a handler of a change; what it gives back is the extension as it is now.
func (s *Server) changeExtension(change func(ctx context.Context, shelf ExtensionShelf, id string, r *http.Request) error) handler {
	return func(w http.ResponseWriter, r *http.Request, p params) error {
		shelf, id, err := s.shelf(p)
		if err != nil {
			return err
		}
		ctx, err := s.whose(r)
		if err != nil {
			return err
		}
		if err := change(ctx, shelf, id, r); err != nil {
			return err
		}
		e, err := findInstalled(ctx, shelf, id)
		if errors.Is(err, fault.NotFound) {
			reply.JSON(w, http.StatusOK, map[string]any{"extension": nil})
			return nil
		}
		if err != nil {
			return err
		}
		e.Shared = e.Shared || tenant.Of(ctx) == "" && tenant.Of(r.Context()) != ""
		s.narrow(r, &e)
		reply.JSON(w, http.StatusOK, map[string]any{"extension": e})
		return nil
	}
}

func installExtension(ctx context.Context, shelf ExtensionShelf, id string, r *http.Request) error {
	c, err := readConsent(r)
	if err != nil {
		return err
	}
	if c.Offer == "" {
		return fault.New(fault.BadRequest, `the body has no "offer"; upload the package first`)
	}
	return shelf.InstallExtension(ctx, id, c.Offer, *c.Granted)
}

func grantExtension(ctx context.Context, shelf ExtensionShelf, id string, r *http.Request) error {
	c, err := readConsent(r)
	if err != nil {
		return err
	}
	return shelf.GrantExtension(ctx, id, *c.Granted)
}

// revokeExtension takes everything from an extension, which stops it.
func revokeExtension(ctx context.Context, shelf ExtensionShelf, id string, _ *http.Request) error {
	return shelf.GrantExtension(ctx, id, nil)
}

// removeExtension is DELETE /cocoon/extensions/{id}.
func removeExtension(ctx context.Context, shelf ExtensionShelf, id string, r *http.Request) error {
	switch data := r.URL.Query().Get("data"); data {
	case "", "false", "true":
		return shelf.RemoveExtension(ctx, id, data == "true")
	}
	return fault.New(fault.BadRequest, "data is true or false")
}

// ExtensionsChanged tells the clients of ctx's tenant that nodes came or went, for the tenant "" all clients.
func (h *Hub) ExtensionsChanged(ctx context.Context) {
	for _, t := range h.concerned(tenant.Of(ctx)) {
		h.Publish(ctx, engine.Event{Tenant: t, Type: "ext.changed", Data: json.RawMessage("{}")})
	}
}

// concerned lists the tenants whom a change of a tenant's extensions concerns: those of "" concern all who are here.
func (h *Hub) concerned(t tenant.ID) []tenant.ID {
	all := []tenant.ID{t}
	if t != "" {
		return all
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.sockets {
		if !slices.Contains(all, s.key.tenant) {
			all = append(all, s.key.tenant)
		}
	}
	return all
}
