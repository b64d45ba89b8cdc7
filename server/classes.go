package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"slices"
	"sync"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// maxDescribed bounds the descriptions that tenants share.
const maxDescribed = 16 << 10

// classes keeps the descriptions of classes, tenant by tenant. What changes in them are lists of files, which are read for
// every answer; a class is described anew only when one of its lists is another, and once for all tenants whose lists are alike.
type classes struct {
	tenants recent[listing]

	mu     sync.Mutex                  // guards the rest
	shared map[*node.Schema]*described // the last description of each
	newest *classView
}

// described is one class. It does not change.
type described struct {
	schema *node.Schema
	lists  [][]any // when it was described
	text   []byte  // "class":{…}
}

// listing is the classes of a tenant.
type listing struct {
	mu   sync.Mutex // guards view
	view *classView
}

// classView is the descriptions of all classes as one text, with a tag that is another when the text is. It does not change.
type classView struct {
	parts []*described
	text  []byte
	tag   string

	packed func(coding string) []byte
}

// of describes every class to the tenant of ctx.
func (c *classes) of(ctx context.Context, reg *node.Registry) *classView {
	l := c.tenants.of(tenant.Of(ctx))
	l.mu.Lock()
	defer l.mu.Unlock()
	var old []*described
	if l.view != nil {
		old = l.view.parts
	}
	parts, same := make([]*described, 0, len(old)), true
	for k := range reg.All(ctx) {
		var before *described
		if len(parts) < len(old) {
			before = old[len(parts)]
		}
		d, kept := c.describe(ctx, k.Schema(), before)
		same = same && kept
		parts = append(parts, d)
	}
	if l.view == nil || !same || len(parts) != len(old) {
		l.view = c.render(parts)
	}
	return l.view
}

// describe gives the description of a class. old is what stood in its place before, nil for nothing; kept is true when that is
// still good.
func (c *classes) describe(ctx context.Context, s *node.Schema, old *described) (d *described, kept bool) {
	lists, fixed := listsOf(ctx, s)
	if old != nil && old.is(s, lists) && fixed {
		return old, true
	}
	if fixed {
		c.mu.Lock()
		d = c.shared[s]
		c.mu.Unlock()
		if d != nil && d.is(s, lists) {
			return d, false
		}
	}
	d = &described{schema: s, lists: lists, text: node.Described(ctx, s)}
	if fixed {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.shared == nil || len(c.shared) >= maxDescribed {
			c.shared = map[*node.Schema]*described{}
		}
		c.shared[s] = d
	}
	return d, old != nil && old.schema == s && bytes.Equal(old.text, d.text)
}

func (d *described) is(s *node.Schema, lists [][]any) bool {
	return d.schema == s && slices.EqualFunc(d.lists, lists, sameList)
}

// sameList compares options. Those that are fixed come as the same slice each time.
func sameList(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) == 0 || &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if x, ok := a[i].(string); ok {
			if y, ok := b[i].(string); !ok || x != y {
				return false
			}
		} else if !reflect.DeepEqual(a[i], b[i]) {
			return false
		}
	}
	return true
}

// render joins descriptions. Tenants that see the same share one text.
func (c *classes) render(parts []*described) *classView {
	c.mu.Lock()
	newest := c.newest
	c.mu.Unlock()
	if newest != nil && slices.Equal(newest.parts, parts) {
		return newest
	}
	n := 2
	for _, d := range parts {
		n += len(d.text) + 1
	}
	v := &classView{parts: parts, text: append(make([]byte, 0, n), '{')}
	for i, d := range parts {
		if i > 0 {
			v.text = append(v.text, ',')
		}
		v.text = append(v.text, d.text...)
	}
	v.text = append(v.text, '}')
	sum := sha256.Sum256(v.text)
	v.tag = `"` + hex.EncodeToString(sum[:16]) + `"`
	gzip := sync.OnceValue(func() []byte { return packed("gzip", v.text) })
	deflate := sync.OnceValue(func() []byte { return packed("deflate", v.text) })
	v.packed = func(coding string) []byte {
		if coding == "gzip" {
			return gzip()
		}
		return deflate()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = v
	return v
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
