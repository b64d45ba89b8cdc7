package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// objectInfo is GET /object_info.
func (s *Server) objectInfo(w http.ResponseWriter, r *http.Request, _ params) error {
	b, tag := s.classes.all(r.Context(), s.c.Registry)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if match := r.Header.Get("If-None-Match"); match == "*" || strings.Contains(match, tag) {
		empty(w, http.StatusNotModified)
		return nil
	}
	rawJSON(w, 200, b)
	return nil
}

// objectInfoOf is GET /object_info/{class}.
func (s *Server) objectInfoOf(w http.ResponseWriter, r *http.Request, p params) error {
	rawJSON(w, 200, node.ObjectInfoOf(r.Context(), s.c.Registry, p.get("class")))
	return nil
}

// classes keeps the descriptions of classes. What changes in them are lists of files, which are read for every answer; a
// class is described anew only when one of its lists is another.
type classes struct {
	mu   sync.Mutex // guards the rest
	of   tenant.ID  // whose lists these are
	kept map[string]*described
	text []byte
	tag  string
}

type described struct {
	schema *node.Schema
	lists  [][]any
	text   []byte // "class":{…}
}

// all describes every class, with a tag that changes when the text does.
func (c *classes) all(ctx context.Context, reg *node.Registry) (text []byte, tag string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := tenant.Of(ctx); c.kept == nil || c.of != t {
		c.of, c.kept, c.text = t, map[string]*described{}, nil
	}
	same, n := true, 0
	var parts [][]byte
	for k := range reg.All(ctx) {
		d, kept := c.describe(ctx, reg, k.Schema())
		same = same && kept
		n++
		parts = append(parts, d.text)
	}
	if same && c.text != nil && n == len(c.kept) {
		return c.text, c.tag
	}
	if n != len(c.kept) { // classes have gone
		c.kept = map[string]*described{}
	}
	c.text = append(append([]byte{'{'}, bytes.Join(parts, []byte{','})...), '}')
	sum := sha256.Sum256(c.text)
	c.tag = `"` + hex.EncodeToString(sum[:16]) + `"`
	return c.text, c.tag
}

func (c *classes) describe(ctx context.Context, reg *node.Registry, s *node.Schema) (d *described, kept bool) {
	lists, fixed := listsOf(ctx, s)
	if d = c.kept[s.ID]; d != nil && fixed && d.schema == s && reflect.DeepEqual(d.lists, lists) {
		return d, true
	}
	text := node.ObjectInfoOf(ctx, reg, s.ID)
	d = &described{schema: s, lists: lists, text: bytes.TrimSuffix(bytes.TrimPrefix(text, []byte{'{'}), []byte{'}'})}
	c.kept[s.ID] = d
	return d, false
}

// listsOf reads the options of a class's combos; fixed is false when there may be others inside of inputs.
func listsOf(ctx context.Context, s *node.Schema) (lists [][]any, fixed bool) {
	fixed = true
	for i := range s.Inputs {
		in := &s.Inputs[i]
		if in.Choices != nil {
			lists = append(lists, in.Choices(ctx))
		}
		fixed = fixed && in.Forms == nil
	}
	return lists, fixed
}
