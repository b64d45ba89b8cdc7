package weights

import (
	"fmt"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Limits on a GGUF header.
const (
	maxGGUFTensors = 1 << 16
	maxGGUFValues  = 1 << 16
	maxGGUFName    = 1 << 10
	maxGGUFDepth   = 4
)

// parseGGUF reads a GGUF file of version 2 or 3. Tensors in plain float and integer types can be read; block-quantised ones
// are described only. Source: the format's description in ggml's docs/gguf.md.
func (f *File) parseGGUF(name string) error {
	g := ggufReader{reader: reader{data: f.data, at: 4}, file: f}
	g.read()
	if g.err != nil {
		return fault.New(fault.BadFile, "%s: the GGUF header is damaged or cut (%v); download the file again", name, g.err)
	}
	return nil
}

type ggufReader struct {
	reader
	file *File
}

func (g *ggufReader) read() {
	if v := g.u32(); v != 2 && v != 3 {
		g.fail("version %d is not known", v)
	}
	tensors, values := g.u64(), g.u64()
	if tensors > maxGGUFTensors || values > maxGGUFValues {
		g.fail("%d tensors and %d values are too many", tensors, values)
	}
	for i := uint64(0); i < values && g.err == nil; i++ {
		key := g.text(maxGGUFName)
		if v := g.value(g.u32(), 0); g.err == nil && v != "" {
			g.file.meta[key] = v
		}
	}
	found := make(map[string]*entry, min(tensors, 4096))
	for i := uint64(0); i < tensors && g.err == nil; i++ {
		key := g.text(maxGGUFName)
		if _, twice := found[key]; twice {
			g.fail("tensor %q stands there twice", key)
		}
		found[key] = g.tensor()
	}
	if g.err == nil {
		g.place(found)
	}
}

// place moves the tensors' offsets, which count from the end of the header, to the file's begin, and checks their ends.
func (g *ggufReader) place(found map[string]*entry) {
	align := int64(32)
	if text, ok := g.file.meta["general.alignment"]; ok {
		if _, err := fmt.Sscan(text, &align); err != nil || align < 1 || align > 1<<20 {
			g.fail("alignment %q", text)
			return
		}
	}
	base, size := (g.at+align-1)/align*align, int64(len(g.data))
	for key, e := range found {
		if e.offset > size || e.size > size || base+e.offset > size-e.size {
			g.fail("tensor %q ends at byte %d, the file at %d", key, base+e.offset+e.size, size)
			return
		}
		e.offset += base
	}
	g.file.entries = found
}

func (g *ggufReader) text(limit uint64) string {
	n := g.u64()
	if n > limit {
		g.fail("a text of %d bytes", n)
	}
	return string(g.bytes(n))
}

// value reads a value and gives scalars and texts as text; of arrays it gives nothing.
func (g *ggufReader) value(kind uint32, depth int) string {
	switch kind {
	case 0, 2, 4, 10: // uint8, uint16, uint32, uint64
		return fmt.Sprint(g.uint([]int{1, 0, 2, 0, 4, 0, 0, 0, 0, 0, 8}[kind]))
	case 1:
		return fmt.Sprint(int8(g.uint(1)))
	case 3:
		return fmt.Sprint(int16(g.uint(2)))
	case 5:
		return fmt.Sprint(int32(g.u32()))
	case 6:
		return fmt.Sprint(math.Float32frombits(g.u32()))
	case 7:
		return fmt.Sprint(g.uint(1) != 0)
	case 8:
		if b := g.bytes(g.u64()); len(b) <= maxMetaBytes {
			return string(b)
		}
		return ""
	case 9:
		g.array(depth)
		return ""
	case 11:
		return fmt.Sprint(int64(g.u64()))
	case 12:
		return fmt.Sprint(math.Float64frombits(g.u64()))
	}
	g.fail("value of type %d", kind)
	return ""
}

// array passes over an array. Every element takes a byte or more, so the file's length bounds the work.
func (g *ggufReader) array(depth int) {
	kind, n := g.u32(), g.u64()
	if depth == maxGGUFDepth {
		g.fail("arrays nested too deeply")
	}
	if width := map[uint32]uint64{0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}[kind]; width > 0 {
		if n > math.MaxInt64/8 {
			g.fail("an array of %d elements", n)
		}
		g.bytes(n * width)
		return
	}
	for i := uint64(0); i < n && g.err == nil; i++ {
		if kind == 8 {
			g.bytes(g.u64()) // a text
			continue
		}
		g.value(kind, depth+1)
	}
}

// tensor reads one tensor's description; its offset still counts from the end of the header.
func (g *ggufReader) tensor() *entry {
	e := &entry{}
	rank := g.u32()
	if rank > tensor.MaxDims {
		g.fail("%d dimensions", rank)
		return e
	}
	e.shape = make(tensor.Shape, rank)
	for i := range e.shape { // innermost first
		d := g.u64()
		if d > maxDim {
			g.fail("a dimension of %d", d)
			return e
		}
		e.shape[len(e.shape)-1-i] = int(d)
	}
	kind, offset := g.u32(), g.u64()
	q, ok := ggufType(kind)
	elems, fits := e.shape.TryElems()
	switch {
	case !ok:
		g.fail("tensor type %d is not known", kind)
	case !fits || elems > 1<<55 || offset > 1<<62:
		g.fail("a tensor of shape %v at %d", e.shape, offset)
	case elems%q.block != 0:
		g.fail("shape %v does not fill blocks of %d", e.shape, q.block)
	default:
		e.stored, e.offset, e.size = q.name, int64(offset), int64(elems/q.block)*int64(q.bytes)
		e.dtype, _ = tensor.ParseDType(q.name)
	}
	return e
}

// ggufKind is how a GGUF tensor type stores its elements: in blocks of so many bytes.
type ggufKind struct {
	name         string
	block, bytes int
}

func ggufType(kind uint32) (ggufKind, bool) {
	k, ok := map[uint32]ggufKind{
		0: {"F32", 1, 4}, 1: {"F16", 1, 2}, 2: {"Q4_0", 32, 18}, 3: {"Q4_1", 32, 20}, 6: {"Q5_0", 32, 22}, 7: {"Q5_1", 32, 24},
		8: {"Q8_0", 32, 34}, 9: {"Q8_1", 32, 36}, 10: {"Q2_K", 256, 84}, 11: {"Q3_K", 256, 110}, 12: {"Q4_K", 256, 144},
		13: {"Q5_K", 256, 176}, 14: {"Q6_K", 256, 210}, 15: {"Q8_K", 256, 292}, 16: {"IQ2_XXS", 256, 66}, 17: {"IQ2_XS", 256, 74},
		18: {"IQ3_XXS", 256, 98}, 19: {"IQ1_S", 256, 50}, 20: {"IQ4_NL", 32, 18}, 21: {"IQ3_S", 256, 110}, 22: {"IQ2_S", 256, 82},
		23: {"IQ4_XS", 256, 136}, 24: {"I8", 1, 1}, 25: {"I16", 1, 2}, 26: {"I32", 1, 4}, 27: {"I64", 1, 8}, 28: {"F64", 1, 8},
		29: {"IQ1_M", 256, 56}, 30: {"BF16", 1, 2}, 34: {"TQ1_0", 256, 54}, 35: {"TQ2_0", 256, 66}, 39: {"MXFP4", 32, 17},
	}[kind]
	return k, ok
}
