package tensor

import (
	"math"
	"math/big"
	"testing"
)

// smallFloat is a format for the test: every value of it is known by its bits.
type smallFloat struct {
	name string
	bits int
	wide func(int) float32
	put  func(float32) int
}

var smallFloats = []smallFloat{
	{"f16", 16, func(i int) float32 { return F16ToF32(uint16(i)) }, func(f float32) int { return int(F32ToF16(f)) }},
	{"bf16", 16, func(i int) float32 { return BF16ToF32(uint16(i)) }, func(f float32) int { return int(F32ToBF16(f)) }},
	{"e4m3", 8, func(i int) float32 { return F8E4M3ToF32(byte(i)) }, func(f float32) int { return int(F32ToF8E4M3(f)) }},
	{"e5m2", 8, func(i int) float32 { return F8E5M2ToF32(byte(i)) }, func(f float32) int { return int(F32ToF8E5M2(f)) }},
}

// TestSmallFloats takes every value there and back, and rounds from halfway and beside halfway to the neighbour.
func TestSmallFloats(t *testing.T) {
	for _, f := range smallFloats {
		t.Run(f.name, func(t *testing.T) {
			half := 1 << (f.bits - 1)
			for i := range 1 << f.bits {
				v := f.wide(i)
				if got := f.put(v); got != i && v == v {
					t.Fatalf("%#x is %g and comes back as %#x", i, v, got)
				}
				if back := f.wide(f.put(v)); v != v && back == back {
					t.Fatalf("NaN %#x comes back as %g", i, back)
				}
				next := f.wide(min(i+1, 1<<f.bits-1))
				if i&^half >= half-2 || v != v || next != next || math.IsInf(float64(next), 0) {
					continue
				}
				mid := (float64(v) + float64(next)) / 2
				even := i + i&1
				for _, c := range []struct {
					at   float64
					want int
				}{{mid, even}, {math.Nextafter(mid, float64(v)), i}, {math.Nextafter(mid, float64(next)), i + 1}} {
					if got := f.put(oddF32(c.at)); got != c.want {
						t.Fatalf("%v between %#x and %#x becomes %#x, want %#x", c.at, i, i+1, got, c.want)
					}
				}
			}
		})
	}
}

func TestKnownFloats(t *testing.T) {
	for _, c := range []struct {
		name string
		got  float32
		want float64
	}{
		{"largest half", F16ToF32(0x7bff), 65504},
		{"smallest half", F16ToF32(1), math.Ldexp(1, -24)},
		{"largest e4m3", F8E4M3ToF32(0x7e), 448},
		{"smallest e4m3", F8E4M3ToF32(0x81), -math.Ldexp(1, -9)},
		{"largest e5m2", F8E5M2ToF32(0x7b), 57344},
		{"e5m2 infinity", F8E5M2ToF32(0xfc), math.Inf(-1)},
		{"bf16 pi", BF16ToF32(0x4049), 3.140625},
		{"half of what is too large", F16ToF32(F32ToF16(65520)), math.Inf(1)},
		{"half of just not too large", F16ToF32(F32ToF16(65519.996)), 65504},
		{"e4m3 of 464", F8E4M3ToF32(F32ToF8E4M3(464)), 448},
	} {
		if float64(c.got) != c.want {
			t.Errorf("%s is %g, want %g", c.name, c.got, c.want)
		}
	}
	if v := F8E4M3ToF32(F32ToF8E4M3(465)); v == v {
		t.Errorf("e4m3 of 465 is %g, want NaN", v)
	}
}

func TestConvert(t *testing.T) {
	f64 := func(v ...float64) *Tensor {
		x := New(F64, len(v))
		copy(x.F64(), v)
		return x
	}
	for _, c := range []struct {
		name string
		x    *Tensor
		to   DType
		want []float64
	}{
		{"to bytes", f64(-1, 0.9, 255.9, 300, math.NaN(), math.Inf(1)), U8, []float64{0, 0, 255, 255, 0, 255}},
		{"to int8", f64(-1.9, 127.5, -1e9), I8, []float64{-1, 127, -128}},
		{"to int64", f64(1e300, -1e300, -2.5), I64, []float64{math.MaxInt64, math.MinInt64, -2}},
		{"to bool", f64(0, -0.1, math.NaN()), Bool, []float64{0, 1, 1}},
		{"int to int", FromI64([]int64{1 << 40, -7, 5}, 3), I16, []float64{32767, -7, 5}},
		{"view", FromI64([]int64{1, 2, 3, 4, 5, 6}, 2, 3).Permute(1, 0), F16, []float64{1, 4, 2, 5, 3, 6}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for i, got := range ToF64(Convert(c.x, c.to)) {
				if got != c.want[i] {
					t.Errorf("element %d is %g, want %g", i, got, c.want[i])
				}
			}
		})
	}
}

// TestOddF32 checks that rounding twice through oddF32 is rounding once.
func TestOddF32(t *testing.T) {
	v := 1 + math.Ldexp(1, -11) + math.Ldexp(1, -40) // just past halfway between two halves
	if got := F16ToF32(F32ToF16(oddF32(v))); got != 1+1.0/1024 {
		t.Errorf("%v becomes %v", big.NewFloat(v), got)
	}
}
