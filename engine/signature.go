package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"math"
	"math/big"
	"reflect"
	"slices"
	"sync/atomic"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// key names a result by everything that went into it: the class, the constants, what the node says of its surroundings, and
// the same of everything that it hangs on.
type key [sha256.Size]byte

// signer gives vertices their keys. Keys of vertices that hang on each other are made inner first, without recursion.
type signer struct {
	ctx    context.Context
	g      *graph
	tenant tenant.ID
	change func(ctx context.Context, v *vertex) (any, bool) // the node's fingerprint; false for none
	keys   map[*vertex]key
	open   map[*vertex]bool // being made
	off    bool             // nothing is cached, so nothing needs a name and no node is asked whether it changed
	serial *atomic.Uint64   // makes keys that equal no other
	salt   string
	buf    []byte
}

// key gives the key of v, making it and those it hangs on if need be.
func (s *signer) key(v *vertex) key {
	if s.off {
		return key{}
	}
	if k, ok := s.keys[v]; ok {
		return k
	}
	stack := []*vertex{v}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		if _, made := s.keys[top]; made {
			stack = stack[:len(stack)-1]
			continue
		}
		if s.open[top] {
			delete(s.open, top)
			s.keys[top] = s.make(top)
			stack = stack[:len(stack)-1]
			continue
		}
		s.open[top] = true
		stack = s.pushProducers(stack, top)
	}
	return s.keys[v]
}

func (s *signer) pushProducers(stack []*vertex, v *vertex) []*vertex {
	for i := range v.inputs.Len() {
		_, value := v.inputs.At(i)
		if l, ok := linkOf(value); ok {
			from, there := s.g.get(l.from)
			if _, made := s.keys[from]; there && !made && !s.open[from] {
				stack = append(stack, from)
			}
		}
	}
	return stack
}

// never is a key that equals no other.
func (s *signer) never() key {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], s.serial.Add(1))
	return sha256.Sum256(append([]byte("never "+s.salt), b[:]...))
}

// make hashes one vertex whose producers have their keys.
func (s *signer) make(v *vertex) key {
	b := append(s.buf[:0], s.tenant...)
	b = append(b, 0)
	b = append(b, v.class...)
	if v.schema.Code != "" {
		b = append(append(b, 3), v.schema.Code...)
	}
	ok := true
	if changed, has := s.change(s.ctx, v); has {
		b, ok = appendCanon(append(b, 1), changed)
		ok = ok && !saysNaN(changed)
	}
	if ok && v.bound() {
		b = append(append(b, 2), v.id...)
	}
	if ok {
		b, ok = s.appendInputs(b, v)
	}
	s.buf = b
	if !ok {
		return s.never()
	}
	return sha256.Sum256(b)
}

// bound reports whether the node's id is part of its key.
func (v *vertex) bound() bool {
	if v.schema.NotIdempotent {
		return true
	}
	for _, h := range v.schema.Hidden {
		if h.Kind == node.UniqueID {
			// Compat: in the newer style the id does not enter the key.
			return !v.schema.V3
		}
	}
	return false
}

func (s *signer) appendInputs(b []byte, v *vertex) ([]byte, bool) {
	names := v.inputs.Keys()
	if !slices.IsSorted(names) {
		names = slices.Sorted(slices.Values(names))
	}
	for _, name := range names {
		value, _ := v.inputs.Get(name)
		b = append(append(b, 3), name...)
		if value == any("nan") && s.isNaN(v, name) {
			return b, false
		}
		l, isLink := linkOf(value)
		if !isLink {
			var ok bool
			if b, ok = appendCanon(append(b, 4), value); !ok {
				return b, false
			}
			continue
		}
		from, there := s.g.get(l.from)
		k, made := s.keys[from]
		if !there || !made || l.odd {
			return b, false
		}
		b = append(append(b, 5), k[:]...)
		b = binary.LittleEndian.AppendUint64(b, uint64(l.out))
	}
	return b, true
}

// saysNaN reports whether a fingerprint that came with a prompt is the text that stands for a number which equals nothing.
func saysNaN(changed any) bool {
	if list, ok := changed.([]any); ok {
		return slices.Contains(list, any("nan"))
	}
	return changed == any("nan")
}

// isNaN reports whether an input's text "nan" is that number.
func (s *signer) isNaN(v *vertex, name string) bool {
	f, err := s.g.forms.of(v)
	return err == nil && v.body != nil && f.index[name] != nil && f.index[name].Type == node.Float
}

// appendCanon writes a value so that equal values have equal bytes: numbers by value whatever their type, objects whatever
// their order. false: the value equals nothing, not even itself.
func appendCanon(b []byte, v any) ([]byte, bool) {
	switch x := v.(type) {
	case nil:
		return append(b, 'z'), true
	case string:
		b = binary.LittleEndian.AppendUint64(append(b, 's'), uint64(len(x)))
		return append(b, x...), true
	case bool:
		if x {
			return append(b, "n1;"...), true
		}
		return append(b, "n0;"...), true
	case int64, uint64, int, bigInt:
		return append(doc.Append(append(b, 'n'), x), ';'), true
	case float64:
		return appendCanonFloat(b, x)
	case []any:
		return appendCanonList(b, len(x), func(i int) any { return x[i] })
	case given:
		return appendCanonList(b, len(x.values), func(i int) any { return x.values[i] })
	case json.RawMessage:
		return append(append(b, 'r'), x...), true
	case *doc.Object:
		keys := slices.Sorted(slices.Values(x.Keys()))
		return appendCanonMap(b, keys, func(k string) any { v, _ := x.Get(k); return v })
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return appendCanonMap(b, keys, func(k string) any { return x[k] })
	}
	return appendCanonOther(b, v)
}

func appendCanonFloat(b []byte, f float64) ([]byte, bool) {
	if math.IsNaN(f) {
		return b, false
	}
	if f == math.Trunc(f) && !math.IsInf(f, 0) {
		if math.Abs(f) < 1<<62 {
			return append(doc.Append(append(b, 'n'), int64(f)), ';'), true
		}
		n, _ := new(big.Float).SetFloat64(f).Int(nil)
		return append(doc.Append(append(b, 'n'), n), ';'), true
	}
	return append(append(append(b, 'n'), doc.Float(f)...), ';'), true
}

func appendCanonList(b []byte, n int, at func(int) any) ([]byte, bool) {
	b, ok := append(b, '['), true
	for i := range n {
		if b, ok = appendCanon(b, at(i)); !ok {
			return b, false
		}
	}
	return append(b, ']'), true
}

func appendCanonMap(b []byte, keys []string, at func(string) any) ([]byte, bool) {
	b, ok := append(b, '{'), true
	for _, k := range keys {
		b, _ = appendCanon(b, k)
		if b, ok = appendCanon(b, at(k)); !ok {
			return b, false
		}
	}
	return append(b, '}'), true
}

// appendCanonOther writes what fingerprints may hold besides: other integers, floats, strings, arrays and slices of such.
func appendCanonOther(b []byte, v any) ([]byte, bool) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Int8, reflect.Int16, reflect.Int32:
		return appendCanon(b, r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return appendCanon(b, r.Uint())
	case reflect.Float32:
		return appendCanonFloat(b, r.Float())
	case reflect.String:
		return appendCanon(b, r.String())
	case reflect.Array, reflect.Slice:
		return appendCanonList(b, r.Len(), func(i int) any { return r.Index(i).Interface() })
	}
	return b, false
}
