package weights

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Source is named tensors. Names are sorted and unique; the caller must not change the slice. Tensor gives false for a name
// that is not there; it may build the tensor at each call, so callers ask once and keep it.
type Source interface {
	Names() []string
	Tensor(name string) (*tensor.Tensor, bool)
}

// Info describes a stored tensor without its elements.
type Info struct {
	DType  tensor.DType // Invalid when it is stored in a type that programs cannot read
	Stored string       // the type as the file spells it
	Shape  tensor.Shape
	Bytes  int64
}

// Describer is a Source that can describe a tensor without making it.
type Describer interface {
	Info(name string) (Info, bool)
}

// Describe gives the dtype and shape of a tensor of src, without making the tensor if src can.
func Describe(src Source, name string) (Info, bool) {
	if d, ok := src.(Describer); ok {
		return d.Info(name)
	}
	t, ok := src.Tensor(name)
	if !ok {
		return Info{}, false
	}
	return Info{DType: t.DType(), Stored: t.DType().String(), Shape: t.Shape(), Bytes: int64(t.Elems() * t.DType().Size())}, true
}

// Map is a Source in memory.
type Map map[string]*tensor.Tensor

// Names lists the tensors in sorted order.
func (m Map) Names() []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Tensor gives a tensor by name.
func (m Map) Tensor(name string) (*tensor.Tensor, bool) {
	t, ok := m[name]
	return t, ok
}

// Renamed shows the tensors of a Source under other names.
type Renamed struct {
	src   Source
	names []string
	old   map[string]string // new name -> name in src
}

// Rename shows those tensors of src that rename gives a name for. When two get the same name the first in sorted order of the
// old names stays.
func Rename(src Source, rename func(old string) (name string, ok bool)) *Renamed {
	r := &Renamed{src: src, old: map[string]string{}}
	for _, old := range src.Names() {
		name, ok := rename(old)
		if _, taken := r.old[name]; !ok || taken {
			continue
		}
		r.old[name] = old
		r.names = append(r.names, name)
	}
	slices.Sort(r.names)
	return r
}

// Names lists the tensors by their new names, sorted.
func (r *Renamed) Names() []string { return r.names }

// Tensor gives a tensor by its new name.
func (r *Renamed) Tensor(name string) (*tensor.Tensor, bool) {
	old, ok := r.old[name]
	if !ok {
		return nil, false
	}
	return r.src.Tensor(old)
}

// Info describes a tensor by its new name.
func (r *Renamed) Info(name string) (Info, bool) {
	old, ok := r.old[name]
	if !ok {
		return Info{}, false
	}
	return Describe(r.src, old)
}
