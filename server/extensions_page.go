package server

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

// bridge is the pack whose one script opens the pages of extensions in a client, and carries what they ask to their routes.
//
//go:embed web/bridge/web/bridge.js
var bridge embed.FS

// pageHelper is what pages of extensions find as cocoon: the bridge's other end.
//
//go:embed web/bridge/helper.js
var pageHelper string

// framePage is the page around an extension's page: it has no script, and its policy keeps what is inside from going elsewhere.
//
//go:embed web/bridge/frame.html
var framePage []byte

const (
	// framePolicy lets the frame hold this server's pages only, wherever a page inside it wants to go.
	framePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
	// sandboxPolicy gives an extension's page an origin of its own, in which its inline scripts run but reach neither the
	// server nor anything outside.
	sandboxPolicy = "sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
		"img-src data: blob:; media-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

// extensionFrame is GET /cocoon/extensions/{id}/frame, which shows the page beside it on the light or dark of ?theme.
func (s *Server) extensionFrame(w http.ResponseWriter, r *http.Request, p params) error {
	if _, _, err := s.shelf(p); err != nil {
		return err
	}
	page := framePage
	if theme := r.URL.Query().Get("theme"); theme == "light" || theme == "dark" {
		page = bytes.Replace(page, []byte("color-scheme: light dark"), []byte("color-scheme: "+theme), 1)
	}
	htmlOf(w, framePolicy, page)
	return nil
}

// extensionPage is GET /cocoon/extensions/{id}/page: the page as the package has it, with the bridge's end before its scripts.
func (s *Server) extensionPage(w http.ResponseWriter, r *http.Request, p params) error {
	shelf, id, err := s.shelf(p)
	if err != nil {
		return err
	}
	page, err := shelf.ExtensionPage(r.Context(), id)
	if err != nil {
		return err
	}
	htmlOf(w, sandboxPolicy, withHelper(page))
	return nil
}

func htmlOf(w http.ResponseWriter, policy string, page []byte) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-DNS-Prefetch-Control", "off")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(page) // a client that went away is no fault of ours
}

// withHelper puts the helper behind the doctype, which must come first to count.
func withHelper(page []byte) []byte {
	const doctype = "<!doctype"
	head := bytes.TrimLeft(bytes.TrimPrefix(page, []byte("\ufeff")), " \t\r\n\f")
	var first []byte
	if len(head) > len(doctype) && strings.EqualFold(string(head[:len(doctype)]), doctype) {
		if end := bytes.IndexByte(head, '>'); end >= 0 {
			first, head = head[:end+1], head[end+1:]
		}
	}
	out := make([]byte, 0, len(page)+len(pageHelper)+32)
	out = append(append(out, first...), "<script>"...)
	out = append(append(out, pageHelper...), "</script>"...)
	return append(out, head...)
}

// clientPacks are the packs whose scripts clients load: those of the server, the bridge, and of extensions the trusted ones of
// the asker's tenant. A name of the server's own goes first.
func (s *Server) clientPacks(r *http.Request) []Pack {
	all := s.packs.list
	if s.c.Shelf == nil {
		return all
	}
	if files, err := fs.Sub(bridge, "web/bridge"); err == nil {
		all = append(all[:len(all):len(all)], Pack{"cocoon", files})
	}
	return append(all, s.c.Shelf.ExtensionScripts(r.Context())...)
}

// clientPack finds one of them.
func (s *Server) clientPack(r *http.Request, name string) (Pack, bool) {
	for _, p := range s.clientPacks(r) {
		if p.Name == name {
			return p, true
		}
	}
	return Pack{}, false
}
