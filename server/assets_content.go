package server

import (
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// assetContent is GET /api/assets/{uuid}/content.
func (s *Server) assetContent(w http.ResponseWriter, r *http.Request, id string) error {
	owner := tenant.Of(r.Context())
	a, err := s.c.Assets.Get(r.Context(), owner, id)
	if errors.Is(err, fault.NotFound) {
		return assetFault(err, "")
	}
	if err != nil {
		return err
	}
	f, err := s.openAsset(r, &a)
	if err != nil {
		return badAsset(404, "FILE_NOT_FOUND", "Underlying file not found on disk.")
	}
	defer f.Close()
	if err := s.c.Assets.Touch(r.Context(), a.ID); err != nil {
		return err
	}
	how := "attachment"
	if strings.EqualFold(strings.TrimSpace(r.URL.Query().Get("disposition")), "inline") {
		how = "inline"
	}
	return s.sendAsset(w, r, &a, f, how)
}

// openAsset opens the file of a reference, or another of the same content.
func (s *Server) openAsset(r *http.Request, a *assets.Ref) (*os.File, error) {
	if a.File.Kind != "" {
		if f, err := s.shelves().Open(a.File); err == nil {
			return f, nil
		}
	}
	places, err := s.c.Assets.Places(r.Context(), tenant.Of(r.Context()), a.Hash)
	if err != nil {
		return nil, err
	}
	for i := range places {
		if f, err := s.shelves().Open(places[i].File); err == nil {
			return f, nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no file")
}

// sendAsset sends content. Types that a browser would run are sent as a download, in a sandbox.
func (s *Server) sendAsset(w http.ResponseWriter, r *http.Request, a *assets.Ref, f *os.File, how string) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	h := w.Header()
	kind, _, _ := strings.Cut(a.MIME, ";")
	if kind = strings.TrimSpace(kind); kind == "" {
		kind = mimeOf(a.Name)
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", sandbox)
	if dangerous(kind) || !plainType(kind) {
		h.Set("Vary", "Sec-Fetch-Dest")
		h.Set("Cache-Control", "no-store")
		if kind != "image/svg+xml" || r.Header.Get("Sec-Fetch-Dest") != "image" {
			kind, how = "application/octet-stream", "attachment"
		}
	}
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+quoted(strings.NewReplacer("\r", "", "\n", "").Replace(a.Name)))
	sendContent(w, r, st.ModTime(), st.Size(), f)
	return nil
}

// plainType reports whether a type that a client made up is one.
func plainType(kind string) bool {
	return strings.Count(kind, "/") == 1 && strings.Trim(strings.ToLower(kind), "abcdefghijklmnopqrstuvwxyz0123456789/+-._") == ""
}

// viewHash is GET /view for a name that is a hash.
func (s *Server) viewHash(w http.ResponseWriter, r *http.Request, text string) error {
	hash, err := assets.ParseHash(text)
	if s.c.Assets == nil || err != nil {
		return plain(http.StatusNotFound)
	}
	places, err := s.c.Assets.Places(r.Context(), tenant.Of(r.Context()), hash)
	if err != nil {
		return err
	}
	for i := range places {
		if f, err := s.shelves().Open(places[i].File); err == nil {
			defer f.Close()
			return s.sendAsset(w, r, &places[i], f, "inline")
		}
	}
	return plain(http.StatusNotFound)
}
