package weights

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Format is how a file stores its tensors.
type Format string

// The formats.
const (
	Safetensors Format = "safetensors"
	Pickle      Format = "pickle" // a torch.save file, zipped or legacy
	GGUF        Format = "gguf"
)

// File is an open weights file. It is safe for concurrent use, Close apart. Its tensors are views of the mapped file, which
// stays mapped until Close or, without a Close, until the File and all its tensors are garbage. A file that is cut while it is
// mapped makes reads of its lost part fail with a memory fault: read within tensor.Guard.
type File struct {
	path    string
	format  Format
	data    []byte
	names   []string
	entries map[string]*entry
	meta    map[string]string
	block   *tensor.Block // the mapping; nil for files in memory
}

// entry is one tensor of a file.
type entry struct {
	dtype   tensor.DType // Invalid for types that programs cannot read
	stored  string       // the type as the file spells it
	shape   tensor.Shape
	offset  int64   // from the file's first byte
	size    int64   // bytes, from offset on; for strided entries all that the strides reach
	strides []int64 // in elements; nil for row-major
}

// Open maps the weights file at path and reads its header. What the file is is told from its bytes, never from its name.
// Errors: NotFound; BadFile for foreign, damaged or cut files, naming the file, where it went wrong and the cure; Unsupported
// for files that are sound but of a kind that is not read.
func Open(path string) (*File, error) {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(err, fault.NotFound, "%s: no such file", name)
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s: cannot be opened", name)
	}
	defer f.Close() // the mapping outlives it
	st, err := f.Stat()
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s: cannot be read", name)
	}
	if !st.Mode().IsRegular() {
		return nil, fault.New(fault.BadFile, "%s: is not a regular file", name)
	}
	if st.Size() == 0 {
		return nil, fault.New(fault.BadFile, "%s: the file is empty; download it again", name)
	}
	if st.Size() != int64(int(st.Size())) {
		return nil, fault.New(fault.Unsupported, "%s: %d bytes are too many for this machine's addresses", name, st.Size())
	}
	data, free, err := mapFile(f, int(st.Size()))
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "%s: cannot be mapped into memory", name)
	}
	w, err := Parse(path, data)
	if err != nil {
		return nil, errors.Join(err, free())
	}
	w.block = tensor.NewBlock(data, free)
	return w, nil
}

// Parse reads a weights file that lies in memory, which must not change while the File is in use. path is only a name for it.
// The errors are Open's.
func Parse(path string, data []byte) (*File, error) {
	f := &File{path: path, data: data, entries: map[string]*entry{}, meta: map[string]string{}}
	name := filepath.Base(path)
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("PK\x03\x04")):
		f.format, err = Pickle, f.parseTorchZip(name)
	case isLegacyTorch(data):
		f.format, err = Pickle, f.parseTorchLegacy(name)
	case bytes.HasPrefix(data, []byte("GGUF")):
		f.format, err = GGUF, f.parseGGUF(name)
	default:
		f.format, err = Safetensors, f.parseSafetensors(name)
	}
	if err != nil {
		return nil, err
	}
	f.names = make([]string, 0, len(f.entries))
	for n := range f.entries {
		f.names = append(f.names, n)
	}
	slices.Sort(f.names)
	return f, nil
}

// Close ends the mapping. Tensors of the file must not be used any more. Closing twice does nothing.
func (f *File) Close() error {
	if f.block == nil {
		return nil
	}
	return f.block.Close()
}

// Path is the path the file was opened by.
func (f *File) Path() string { return f.path }

// Format is how the file stores its tensors.
func (f *File) Format() Format { return f.format }

// Size is the file's size in bytes.
func (f *File) Size() int64 { return int64(len(f.data)) }

// Metadata is what the file says about itself: __metadata__ of safetensors, the key-value part of GGUF (scalars and strings),
// plain values beside the tensors of a pickle. The caller must not change it.
func (f *File) Metadata() map[string]string { return f.meta }

// Names lists the tensors in sorted order. The caller must not change it.
func (f *File) Names() []string { return f.names }

// Info describes a tensor without reading it.
func (f *File) Info(name string) (Info, bool) {
	e, ok := f.entries[name]
	if !ok {
		return Info{}, false
	}
	size := e.size
	if e.strides != nil {
		size = int64(e.shape.Elems() * e.dtype.Size())
	}
	return Info{DType: e.dtype, Stored: e.stored, Shape: e.shape, Bytes: size}, true
}

// Tensor gives a tensor as a view of the mapped file, in its stored dtype; its memory may be unaligned and must not be
// written. A tensor in a type that programs cannot read comes as its raw bytes: U8, one dimension. One that a pickle stores
// with a gap or turned around is copied into order.
func (f *File) Tensor(name string) (*tensor.Tensor, bool) {
	e, ok := f.entries[name]
	if !ok {
		return nil, false
	}
	data := f.data[e.offset : e.offset+e.size : e.offset+e.size]
	if e.dtype == tensor.Invalid {
		return tensor.FromBytes(tensor.U8, tensor.Shape{len(data)}, data, f.block), true
	}
	if e.strides != nil {
		defer runtime.KeepAlive(f)
		return e.ordered(data), true
	}
	return tensor.FromBytes(e.dtype, e.shape, data, f.block), true
}
