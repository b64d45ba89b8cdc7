package tensor

import (
	"fmt"
	"unsafe"
)

// Tensor is typed memory with a shape and strides. The zero Tensor is invalid; use New, FromF32, FromBytes or an Arena.
// Views share memory. A Tensor is not safe for concurrent writes.
type Tensor struct {
	dtype   DType
	shape   Shape
	strides []int // elements between neighbours of each dimension; may be 0 (broadcast) but not negative
	data    []byte
	block   *Block // keeps off-heap memory alive; nil for heap memory
}

// New makes a zeroed, contiguous tensor on the heap.
func New(dt DType, shape ...int) *Tensor {
	s := Shape(shape).Clone()
	n := s.Elems() * dt.Size()
	words := make([]uint64, (n+7)/8) // 8-byte alignment for every dtype
	return &Tensor{dtype: dt, shape: s, strides: contiguousStrides(s), data: bytesOf(words)[:n]}
}

// FromF32 makes a contiguous F32 tensor that shares data's memory. It panics unless len(data) is the shape's element count.
func FromF32(data []float32, shape ...int) *Tensor {
	s := Shape(shape).Clone()
	if len(data) != s.Elems() {
		panic(fmt.Sprintf("tensor: %d values for shape %v", len(data), s))
	}
	return &Tensor{dtype: F32, shape: s, strides: contiguousStrides(s), data: bytesOf(data)}
}

// FromI64 makes a contiguous I64 tensor that shares data's memory. It panics unless len(data) is the shape's element count.
func FromI64(data []int64, shape ...int) *Tensor {
	s := Shape(shape).Clone()
	if len(data) != s.Elems() {
		panic(fmt.Sprintf("tensor: %d values for shape %v", len(data), s))
	}
	return &Tensor{dtype: I64, shape: s, strides: contiguousStrides(s), data: bytesOf(data)}
}

// FromBytes makes a contiguous tensor over foreign memory, such as a mapped file. block, which may be nil, is kept alive as
// long as the tensor. It panics unless len(data) fits dtype and shape. The memory may be unaligned: read it through Bytes.
func FromBytes(dt DType, shape Shape, data []byte, block *Block) *Tensor {
	if len(data) != shape.Elems()*dt.Size() {
		panic(fmt.Sprintf("tensor: %d bytes for %v %v", len(data), dt, shape))
	}
	return &Tensor{dtype: dt, shape: shape.Clone(), strides: contiguousStrides(shape), data: data, block: block}
}

// DType is the type of the elements.
func (t *Tensor) DType() DType { return t.dtype }

// Shape is the size of each dimension. The caller must not change it.
func (t *Tensor) Shape() Shape { return t.shape }

// Dim is the size of dimension i; a negative i counts from the innermost.
func (t *Tensor) Dim(i int) int {
	if i < 0 {
		i += len(t.shape)
	}
	return t.shape[i]
}

// Elems is the number of elements.
func (t *Tensor) Elems() int { return t.shape.Elems() }

// Bytes is the memory from the first element on. For a contiguous tensor it is exactly its elements.
func (t *Tensor) Bytes() []byte { return t.data }

// Contiguous reports whether the elements lie densely in row-major order.
func (t *Tensor) Contiguous() bool {
	want := 1
	for i := len(t.shape) - 1; i >= 0; i-- {
		if t.shape[i] != 1 && t.strides[i] != want {
			return false
		}
		want *= t.shape[i]
	}
	return true
}

// F32 is the elements of a contiguous F32 tensor, sharing its memory. It panics on any other tensor.
func (t *Tensor) F32() []float32 { return elements[float32](t, F32) }

// I64 is the elements of a contiguous I64 tensor, sharing its memory. It panics on any other tensor.
func (t *Tensor) I64() []int64 { return elements[int64](t, I64) }

// F64 is the elements of a contiguous F64 tensor, sharing its memory. It panics on any other tensor.
func (t *Tensor) F64() []float64 { return elements[float64](t, F64) }

// I32 is the elements of a contiguous I32 tensor, sharing its memory. It panics on any other tensor.
func (t *Tensor) I32() []int32 { return elements[int32](t, I32) }

// U8 is the elements of a contiguous U8 or Bool tensor, sharing its memory. It panics on any other tensor.
func (t *Tensor) U8() []byte {
	if (t.dtype != U8 && t.dtype != Bool) || !t.Contiguous() {
		panic(fmt.Sprintf("tensor: U8 of %v", t))
	}
	return t.data[:t.Elems()]
}

// String gives dtype and shape: "F32 2x64x64x4".
func (t *Tensor) String() string { return fmt.Sprintf("%v %v", t.dtype, t.shape) }

// Reshape views a contiguous tensor under another shape of as many elements; one size may be -1. It panics otherwise.
func (t *Tensor) Reshape(shape ...int) *Tensor {
	s, ok := resolveShape(t.shape, shape)
	if !ok || !t.Contiguous() {
		panic(fmt.Sprintf("tensor: reshape %v to %v", t, Shape(shape)))
	}
	return &Tensor{dtype: t.dtype, shape: s, strides: contiguousStrides(s), data: t.data, block: t.block}
}

// Slice views [from, to) of dimension axis. It panics on a range outside the dimension.
func (t *Tensor) Slice(axis, from, to int) *Tensor {
	if from < 0 || to < from || to > t.shape[axis] {
		panic(fmt.Sprintf("tensor: slice %d:%d of dimension %d of %v", from, to, axis, t))
	}
	v := *t
	v.shape = t.shape.Clone()
	v.shape[axis] = to - from
	if v.shape.Elems() == 0 {
		v.data = nil
		return &v
	}
	first := from * t.strides[axis] * t.dtype.Size()
	last := 0
	for i, d := range v.shape {
		last += (d - 1) * t.strides[i]
	}
	v.data = t.data[first : first+(last+1)*t.dtype.Size()]
	return &v
}

// Permute views the dimensions in another order: dimension i of the result is dimension order[i] of t.
func (t *Tensor) Permute(order ...int) *Tensor {
	if len(order) != len(t.shape) {
		panic(fmt.Sprintf("tensor: permute %v by %v", t, order))
	}
	v := *t
	v.shape, v.strides = make(Shape, len(order)), make([]int, len(order))
	seen := 0
	for i, o := range order {
		v.shape[i], v.strides[i] = t.shape[o], t.strides[o]
		seen |= 1 << o
	}
	if seen != 1<<len(order)-1 {
		panic(fmt.Sprintf("tensor: permute %v by %v", t, order))
	}
	return &v
}

// Clone copies the elements into a new contiguous heap tensor.
func (t *Tensor) Clone() *Tensor {
	out := New(t.dtype, t.shape...)
	copyStrided(out.data, t.data, t.shape, t.strides, t.dtype.Size())
	return out
}

// Dense is t itself when it is contiguous, else a contiguous copy.
func (t *Tensor) Dense() *Tensor {
	if t.Contiguous() {
		return t
	}
	return t.Clone()
}

func copyStrided(dst, src []byte, shape Shape, strides []int, size int) int {
	if len(shape) == 0 {
		return copy(dst[:size], src)
	}
	if shape.Elems() == 0 {
		return 0
	}
	if len(shape) == 1 && strides[0] == 1 {
		return copy(dst[:shape[0]*size], src)
	}
	at := 0
	for i := range shape[0] {
		at += copyStrided(dst[at:], src[i*strides[0]*size:], shape[1:], strides[1:], size)
	}
	return at
}

func contiguousStrides(s Shape) []int {
	out := make([]int, len(s))
	n := 1
	for i := len(s) - 1; i >= 0; i-- {
		out[i] = n
		n *= s[i]
	}
	return out
}

// resolveShape replaces one -1 in want so that it holds as many elements as have.
func resolveShape(have Shape, want []int) (Shape, bool) {
	s, hole, n := Shape(want).Clone(), -1, 1
	for i, d := range s {
		switch {
		case d == -1 && hole < 0:
			hole = i
		case d < 0:
			return nil, false
		default:
			n *= d
		}
	}
	total := have.Elems()
	if hole >= 0 {
		if n == 0 || total%n != 0 {
			return nil, false
		}
		s[hole] = total / n
		n *= s[hole]
	}
	return s, n == total
}

func elements[T any](t *Tensor, want DType) []T {
	if t.dtype != want || !t.Contiguous() {
		panic(fmt.Sprintf("tensor: %v elements of %v", want, t))
	}
	n := t.Elems()
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(t.data))), n)
}

func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(zero)))
}
