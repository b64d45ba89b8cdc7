package guest

import (
	"encoding/binary"
	"errors"
	"math"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Tensor is a tensor that stays with the host. It is valid until the call ends.
type Tensor struct{ ID uint64 }

func (t Tensor) handle(kind uint32) abi.Handle { return abi.Handle{Kind: kind, ID: t.ID} }

// Info is what is known of a tensor.
type Info struct {
	DType uint32
	Shape []int
	Bytes int64
	Kind  uint32
	// Contiguous says that the elements lie in order, not as a view of others.
	Contiguous bool
}

// Info asks the host for dtype and shape.
func (t Tensor) Info() Info {
	var b [abi.TensorInfoSize]byte
	p, _ := at(b[:])
	hostTInfo(int64(t.ID), p)
	le := binary.LittleEndian
	rank := int(le.Uint32(b[abi.TensorInfoRank:]))
	i := Info{DType: le.Uint32(b[abi.TensorInfoDtype:]), Bytes: int64(le.Uint64(b[abi.TensorInfoBytes:])), Kind: le.Uint32(b[abi.TensorInfoKind:]), Contiguous: le.Uint32(b[abi.TensorInfoFlags:])&1 != 0}
	for d := range rank {
		i.Shape = append(i.Shape, int(le.Uint64(b[abi.TensorInfoShape+8*d:])))
	}
	return i
}

func result(n int64) (Tensor, error) { return Tensor{uint64(n)}, check(n) }

func sizes(shape []int) []int64 {
	out := make([]int64, len(shape))
	for i, d := range shape {
		out[i] = int64(d)
	}
	return out
}

// New makes a tensor filled with one value.
func New(dtype uint32, value float64, shape ...int) (Tensor, error) {
	s := sizes(shape)
	p, _ := at(s)
	return result(hostTNew(dtype, uint32(len(s)), p, value))
}

// Slice views [from, to) of a dimension.
func (t Tensor) Slice(axis, from, to int) (Tensor, error) {
	return result(hostTSlice(int64(t.ID), uint32(axis), int64(from), int64(to)))
}

// Reshape views the elements under another shape.
func (t Tensor) Reshape(shape ...int) (Tensor, error) {
	s := sizes(shape)
	p, _ := at(s)
	return result(hostTReshape(int64(t.ID), uint32(len(s)), p))
}

// Read copies bytes into b, from byte offset on, and gives how many.
func (t Tensor) Read(b []byte, offset int64) (int, error) {
	p, n := at(b)
	got := hostTRead(int64(t.ID), offset, p, n)
	return int(got), check(got)
}

// Write copies bytes into a tensor of New's.
func (t Tensor) Write(b []byte, offset int64) error {
	p, n := at(b)
	return check(hostTWrite(int64(t.ID), offset, p, n))
}

// Drop gives the tensor back before the call ends.
func (t Tensor) Drop() { hostHDrop(int64(t.ID)) }

// Image gives a tensor the role of a batch of pictures.
func (t Tensor) Image() (Image, error) {
	r, err := result(hostHMake(abi.KindImage, int64(t.ID)))
	return Image{r}, err
}

// Mask gives a tensor the role of a batch of masks.
func (t Tensor) Mask() (Mask, error) {
	r, err := result(hostHMake(abi.KindMask, int64(t.ID)))
	return Mask{r}, err
}

// Recorder records a program over tensors, which the host runs in one call: no pixel crosses.
type Recorder struct {
	inputs []Tensor
	instrs []instr
	ints   []int64
	floats []float64
	args   []uint32
}

type instr struct {
	kind                              uint16
	args, rank                        uint8
	argsAt, intsAt, floatsAt, shapeAt uint32
	ints, floats                      uint16
}

// Ref is a value of a Recorder: an input, counted from 0, or the result of instruction n, which is marked.
type Ref struct {
	n      int
	result bool
}

// Input brings in a tensor.
func (r *Recorder) Input(t Tensor) Ref {
	r.inputs = append(r.inputs, t)
	return Ref{n: len(r.inputs) - 1}
}

// Attr are an instruction's constants, and the shape of its result where it does not follow from the arguments.
type Attr struct {
	I     []int
	F     []float64
	Shape []int
}

// Op records an instruction: kind is one of abi's Tensor numbers.
func (r *Recorder) Op(kind uint16, a Attr, args ...Ref) Ref {
	in := instr{kind: kind, args: uint8(len(args)), rank: 255, argsAt: uint32(len(r.args)), intsAt: uint32(len(r.ints)), ints: uint16(len(a.I)),
		floatsAt: uint32(len(r.floats)), floats: uint16(len(a.F))}
	for _, x := range args {
		n := uint32(x.n)
		if x.result {
			n |= 1 << 31
		}
		r.args = append(r.args, n)
	}
	r.ints = append(r.ints, sizes(a.I)...)
	r.floats = append(r.floats, a.F...)
	if a.Shape != nil {
		in.rank, in.shapeAt = uint8(len(a.Shape)), uint32(len(r.ints))
		r.ints = append(r.ints, sizes(a.Shape)...)
	}
	r.instrs = append(r.instrs, in)
	return Ref{len(r.instrs) - 1, true}
}

// Affine is x*scale + shift.
func (r *Recorder) Affine(x Ref, scale, shift float64) Ref {
	return r.Op(abi.TensorAffine, Attr{F: []float64{scale, shift}}, x)
}

// Clamp keeps x in low..high.
func (r *Recorder) Clamp(x Ref, low, high float64) Ref {
	return r.Op(abi.TensorClamp, Attr{F: []float64{low, high}}, x)
}

// Methods of Resize.
const (
	Nearest = iota
	NearestExact
	Bilinear
	Bicubic
	Area
)

// Resize gives pictures another size; shape is the whole of it: batch, height, width, channels.
func (r *Recorder) Resize(x Ref, method int, shape ...int) Ref {
	return r.Op(abi.TensorResize, Attr{I: []int{method}, Shape: shape}, x)
}

// Add, Sub, Mul and Div work element by element, broadcast.
func (r *Recorder) Add(x, y Ref) Ref { return r.Op(abi.TensorAdd, Attr{}, x, y) }

// Sub is x - y.
func (r *Recorder) Sub(x, y Ref) Ref { return r.Op(abi.TensorSub, Attr{}, x, y) }

// Mul is x * y.
func (r *Recorder) Mul(x, y Ref) Ref { return r.Op(abi.TensorMul, Attr{}, x, y) }

// Div is x / y.
func (r *Recorder) Div(x, y Ref) Ref { return r.Op(abi.TensorDiv, Attr{}, x, y) }

// Lerp is x + t*(y-x).
func (r *Recorder) Lerp(x, y, t Ref) Ref { return r.Op(abi.TensorLerp, Attr{}, x, y, t) }

var errGraph = errors.New("the graph has too many values")

// One runs the program for one value.
func (r *Recorder) One(output Ref) (Tensor, error) {
	ts, err := r.Run(output)
	if err != nil {
		return Tensor{}, err
	}
	return ts[0], nil
}

// Image runs the program for one value, which is a batch of pictures.
func (r *Recorder) Image(output Ref) (Image, error) {
	t, err := r.One(output)
	if err != nil {
		return Image{}, err
	}
	return t.Image()
}

// Run runs the program and gives the outputs.
func (r *Recorder) Run(outputs ...Ref) ([]Tensor, error) {
	if len(r.instrs) > abi.MaxGraphInstrs || len(r.args) > abi.MaxGraphPool || len(r.ints) > abi.MaxGraphPool {
		return nil, errGraph
	}
	b := r.encode(outputs)
	out := make([]uint64, len(outputs))
	p, n := at(b)
	o, limit := at(out)
	if err := check(hostTGraph(p, n, o, limit)); err != nil {
		return nil, err
	}
	ts := make([]Tensor, len(out))
	for i, h := range out {
		ts[i] = Tensor{h}
	}
	return ts, nil
}

func (r *Recorder) number(n uint32) uint32 {
	if n&(1<<31) != 0 {
		return n&^(1<<31) + uint32(len(r.inputs))
	}
	return n
}

func (r *Recorder) encode(outputs []Ref) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, n := range []int{1, len(r.inputs), len(r.instrs), len(r.ints), len(r.floats), len(r.args), len(outputs), 0} {
		b = le.AppendUint32(b, uint32(n))
	}
	for _, t := range r.inputs {
		b = le.AppendUint64(b, t.ID)
	}
	for _, x := range r.instrs {
		b = append(le.AppendUint16(b, x.kind), x.args, x.rank)
		b = le.AppendUint32(le.AppendUint32(b, x.argsAt), x.intsAt)
		b = le.AppendUint16(le.AppendUint16(b, x.ints), x.floats)
		b = le.AppendUint64(le.AppendUint32(le.AppendUint32(b, x.floatsAt), x.shapeAt), 0)
	}
	for _, n := range r.ints {
		b = le.AppendUint64(b, uint64(n))
	}
	for _, f := range r.floats {
		b = le.AppendUint64(b, math.Float64bits(f))
	}
	for _, n := range r.args {
		b = le.AppendUint32(b, r.number(n))
	}
	for _, o := range outputs {
		n := uint32(o.n)
		if o.result {
			n += uint32(len(r.inputs))
		}
		b = le.AppendUint32(b, n)
	}
	return b
}
