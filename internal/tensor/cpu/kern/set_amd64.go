package kern

import "github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"

// columns is 16 ones before 16 zeros; a place in it is a mask of some first columns.
//
//lint:ignore U1000 the assembly reads it
var columns = [32]int32{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}

func assembly(l isa.Level) *Set {
	switch l {
	case isa.AVX2:
		return setAVX2()
	case isa.AVX512:
		return setAVX512()
	}
	return nil
}

func setAVX2() *Set {
	s := &Set{
		Name: "avx2", MR: 6, NR: 16, Peak: peakAVX2, PeakFlops: 2 * 6 * 16,
		Wino: &Wino{8, winoInputAVX2, winoOutputAVX2, winoWeightsAVX2}, PackT: packTAVX2, Widen16: inLanes(8, 2, widen16AVX2, widen16), WidenB16: inLanes(8, 2, widenB16AVX2, widenB16),
		WidenE4M3: inLanes(8, 1, widenE4M3AVX2, widenE4M3), WidenE5M2: inLanes(8, 1, widenE5M2AVX2, widenE5M2),
		Exp: expAVX2, Sigmoid: sigmoidAVX2, SiLU: siluAVX2, QuickGELU: quickGELUAVX2, GELU: geluAVX2, GELUTanh: geluTanhAVX2,
		Tanh: tanhAVX2, Erf: erfAVX2, ReLU: reluAVX2,
		Add: addAVX2, Sub: subAVX2, Mul: mulAVX2, Div: divAVX2, Min: minOfAVX2, Max: maxOfAVX2,
		Affine: affineAVX2, ScaleShift: scaleShiftAVX2, ScaleShiftSiLU: scaleShiftSiLUAVX2, AddScaled: addScaledAVX2,
		Sum: sumAVX2, SumSq: sumSqAVX2, MaxOf: largestAVX2, ExpSum: expSumAVX2, Stats: statsAVX2,
	}
	copy(s.Tile[1:], []func(*Gemm){tile1x16AVX2, tile2x16AVX2, tile3x16AVX2, tile4x16AVX2, tile5x16AVX2, tile6x16AVX2})
	copy(s.Half[1:], []func(*Gemm){tile1x8AVX2, tile2x8AVX2, tile3x8AVX2, tile4x8AVX2, tile5x8AVX2, tile6x8AVX2})
	return s
}

func setAVX512() *Set {
	s := &Set{
		Name: "avx512", MR: 14, NR: 32, Peak: peakAVX512, PeakFlops: 2 * 14 * 32,
		Wino: &Wino{16, winoInputAVX512, winoOutputAVX512, winoWeightsAVX512}, PackT: packTAVX512, PackT16: packT16AVX512, PackTB16: packTB16AVX512,
		Widen16: inLanes(16, 2, widen16AVX512, widen16), WidenB16: inLanes(16, 2, widenB16AVX512, widenB16),
		WidenE4M3: inLanes(16, 1, widenE4M3AVX512, widenE4M3), WidenE5M2: inLanes(16, 1, widenE5M2AVX512, widenE5M2),
		Exp: expAVX512, Sigmoid: sigmoidAVX512, SiLU: siluAVX512, QuickGELU: quickGELUAVX512, GELU: geluAVX512, GELUTanh: geluTanhAVX512,
		Tanh: tanhAVX512, Erf: erfAVX512, ReLU: reluAVX512,
		Add: addAVX512, Sub: subAVX512, Mul: mulAVX512, Div: divAVX512, Min: minOfAVX512, Max: maxOfAVX512,
		Affine: affineAVX512, ScaleShift: scaleShiftAVX512, ScaleShiftSiLU: scaleShiftSiLUAVX512, AddScaled: addScaledAVX512,
		Sum: sumAVX512, SumSq: sumSqAVX512, MaxOf: largestAVX512, ExpSum: expSumAVX512, Stats: statsAVX512,
	}
	copy(s.Tile[1:], []func(*Gemm){tile1x32AVX512, tile2x32AVX512, tile3x32AVX512, tile4x32AVX512, tile5x32AVX512, tile6x32AVX512, tile7x32AVX512,
		tile8x32AVX512, tile9x32AVX512, tile10x32AVX512, tile11x32AVX512, tile12x32AVX512, tile13x32AVX512, tile14x32AVX512})
	copy(s.Half[1:], []func(*Gemm){tile1x16AVX512, tile2x16AVX512, tile3x16AVX512, tile4x16AVX512, tile5x16AVX512, tile6x16AVX512, tile7x16AVX512,
		tile8x16AVX512, tile9x16AVX512, tile10x16AVX512, tile11x16AVX512, tile12x16AVX512, tile13x16AVX512, tile14x16AVX512})
	return s
}

// inLanes calls whole for as many elements as fill vectors and rest for the others.
func inLanes(lanes, size int, whole, rest func(dst []float32, src []byte)) func(dst []float32, src []byte) {
	return func(dst []float32, src []byte) {
		n := len(dst) / lanes * lanes
		whole(dst[:n], src)
		rest(dst[n:], src[n*size:])
	}
}
