package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/filetype"
	"github.com/cocoonhq/cocoon/server/reply"
)

// stocks keeps what the extensions of tenants bring for clients, as long as the same ones run.
type stocks struct {
	recent[stocked]
	plain func() *stock // without extensions
}

// stocked is a tenant's.
type stocked struct {
	mu       sync.Mutex // guards the rest
	revision uint64     // for which the stock holds; 0 for none
	stock    *stock
}

// stock is what the extensions of one tenant bring. It does not change.
type stock struct {
	bundles []*bundle // in the order of ExtensionContents
	words   func() *sealed
	graphs  func() []graph
	broken  *atomic.Bool // a file could not be read, since its package ended: it holds for no other revision
}

// bundle is an extension's content.
type bundle struct {
	ExtensionContent
	names     []string          // of its workflows; none where a pack has its name
	templates map[string]string // name → file
	broken    *atomic.Bool
}

// stock gives what the extensions of the tenant of ctx bring.
func (s *Server) stock(ctx context.Context) *stock {
	var revision uint64
	if s.c.Shelf != nil {
		revision = s.c.Shelf.ExtensionRevision() // before the contents, so that it is never newer than they are
	}
	if revision == 0 {
		return s.stocks.plain()
	}
	at := s.stocks.of(tenant.Of(ctx))
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.revision == revision {
		return at.stock
	}
	contents := s.c.Shelf.ExtensionContents(ctx)
	if at.stock == nil || at.stock.broken.Load() || !slices.EqualFunc(at.stock.bundles, contents, (*bundle).is) {
		at.stock = s.newStock(ctx, contents)
	}
	at.revision = revision
	return at.stock
}

func (s *Server) newStock(ctx context.Context, contents []ExtensionContent) *stock {
	k := &stock{broken: &atomic.Bool{}}
	for _, c := range contents {
		b := &bundle{ExtensionContent: c, broken: k.broken}
		if _, taken := s.packs.find(c.ID); !taken && !slices.Contains(ownTemplates, c.ID) {
			b.names, b.templates = b.examples()
		}
		k.bundles = append(k.bundles, b)
	}
	if len(contents) == 0 {
		plain := s.stocks.plain()
		k.words, k.graphs = plain.words, plain.graphs
		return k
	}
	ctx = context.WithoutCancel(ctx) // it outlives the request, and is of the same tenant
	k.words = sync.OnceValue(func() *sealed { return seal(s.translations(ctx, k.bundles)) })
	k.graphs = sync.OnceValue(func() (all []graph) {
		for _, b := range k.bundles {
			if _, taken := s.packs.find(b.ID); !taken {
				all = append(all, b.subgraphs()...)
			}
		}
		return all
	})
	return k
}

// plainStock is that of tenants without extensions.
func (s *Server) plainStock() *stock {
	return &stock{broken: &atomic.Bool{}, graphs: func() []graph { return nil },
		words: sync.OnceValue(func() *sealed { return seal(s.packs.translations()) })}
}

// find finds an extension by its id, or by how clients spell it: with _ for its dots.
func (k *stock) find(name string) *bundle {
	for _, b := range k.bundles {
		if b.ID == name || spelled(b.ID) == name {
			return b
		}
	}
	return nil
}

// spelled is an id as it stands in the keys of translations and in the modules of nodes. No id has a _.
func spelled(id string) string { return strings.ReplaceAll(id, ".", "_") }

func (b *bundle) is(c ExtensionContent) bool {
	return b.ID == c.ID && b.Sum == c.Sum && slices.Equal(b.Classes, c.Classes)
}

// in lists the files right inside of a folder, sorted.
func (b *bundle) in(dir string) []string {
	var list []string
	for name := range b.Files {
		if path.Dir(name) == dir {
			list = append(list, path.Base(name))
		}
	}
	slices.Sort(list)
	return list
}

// pick gives the first of the names that there is, and that has no more than some bytes; "" for none.
func (b *bundle) pick(most int64, names ...string) string {
	for _, name := range names {
		if n, ok := b.Files[name]; ok && n <= most {
			return name
		}
	}
	return ""
}

func (b *bundle) read(name string) ([]byte, error) {
	text, err := b.Read(name)
	if err != nil {
		b.broken.Store(true)
	}
	return text, err
}

// inertPolicy keeps what a browser shows of an extension's file from doing anything.
const inertPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'"

// sendBundled sends a file of an extension so that whatever it is it does nothing. change makes what is sent of it, and
// refuses what is not as it should be; nil changes nothing.
func (s *Server) sendBundled(w http.ResponseWriter, r *http.Request, b *bundle, name string, change func([]byte) ([]byte, error)) error {
	text, err := b.read(name)
	if err == nil && change != nil {
		text, err = change(text)
	}
	if err != nil {
		return s.missing(w)
	}
	kind := filetype.Of(name)
	if kind == "text/markdown" {
		kind += "; charset=utf-8"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", inertPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	sealText(text).send(w, r)
	return nil
}

// sealed is a text with a tag that is another when the text is. It does not change.
type sealed struct {
	text []byte
	tag  string
}

func sealText(b []byte) *sealed {
	sum := sha256.Sum256(b)
	return &sealed{b, `"` + hex.EncodeToString(sum[:16]) + `"`}
}

func seal(v *doc.Object) *sealed { return sealText(reply.Spaced(doc.Encode(v))) }

// send answers with the text, or with 304 where the client has it. Without a type that is set it is JSON.
func (k *sealed) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", k.tag)
	h.Set("Cache-Control", "private, no-cache")
	if match := r.Header.Get("If-None-Match"); match == "*" || strings.Contains(match, k.tag) {
		h.Del("Content-Type")
		reply.Empty(w, http.StatusNotModified)
		return
	}
	if h.Get("Content-Type") == "" {
		reply.Raw(w, http.StatusOK, k.text)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(k.text)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(k.text) // a client that went away is no fault of ours
}
