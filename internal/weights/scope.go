package weights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Scope hands a model its tensors by name below a prefix. It notes what is missing or of the wrong shape and goes on, with
// zeros in its place, so that a constructor is straight-line code; whoever started the construction asks Err at the end.
// A Scope and its Subs share one record and must not be used by several goroutines at once.
type Scope struct {
	src    Source
	prefix string // with the last dot, or empty
	rec    *record
}

// record is what all scopes of one construction noted.
type record struct {
	used    map[string]bool
	missing []string
	shapes  []string // "name is 3x4, not 4x4"
	unsized []string // the same, where a wanted size is 0: the tensor that tells it is itself missing or wrong
	zeros   []byte   // shared memory of all placeholders
}

// NewScope starts a construction from src. prefix stands before every name, with a dot between; empty for none. A prefix
// that ends in a dot is taken as it is.
func NewScope(src Source, prefix string) *Scope {
	s := &Scope{src: src, rec: &record{used: map[string]bool{}}}
	if prefix == "" {
		return s
	}
	return s.Sub(strings.TrimSuffix(prefix, "."))
}

// Sub is the scope one name further down: "input_blocks.0".
func (s *Scope) Sub(name string) *Scope {
	return &Scope{src: s.src, prefix: s.prefix + name + ".", rec: s.rec}
}

// Prefix is what stands before names in this scope: "model.diffusion_model.", or empty.
func (s *Scope) Prefix() string { return s.prefix }

// Tensor gives a tensor of the given shape, in which -1 fits any size; the shape of the result is the stored one. No shape at all fits every
// shape, a scalar included. When it is missing, of another shape or of a type that programs cannot read, Err will say so and the
// result is F32 zeros of the wanted shape (sizes of -1 become 1), which must not be written.
func (s *Scope) Tensor(name string, shape ...int) *tensor.Tensor {
	full := s.prefix + name
	info, ok := Describe(s.src, full)
	if !ok {
		s.rec.missing = append(s.rec.missing, full)
		return s.rec.placeholder(shape)
	}
	s.rec.used[full] = true
	if t := s.rec.take(s.src, full, info, shape); t != nil {
		return t
	}
	return s.rec.placeholder(shape)
}

// Optional is Tensor for one that may be absent: then it is nil and nothing is noted. A wrong shape is noted as by Tensor.
func (s *Scope) Optional(name string, shape ...int) *tensor.Tensor {
	if !s.Has(name) {
		return nil
	}
	return s.Tensor(name, shape...)
}

// Has reports whether there is a tensor of that name.
func (s *Scope) Has(name string) bool {
	_, ok := Describe(s.src, s.prefix+name)
	return ok
}

// HasSub reports whether there is any tensor below that name.
func (s *Scope) HasSub(name string) bool {
	prefix := s.prefix + name + "."
	names := s.src.Names()
	i, _ := slices.BinarySearch(names, prefix)
	return i < len(names) && strings.HasPrefix(names[i], prefix)
}

// Shape is the shape of a tensor, nil when there is none of that name.
func (s *Scope) Shape(name string) tensor.Shape {
	info, ok := Describe(s.src, s.prefix+name)
	if !ok {
		return nil
	}
	return info.Shape
}

// Err reports all that was missing or of the wrong shape, and then what nobody took below this scope, or nil. It is a fault
// with code BadFile.
func (s *Scope) Err() error {
	r := s.rec
	shapes := r.shapes
	if len(r.missing) == 0 && len(shapes) == 0 {
		shapes = r.unsized
	}
	if len(r.missing) == 0 && len(shapes) == 0 {
		return nil
	}
	var parts []string
	if n := len(r.missing); n > 0 {
		parts = append(parts, fmt.Sprintf("%d missing (%s)", n, list(r.missing)))
	}
	if n := len(shapes); n > 0 {
		parts = append(parts, fmt.Sprintf("%d of the wrong shape or type (%s)", n, list(shapes)))
	}
	if left := s.Unused(); len(left) > 0 && len(left) < len(s.src.Names()) {
		parts = append(parts, fmt.Sprintf("%d left over (%s)", len(left), list(left)))
	}
	return fault.New(fault.BadFile, "the file's tensors do not fit the model: %s; the file is damaged, or of a variant that is not known: "+
		"download it again, or another of its formats", strings.Join(parts, "; "))
}

// Missing lists the full names that were asked for and are not there.
func (s *Scope) Missing() []string { return s.rec.missing }

// Unused lists the tensors below this scope that nobody took, in sorted order, without those that start with one of the given
// prefixes (full names, counted from the source's root).
func (s *Scope) Unused(ignore ...string) []string {
	var out []string
	for _, n := range s.src.Names() {
		if !strings.HasPrefix(n, s.prefix) || s.rec.used[n] || slices.ContainsFunc(ignore, func(p string) bool { return strings.HasPrefix(n, p) }) {
			continue
		}
		out = append(out, n)
	}
	return out
}

// take gives the tensor if it fits the wanted shape; else it notes why not and gives nil.
func (r *record) take(src Source, name string, info Info, want []int) *tensor.Tensor {
	if !fits(info.Shape, want) {
		to := &r.shapes
		if slices.Contains(want, 0) {
			to = &r.unsized
		}
		*to = append(*to, fmt.Sprintf("%s is %v, not %v", name, info.Shape, wanted(want)))
		return nil
	}
	if info.DType == tensor.Invalid {
		r.shapes = append(r.shapes, fmt.Sprintf("%s is stored as %s, which is not supported", name, info.Stored))
		return nil
	}
	t, ok := src.Tensor(name)
	if !ok {
		r.missing = append(r.missing, name)
		return nil
	}
	return t
}

// maxPlaceholderBytes bounds the zeros that stand for what is missing. They are never touched, so they cost addresses only.
const maxPlaceholderBytes = 1 << 30

func (r *record) placeholder(shape []int) *tensor.Tensor {
	s := tensor.Shape(shape).Clone()
	for i, d := range s {
		if d < 0 {
			s[i] = 1
		}
	}
	n, ok := s.TryElems()
	if !ok || n > maxPlaceholderBytes/4 {
		for i := range s {
			s[i] = 1
		}
		n = 1
	}
	if len(r.zeros) < 4*n {
		r.zeros = tensor.New(tensor.F32, n).Bytes()
	}
	return tensor.FromBytes(tensor.F32, s, r.zeros[:4*n:4*n], nil)
}

func fits(have tensor.Shape, want []int) bool {
	if len(want) == 0 {
		return true
	}
	if len(have) != len(want) {
		return false
	}
	for i, d := range want {
		if d >= 0 && d != have[i] {
			return false
		}
	}
	return true
}

// wanted spells a shape with * for any size.
func wanted(shape []int) string {
	return strings.ReplaceAll(tensor.Shape(shape).String(), "-1", "*")
}

// list names the first few.
func list(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
