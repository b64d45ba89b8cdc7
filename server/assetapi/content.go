package assetapi

import (
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/filetype"
)

// content is GET /api/assets/{uuid}/content.
func (h *Handler) content(w http.ResponseWriter, r *http.Request, id string) error {
	owner := tenant.Of(r.Context())
	a, err := h.c.Catalogue.Get(r.Context(), owner, id)
	if errors.Is(err, fault.NotFound) {
		return explained(err, "")
	}
	if err != nil {
		return err
	}
	f, err := h.open(r, &a)
	if err != nil {
		return refused(404, "FILE_NOT_FOUND", "Underlying file not found on disk.")
	}
	defer f.Close()
	if err := h.c.Catalogue.Touch(r.Context(), a.ID); err != nil {
		return err
	}
	how := "attachment"
	if strings.EqualFold(strings.TrimSpace(r.URL.Query().Get("disposition")), "inline") {
		how = "inline"
	}
	return h.send(w, r, &a, f, how)
}

// open opens the file of a reference, or another of the same content.
func (h *Handler) open(r *http.Request, a *assets.Ref) (*os.File, error) {
	if a.File.Kind != "" {
		if f, err := h.shelves().Open(a.File); err == nil {
			return f, nil
		}
	}
	places, err := h.c.Catalogue.Places(r.Context(), tenant.Of(r.Context()), a.Hash)
	if err != nil {
		return nil, err
	}
	for i := range places {
		if f, err := h.shelves().Open(places[i].File); err == nil {
			return f, nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no file")
}

// send sends content. Types that a browser would run are sent as a download, in a sandbox.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, a *assets.Ref, f *os.File, how string) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	header := w.Header()
	kind, _, _ := strings.Cut(a.MIME, ";")
	if kind = strings.TrimSpace(kind); kind == "" {
		kind = filetype.Of(a.Name)
	}
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", filetype.Sandbox)
	if filetype.Dangerous(kind) || !plainType(kind) {
		header.Set("Vary", "Sec-Fetch-Dest")
		header.Set("Cache-Control", "no-store")
		if kind != "image/svg+xml" || r.Header.Get("Sec-Fetch-Dest") != "image" {
			kind, how = "application/octet-stream", "attachment"
		}
	}
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", how+"; filename*=UTF-8''"+quoted(strings.NewReplacer("\r", "", "\n", "").Replace(a.Name)))
	h.c.Send(w, r, st.ModTime(), st.Size(), f)
	return nil
}

// plainType reports whether a type that a client made up is one.
func plainType(kind string) bool {
	return strings.Count(kind, "/") == 1 && strings.Trim(strings.ToLower(kind), "abcdefghijklmnopqrstuvwxyz0123456789/+-._") == ""
}

// ByHash sends content by its hash, as /view shows it; false, with nothing sent, when there is none that the asker sees.
func (h *Handler) ByHash(w http.ResponseWriter, r *http.Request, text string) (found bool, err error) {
	hash, err := assets.ParseHash(text)
	if err != nil {
		return false, nil
	}
	places, err := h.c.Catalogue.Places(r.Context(), tenant.Of(r.Context()), hash)
	if err != nil {
		return false, err
	}
	for i := range places {
		if f, err := h.shelves().Open(places[i].File); err == nil {
			defer f.Close()
			return true, h.send(w, r, &places[i], f, "inline")
		}
	}
	return false, nil
}
