package weights

import (
	"fmt"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights/pickle"
)

// Limits on how the values of a torch file may be nested.
const (
	maxTableDepth = 12
	maxTableNodes = 1 << 20
	maxMetaBytes  = 1 << 16 // of one plain value
)

// addTable makes entries of all tensors below v: dictionaries within dictionaries give names with dots.
func (f *File) addTable(name string, v any) error {
	w := tableWalk{file: f}
	if err := w.visit("", stateDict(v), 0); err != nil {
		return fault.New(fault.CodeOf(err), "%s: %v", name, err)
	}
	return nil
}

// stateDict finds the dictionary of tensors in what training tools save around it.
//
// Compat: "state_dict" first, else the only member if that is a dictionary, as the reference's load_torch_file.
func stateDict(v any) any {
	d, ok := v.(*pickle.Dict)
	if !ok {
		return v
	}
	if inner, ok := d.Get("state_dict"); ok {
		return inner
	}
	if len(d.Values) == 1 {
		if inner, ok := d.Values[0].(*pickle.Dict); ok {
			return inner
		}
	}
	return v
}

type tableWalk struct {
	file  *File
	nodes int
}

func (w *tableWalk) visit(name string, v any, depth int) error {
	w.nodes++
	if depth > maxTableDepth || w.nodes > maxTableNodes {
		return fault.New(fault.TooLarge, "the values in it are nested too deeply or too many")
	}
	switch v := v.(type) {
	case *pickle.Dict:
		for i, key := range v.Keys {
			if label, ok := label(key); ok {
				if err := w.visit(join(name, label), v.Values[i], depth+1); err != nil {
					return err
				}
			}
		}
	case *pickle.List:
		return w.items(name, v.Items, depth)
	case pickle.Tuple:
		return w.items(name, v, depth)
	case *stored:
		e, err := v.entry()
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		w.file.entries[name] = e
	case string:
		if len(v) <= maxMetaBytes {
			w.file.meta[name] = v
		}
	case int64, float64, bool:
		w.file.meta[name] = fmt.Sprint(v)
	}
	return nil
}

func (w *tableWalk) items(name string, items []any, depth int) error {
	for i, item := range items {
		if err := w.visit(join(name, strconv.Itoa(i)), item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func label(key any) (string, bool) {
	switch k := key.(type) {
	case string:
		return k, true
	case int64:
		return strconv.FormatInt(k, 10), true
	}
	return "", false
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

// entry checks that the view lies inside its storage and finds its place in the file.
func (v *stored) entry() (*entry, error) {
	e := &entry{dtype: v.dtype, stored: v.dtype.String(), shape: make(tensor.Shape, len(v.shape))}
	for i, d := range v.shape {
		e.shape[i] = int(d)
	}
	elems, ok := e.shape.TryElems()
	if !ok {
		return nil, fault.New(fault.BadFile, "shape %v has too many elements", e.shape)
	}
	width := int64(v.dtype.Size())
	reach, dense := v.reach(elems)
	have := v.of.size / width
	if reach < 0 || reach > have || v.first > have-reach {
		return nil, fault.New(fault.BadFile, "%v from element %d on lies outside its storage of %d elements; the file is cut or damaged", e.shape, v.first, have)
	}
	e.offset, e.size = v.of.offset+v.first*width, reach*width
	switch {
	case dense:
	case len(v.shape) > tensor.MaxDims || int64(elems) > max(have, 1<<20):
		return nil, fault.New(fault.Unsupported, "%v is spread out over a storage of %d elements", e.shape, have)
	default:
		e.strides = v.strides
	}
	if len(v.shape) > tensor.MaxDims {
		e.dtype = tensor.Invalid
	}
	return e, nil
}

// reach is how many elements of the storage the view spans, -1 when that is past any storage; dense is whether they lie in
// row-major order without gaps.
func (v *stored) reach(elems int) (n int64, dense bool) {
	if elems == 0 {
		return 0, true
	}
	n, dense = 1, true
	want := int64(1)
	for i := len(v.shape) - 1; i >= 0; i-- {
		d, s := v.shape[i], v.strides[i]
		if d == 1 {
			continue
		}
		if s != want {
			dense = false
		}
		want *= d
		if s > 0 && d-1 > (1<<50)/s {
			return -1, false
		}
		n += (d - 1) * s
	}
	return n, dense
}

// ordered copies a strided entry into row-major order.
func (e *entry) ordered(data []byte) *tensor.Tensor {
	out := tensor.New(e.dtype, e.shape...)
	e.gather(out.Bytes(), data, 0)
	return out
}

// gather copies dimensions from dim on and gives the number of bytes written.
func (e *entry) gather(dst, src []byte, dim int) int {
	width := e.dtype.Size()
	if dim == len(e.shape) {
		return copy(dst[:width], src)
	}
	n := 0
	for i := range e.shape[dim] {
		n += e.gather(dst[n:], src[int64(i)*e.strides[dim]*int64(width):], dim+1)
	}
	return n
}
