package server

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/assetapi"
	"github.com/cocoonhq/cocoon/server/reply"
)

// streamed is the route whose body is as long as the owner's quota and the disk allow. Compat.
const streamed = "POST /api/assets"

// assetHandler makes what answers for the catalogue of assets; nil without one.
func (s *Server) assetHandler() *assetapi.Handler {
	if s.c.Assets == nil {
		return nil
	}
	c := assetapi.Config{Catalogue: s.c.Assets, Files: s.c.Files, Models: s.c.Models, HashLimit: s.c.HashLimit, Keyed: s.c.Auth != nil,
		Operates: operates, Send: sendContent}
	if s.c.Engine != nil {
		c.Remaining = s.c.Engine.Remaining
	}
	if s.c.Hub != nil {
		c.Emit = func(owner tenant.ID, event string, data json.RawMessage) {
			s.c.Hub.Publish(context.Background(), engine.Event{Tenant: owner, Type: event, Data: data})
		}
	}
	return assetapi.New(c)
}

// answerAssets answers all asset routes. Compat: without a catalogue they say that it is off, which is what clients ask about first.
func (s *Server) answerAssets(w http.ResponseWriter, r *http.Request, p params) error {
	rest := strings.TrimPrefix(p.ps.ByName("rest"), "/")
	if (rest != "" || strings.HasSuffix(r.URL.Path, "/")) && !assetapi.Has(r.Method, rest) {
		s.noAssetRoute(w, r, rest)
		return nil
	}
	if s.assets != nil {
		return s.assets.Answer(w, r, rest)
	}
	reply.Doc(w, http.StatusServiceUnavailable, doc.Of("error", doc.Of("code", "SERVICE_DISABLED",
		"message", "Assets system is disabled. Start the server with --enable-assets to use this feature.", "details", doc.Of())))
	return nil
}

// noAssetRoute answers below /api/assets what any path without a route gets.
func (s *Server) noAssetRoute(w http.ResponseWriter, r *http.Request, rest string) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		s.webRoot(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(assetapi.Methods(rest), ","))
	raise(w, http.StatusMethodNotAllowed)
}

// viewAsset is GET /view for a name that is a hash.
func (s *Server) viewAsset(w http.ResponseWriter, r *http.Request, hash string) error {
	if s.assets != nil {
		if found, err := s.assets.ByHash(w, r, hash); found || err != nil {
			return err
		}
	}
	return plain(http.StatusNotFound)
}

// Scan brings the catalogue of assets up to date in the background: all files of the one user, or where there are keys the
// model files, which are everybody's. Without a catalogue it does nothing.
func (s *Server) Scan() {
	if s.assets != nil {
		s.assets.Scan()
	}
}
