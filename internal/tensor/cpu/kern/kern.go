// Package kern holds the inner loops of the CPU backend: matrix tiles, packing, and functions over runs of float32. Each has a
// portable Go form and, on amd64, assembly that the generator in asmgen writes. Nothing here knows of tensors or threads.
package kern

import (
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
)

// MaxRows is the most rows a tile of any set has.
const MaxRows = 14

// Seg is one stretch of a tile's sum: byte offsets added to Gemm.A and Gemm.B.
type Seg struct{ A, B int }

// Gemm describes one tile: C[i][j] = init + Σ over segments s and steps k of A[i][s,k] * B[s,k][j], for the rows that the
// kernel is for and for Cols columns. Distances are in bytes. The sum runs in the order of s, then k, whatever the tile.
type Gemm struct {
	A     unsafe.Pointer // float32 rows, LDA apart
	LDA   int
	B     unsafe.Pointer // a row of NR values for each step, BStep apart; in a half tile NR/2 are read
	BStep int
	K     int  // steps a segment
	Segs  *Seg // NSeg of them
	NSeg  int
	C     unsafe.Pointer // the result, rows LDC apart
	LDC   int
	D     unsafe.Pointer // rows, LDD apart, that the sum starts from; nil for 0; may be C; LDD 0 repeats one row
	LDD   int
	Bias  unsafe.Pointer // one row added to D; may be nil
	Cols  int            // columns: 1..NR, in a half tile 1..NR/2
}

// WinoPoints is how many products a tile of Winograd's F(4×4, 3×3) has for each pair of channels: 6×6, row by row.
const WinoPoints = 36

// Wino is the transforms of Winograd's F(4×4, 3×3). Each handles n vectors of Lanes channels; steps are in bytes; tmp is
// room for WinoPoints vectors.
type Wino struct {
	Lanes int
	// Input turns the 6×6 pixels at src into WinoPoints values dstStep apart.
	Input func(dst, src *float32, dstStep, srcLine, srcPixel, n int, tmp *float32)
	// Output turns WinoPoints sums srcStep apart into 4×4 pixels and adds the bias.
	Output func(dst, src *float32, dstLine, dstPixel, srcStep, n int, bias, tmp *float32)
	// Weights turns nine rows for each of n input channels into WinoPoints rows dstStep apart, one vector wide.
	Weights func(dst, src *float32, dstStep, row, n int, tmp *float32)
}

// Set is the kernels for one kind of processor. Its fields are not nil unless they say so.
type Set struct {
	Name   string
	MR, NR int // rows and columns of the largest tile
	// Tile and Half are the kernels by number of rows, 1..MR; Half computes NR/2 columns.
	Tile, Half [MaxRows + 1]func(*Gemm)
	// Peak does n rounds of PeakFlops operations on registers alone, the measure of what is possible.
	Peak      func(n int)
	PeakFlops int
	// PackT writes the transpose of rows 0..n-1 of src, srcLD elements apart and k long, as k rows of NR elements; columns from
	// n to NR become 0. It writes exactly k*NR elements.
	PackT func(dst []float32, src []float32, srcLD, n, k int)
	// PackT16 and PackTB16 do the same from halves and bfloat16s; they are nil where widening first is as good.
	PackT16, PackTB16 func(dst []float32, src []byte, srcLD, n, k int)
	// Widen16, WidenB16, WidenE4M3 and WidenE5M2 read halves, bfloat16s and eight-bit floats, len(dst) of them; src need not
	// be aligned.
	Widen16, WidenB16, WidenE4M3, WidenE5M2 func(dst []float32, src []byte)

	// Wino is the transforms of Winograd's convolution; nil where there are none.
	Wino *Wino

	// Functions of each element; dst may be x. All have dst's length.
	Exp, Sigmoid, SiLU, QuickGELU, GELU, GELUTanh, Tanh, Erf, ReLU func(dst, x []float32)
	Add, Sub, Mul, Div, Min, Max                                   func(dst, x, y []float32)
	// Affine is x*scale + shift.
	Affine func(dst, x []float32, scale, shift float32)
	// ScaleShift is x*a + b with a and b by element, ScaleShiftSiLU the SiLU of it.
	ScaleShift, ScaleShiftSiLU func(dst, x, a, b []float32)
	// AddScaled is dst + x*scale.
	AddScaled func(dst, x []float32, scale float32)

	// Sum adds up x; SumSq adds up the squares of x-mean; MaxOf is the largest, -Inf of none, NaN if any is.
	Sum   func(x []float32) float32
	SumSq func(x []float32, mean float32) float32
	MaxOf func(x []float32) float32
	// ExpSum writes exp(x*scale - most) and gives the sum of them.
	ExpSum func(dst, x []float32, scale, most float32) float32
	// Stats adds x-shift to sum and its square to sq, by element, for each of rows rows of x, ld elements apart.
	Stats func(sum, sq, shift, x []float32, ld, rows int)
}

//go:generate go run ../asmgen .

// ForLevel gives the kernels for an instruction-set level; levels this build has no assembly for give the portable ones.
func ForLevel(l isa.Level) *Set {
	if s := assembly(l); s != nil {
		return s
	}
	return Portable()
}

func f32At(p unsafe.Pointer, bytes int) *float32 { return (*float32)(unsafe.Add(p, bytes)) }
