package tensor

import (
	"encoding/binary"
	"math"
)

// reader gives the function that reads element i of a dtype.
func reader(dt DType) func(b []byte, i int) float64 {
	le := binary.LittleEndian
	switch dt {
	case F32:
		return func(b []byte, i int) float64 { return float64(math.Float32frombits(le.Uint32(b[4*i:]))) }
	case F16:
		return func(b []byte, i int) float64 { return float64(F16ToF32(le.Uint16(b[2*i:]))) }
	case BF16:
		return func(b []byte, i int) float64 { return float64(BF16ToF32(le.Uint16(b[2*i:]))) }
	case F64:
		return func(b []byte, i int) float64 { return math.Float64frombits(le.Uint64(b[8*i:])) }
	case F8E4M3:
		return func(b []byte, i int) float64 { return float64(F8E4M3ToF32(b[i])) }
	case F8E5M2:
		return func(b []byte, i int) float64 { return float64(F8E5M2ToF32(b[i])) }
	}
	return func(b []byte, i int) float64 { return float64(intAt(b, dt, i)) }
}

// writer gives the function that writes element i of a dtype.
func writer(dt DType) func(b []byte, i int, v float64) {
	le := binary.LittleEndian
	switch dt {
	case F32:
		return func(b []byte, i int, v float64) { le.PutUint32(b[4*i:], math.Float32bits(float32(v))) }
	case F16:
		return func(b []byte, i int, v float64) { le.PutUint16(b[2*i:], F32ToF16(oddF32(v))) }
	case BF16:
		return func(b []byte, i int, v float64) { le.PutUint16(b[2*i:], F32ToBF16(oddF32(v))) }
	case F64:
		return func(b []byte, i int, v float64) { le.PutUint64(b[8*i:], math.Float64bits(v)) }
	case F8E4M3:
		return func(b []byte, i int, v float64) { b[i] = F32ToF8E4M3(oddF32(v)) }
	case F8E5M2:
		return func(b []byte, i int, v float64) { b[i] = F32ToF8E5M2(oddF32(v)) }
	case Bool:
		return func(b []byte, i int, v float64) {
			b[i] = 0
			if v != 0 {
				b[i] = 1
			}
		}
	}
	lo, hi := intRange(dt)
	return func(b []byte, i int, v float64) {
		switch {
		case v != v:
			putInt(b, dt, i, 0)
		case v >= float64(hi):
			putInt(b, dt, i, hi)
		case v <= float64(lo):
			putInt(b, dt, i, lo)
		default:
			putInt(b, dt, i, int64(v))
		}
	}
}

// oddF32 rounds a float64 to odd in float32, so that a second rounding to a narrower format is the only one that counts.
func oddF32(v float64) float32 {
	f := float32(v)
	if back := float64(f); back != v && v == v && !math.IsInf(back, 0) {
		b := math.Float32bits(f)
		if math.Abs(back) > math.Abs(v) {
			b--
		}
		f = math.Float32frombits(b | 1)
	}
	return f
}

func intRange(dt DType) (lo, hi int64) {
	switch dt {
	case I32:
		return math.MinInt32, math.MaxInt32
	case I16:
		return math.MinInt16, math.MaxInt16
	case I8:
		return math.MinInt8, math.MaxInt8
	case U8:
		return 0, math.MaxUint8
	}
	return math.MinInt64, math.MaxInt64
}

func intAt(b []byte, dt DType, i int) int64 {
	le := binary.LittleEndian
	switch dt {
	case I64:
		return int64(le.Uint64(b[8*i:]))
	case I32:
		return int64(int32(le.Uint32(b[4*i:])))
	case I16:
		return int64(int16(le.Uint16(b[2*i:])))
	case I8:
		return int64(int8(b[i]))
	case U8:
		return int64(b[i])
	case Bool:
		if b[i] != 0 {
			return 1
		}
		return 0
	}
	panic("tensor: integer of " + dt.String())
}

// putInt writes an integer; one that does not fit is clamped.
func putInt(b []byte, dt DType, i int, v int64) {
	le := binary.LittleEndian
	lo, hi := intRange(dt)
	v = min(max(v, lo), hi)
	switch dt {
	case I64:
		le.PutUint64(b[8*i:], uint64(v))
	case I32:
		le.PutUint32(b[4*i:], uint32(v))
	case I16:
		le.PutUint16(b[2*i:], uint16(v))
	case I8, U8:
		b[i] = byte(v)
	case Bool:
		b[i] = 0
		if v != 0 {
			b[i] = 1
		}
	default:
		panic("tensor: integer of " + dt.String())
	}
}
