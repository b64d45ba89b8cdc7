package tensor

import (
	"encoding/binary"
	"fmt"
	"math"
	"unsafe"
)

// F16ToF32 widens an IEEE half; every half has an exact float32.
func F16ToF32(h uint16) float32 {
	sign, exp, frac := uint32(h&0x8000)<<16, uint32(h>>10)&31, uint32(h&0x3ff)
	switch {
	case exp == 31:
		return math.Float32frombits(sign | 0x7f800000 | frac<<13)
	case exp == 0:
		v := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// F32ToF16 rounds to the nearest half, ties to even; what is too large becomes infinity.
func F32ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign, mag := uint16(b>>16)&0x8000, b&0x7fffffff
	switch {
	case mag > 0x7f800000:
		return sign | 0x7e00 | uint16(mag>>13)&0x3ff
	case mag >= 0x477ff000: // 65520, halfway past the largest half
		return sign | 0x7c00
	case mag < 0x38800000: // under the smallest normal half: a multiple of 2^-24
		return sign | uint16(math.RoundToEven(float64(math.Float32frombits(mag))*(1<<24)))
	}
	return sign | uint16((mag-(112<<23)+0xfff+mag>>13&1)>>13)
}

// BF16ToF32 widens a bfloat16.
func BF16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// F32ToBF16 rounds to the nearest bfloat16, ties to even.
func F32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

// F8E4M3ToF32 widens an eight-bit float of four exponent bits without infinities ("fn"). Source: arXiv:2209.05433.
func F8E4M3ToF32(b byte) float32 {
	if b&0x7f == 0x7f {
		return float32(math.NaN())
	}
	v := F16ToF32(uint16(b&0x7f)<<7) * 256
	if b&0x80 != 0 {
		return -v
	}
	return v
}

// F32ToF8E4M3 rounds to the nearest, ties to even; what rounds past the largest, 448, becomes NaN as in torch.
func F32ToF8E4M3(f float32) byte {
	b := math.Float32bits(f)
	sign, mag := byte(b>>24)&0x80, b&0x7fffffff
	switch {
	case mag > 0x43e80000: // past 464, halfway to the step after 448
		return sign | 0x7f
	case mag < 0x3c800000: // under 2^-6: a multiple of 2^-9
		return sign | byte(math.RoundToEven(float64(math.Float32frombits(mag))*512))
	}
	return sign | byte((mag-(120<<23)+0x7ffff+mag>>20&1)>>20)
}

// F8E5M2ToF32 widens an eight-bit float of five exponent bits, the upper half of an IEEE half.
func F8E5M2ToF32(b byte) float32 { return F16ToF32(uint16(b) << 8) }

// F32ToF8E5M2 rounds to the nearest, ties to even; what rounds past the largest, 57344, becomes infinity.
func F32ToF8E5M2(f float32) byte {
	b := math.Float32bits(f)
	sign, mag := byte(b>>24)&0x80, b&0x7fffffff
	switch {
	case mag > 0x7f800000:
		return sign | 0x7f
	case mag >= 0x47700000: // 61440, halfway past the largest
		return sign | 0x7c
	case mag < 0x38800000:
		return sign | byte(math.RoundToEven(float64(math.Float32frombits(mag))*(1<<16)))
	}
	return sign | byte((mag-(112<<23)+0xfffff+mag>>21&1)>>21)
}

// ToF32 gives the elements in row-major order as float32: t's own memory when t is contiguous, aligned F32, else a copy.
func ToF32(t *Tensor) []float32 {
	d := t.Dense()
	if d.dtype == F32 && uintptr(unsafe.Pointer(unsafe.SliceData(d.data)))%4 == 0 {
		return d.F32()
	}
	out := make([]float32, d.Elems())
	Widen(out, d.dtype, d.data)
	return out
}

// ToF64 gives a copy of the elements in row-major order as float64.
func ToF64(t *Tensor) []float64 {
	d := t.Dense()
	out := make([]float64, d.Elems())
	ReadF64(out, d.dtype, d.data)
	return out
}

// Convert gives t's values in another dtype, in new contiguous memory: rounded to nearest even for floats, truncated and
// clamped for integers, NaN as 0; Bool is whether the value is not 0.
func Convert(t *Tensor, to DType) *Tensor {
	d := t.Dense()
	out := New(to, t.shape...)
	switch {
	case d.dtype == to:
		copy(out.data, d.data)
	case to == F32:
		Widen(out.F32(), d.dtype, d.data)
	case d.dtype == F32:
		Narrow(out.data, to, ToF32(d))
	default:
		Recode(out.data, to, d.data, d.dtype, d.Elems())
	}
	return out
}

// Recode writes n elements of one dtype as elements of another, as Convert says, and allocates nothing. It panics when one of
// the slices is short.
func Recode(dst []byte, to DType, src []byte, from DType, n int) {
	checkLen(n, to, dst)
	checkLen(n, from, src)
	if from.isInt() && to.isInt() {
		for i := range n {
			putInt(dst, to, i, intAt(src, from, i))
		}
		return
	}
	at, put := reader(from), writer(to)
	for i := range n {
		put(dst, i, at(src, i))
	}
}

// Widen reads len(dst) elements of any dtype as float32. src need not be aligned. It panics when src is short.
func Widen(dst []float32, dt DType, src []byte) {
	checkLen(len(dst), dt, src)
	switch dt {
	case F32:
		copy(bytesOf(dst), src)
	case F16:
		for i := range dst {
			dst[i] = F16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = BF16ToF32(binary.LittleEndian.Uint16(src[2*i:]))
		}
	case F8E4M3:
		for i := range dst {
			dst[i] = F8E4M3ToF32(src[i])
		}
	case F8E5M2:
		for i := range dst {
			dst[i] = F8E5M2ToF32(src[i])
		}
	default:
		at := reader(dt)
		for i := range dst {
			dst[i] = float32(at(src, i))
		}
	}
}

// Narrow writes src as elements of any dtype, as Convert says. It panics when dst is short.
func Narrow(dst []byte, dt DType, src []float32) {
	checkLen(len(src), dt, dst)
	if dt == F32 {
		copy(dst, bytesOf(src))
		return
	}
	put := writer(dt)
	for i, v := range src {
		put(dst, i, float64(v))
	}
}

// ReadF64 reads len(dst) elements of any dtype. It panics when src is short.
func ReadF64(dst []float64, dt DType, src []byte) {
	checkLen(len(dst), dt, src)
	at := reader(dt)
	for i := range dst {
		dst[i] = at(src, i)
	}
}

// WriteF64 writes src as elements of any dtype, as Convert says. It panics when dst is short.
func WriteF64(dst []byte, dt DType, src []float64) {
	checkLen(len(src), dt, dst)
	put := writer(dt)
	for i, v := range src {
		put(dst, i, v)
	}
}

func checkLen(n int, dt DType, b []byte) {
	if len(b) < n*dt.Size() || dt.Size() == 0 {
		panic(fmt.Sprintf("tensor: %d bytes for %d of %v", len(b), n, dt))
	}
}

func (d DType) isInt() bool { return d >= I64 && d <= Bool }
