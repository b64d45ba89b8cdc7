package kern

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
)

func sets() []*Set {
	var all []*Set
	for l := isa.Portable; l <= isa.Best(); l++ {
		all = append(all, ForLevel(l))
	}
	return all
}

func fill(rnd *rand.Rand, s ...[]float32) {
	for _, v := range s {
		for i := range v {
			v[i] = float32(rnd.NormFloat64())
		}
	}
}

func near(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if g != w && (g == g || w == w) && !(math.Abs(g-w) <= tol*max(math.Abs(w), 1)) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, g, w)
		}
	}
}

// TestTile runs every tile on memory between guard pages, with the sum's beginnings and segments that callers use.
func TestTile(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, k := range sets() {
		for rows := 1; rows <= k.MR; rows++ {
			for cols := 1; cols <= k.NR; cols++ {
				for _, depth := range []int{0, 1, 3, 4, 5, 9} {
					tileCase(t, rnd, k, rows, cols, depth)
				}
			}
		}
	}
}

func tileCase(t *testing.T, rnd *rand.Rand, k *Set, rows, cols, depth int) {
	const segs = 2
	a, _ := guarded(t, rows*depth*segs)
	b, _ := guarded(t, depth*segs*k.NR)
	c, _ := guarded(t, (rows-1)*40+cols)
	d, _ := guarded(t, (rows-1)*36+cols)
	bias, _ := guarded(t, cols)
	fill(rnd, a, b, c, d, bias)
	seg := [segs]Seg{{0, k.NR * 4}, {depth * 4, 0}} // steps of the two stretches lie in turns in B
	g := &Gemm{A: unsafe.Pointer(unsafe.SliceData(a)), LDA: depth * segs * 4, B: unsafe.Pointer(unsafe.SliceData(b)), BStep: segs * k.NR * 4, K: depth,
		Segs: &seg[0], NSeg: segs, C: unsafe.Pointer(&c[0]), LDC: 160, Cols: cols}
	mode := rnd.IntN(4)
	if mode&1 != 0 {
		g.D, g.LDD = unsafe.Pointer(&d[0]), 144
	}
	if mode&2 != 0 {
		g.Bias = unsafe.Pointer(&bias[0])
	}
	want := append([]float32(nil), c...)
	for i := range rows {
		for j := range cols {
			sum := 0.0
			if g.D != nil {
				sum += float64(d[i*36+j])
			}
			if g.Bias != nil {
				sum += float64(bias[j])
			}
			for s := range segs {
				for l := range depth {
					sum += float64(a[i*depth*segs+s*depth+l]) * float64(b[(l*segs+1-s)*k.NR+j])
				}
			}
			want[i*40+j] = float32(sum)
		}
	}
	fn := k.Tile[rows]
	if cols <= k.NR/2 {
		fn = k.Half[rows]
	}
	fn(g)
	near(t, fmt.Sprintf("%s %dx%dx%d mode %d", k.Name, rows, cols, depth, mode), c, want, 1e-5)
}

func TestPackT(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	for _, k := range sets() {
		for _, n := range []int{0, 1, 5, k.NR / 2, k.NR/2 + 1, k.NR - 1, k.NR} {
			for _, depth := range []int{1, 7, 8, 15, 16, 17, 40} {
				ld := depth + n%3
				src, _ := guarded(t, max((n-1)*ld+depth, 0))
				dst, _ := guarded(t, depth*k.NR)
				fill(rnd, src, dst)
				k.PackT(dst, src, ld, n, depth)
				want := make([]float32, len(dst))
				packTo(want, src, ld, n, depth, k.NR)
				near(t, fmt.Sprintf("%s pack %dx%d", k.Name, n, depth), dst, want, 0)
			}
		}
	}
}

// TestPackNarrow compares packing from halves and bfloat16s with widening first.
func TestPackNarrow(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 3))
	for _, k := range sets() {
		for i, f := range []func([]float32, []byte, int, int, int){k.PackT16, k.PackTB16} {
			if f == nil {
				continue
			}
			for _, n := range []int{1, 5, k.NR / 2, k.NR/2 + 1, k.NR} {
				for _, depth := range []int{1, 15, 16, 17, 40} {
					words, _ := guarded(t, (n*depth+1)/2)
					src := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 4*len(words))[n*depth%2*2:]
					for j := range src {
						src[j] = byte(rnd.Uint32())
					}
					wide := make([]float32, n*depth)
					[]func([]float32, []byte){widen16, widenB16}[i](wide, src)
					dst, _ := guarded(t, depth*k.NR)
					f(dst, src, depth, n, depth)
					want := make([]float32, len(dst))
					packTo(want, wide, depth, n, depth, k.NR)
					near(t, fmt.Sprintf("%s pack %d of %dx%d", k.Name, i, n, depth), dst, want, 0)
				}
			}
		}
	}
}

// TestRuns compares the functions over runs with the portable ones, on memory that ends at a guard page, then begins at one.
func TestRuns(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for _, k := range sets() {
		for n := range 70 {
			var at [2][4][]float32
			for i := range 4 {
				at[0][i], at[1][i] = guarded(t, n)
			}
			for _, v := range at {
				fill(rnd, v[:]...)
				runsCase(t, fmt.Sprint(k.Name, " of ", n, " "), k, v)
			}
		}
	}
}

func runsCase(t *testing.T, name string, k *Set, v [4][]float32) {
	p := Portable()
	dst, x, y, z := v[0], v[1], v[2], v[3]
	want := make([]float32, len(dst))
	one := [][2]func(dst, x []float32){{k.Exp, p.Exp}, {k.Sigmoid, p.Sigmoid}, {k.SiLU, p.SiLU}, {k.QuickGELU, p.QuickGELU}, {k.GELU, p.GELU},
		{k.GELUTanh, p.GELUTanh}, {k.Tanh, p.Tanh}, {k.Erf, p.Erf}, {k.ReLU, p.ReLU}}
	for i, f := range one {
		f[0](dst, x)
		f[1](want, x)
		near(t, fmt.Sprint(name, "unary ", i), dst, want, 1e-6)
	}
	two := [][2]func(dst, x, y []float32){{k.Add, p.Add}, {k.Sub, p.Sub}, {k.Mul, p.Mul}, {k.Div, p.Div}, {k.Min, p.Min}, {k.Max, p.Max}}
	for i, f := range two {
		f[0](dst, x, y)
		f[1](want, x, y)
		near(t, fmt.Sprint(name, "binary ", i), dst, want, 1e-6)
	}
	k.Affine(dst, x, 1.5, -2)
	p.Affine(want, x, 1.5, -2)
	near(t, name+"affine", dst, want, 1e-6)
	k.AddScaled(dst, y, 0.3)
	p.AddScaled(want, y, 0.3)
	near(t, name+"addScaled", dst, want, 1e-6)
	k.ScaleShift(dst, x, y, z)
	p.ScaleShift(want, x, y, z)
	near(t, name+"scaleShift", dst, want, 1e-6)
	k.ScaleShiftSiLU(dst, x, y, z)
	p.ScaleShiftSiLU(want, x, y, z)
	near(t, name+"scaleShiftSiLU", dst, want, 1e-6)
	got, ref := k.ExpSum(dst, x, 0.7, 1), p.ExpSum(want, x, 0.7, 1)
	near(t, name+"expSum", append(dst[:len(dst):len(dst)], got), append(want, ref), 1e-5)
	near(t, name+"sums", []float32{k.Sum(x), k.SumSq(x, 0.5), k.MaxOf(x)}, []float32{p.Sum(x), p.SumSq(x, 0.5), p.MaxOf(x)}, 2e-5)
	if len(x) > 0 {
		x[len(x)-1] = float32(math.NaN())
		if m := k.MaxOf(x); m == m {
			t.Fatalf("%s: the largest of NaN is %g", name, m)
		}
	}
}

func TestStats(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	p := Portable()
	for _, k := range sets() {
		for _, n := range []int{1, 7, 8, 16, 17, 64, 65, 100} {
			for _, rows := range []int{0, 1, 5} {
				ld := n + 3
				sum, _ := guarded(t, n)
				sq, _ := guarded(t, n)
				shift, _ := guarded(t, n)
				x, _ := guarded(t, max((rows-1)*ld+n, 0))
				fill(rnd, sum, sq, shift, x)
				ws, wq := append([]float32(nil), sum...), append([]float32(nil), sq...)
				k.Stats(sum, sq, shift, x, ld, rows)
				p.Stats(ws, wq, shift, x, ld, rows)
				near(t, fmt.Sprint(k.Name, " sums of ", n), sum, ws, 1e-5)
				near(t, fmt.Sprint(k.Name, " squares of ", n), sq, wq, 1e-5)
			}
		}
	}
}

// TestWiden covers every value of each format, and lengths that fill no vector.
func TestWiden(t *testing.T) {
	all := make([]byte, 1<<17)
	for i := range 1 << 16 {
		all[2*i], all[2*i+1] = byte(i), byte(i>>8)
	}
	for _, k := range sets() {
		for i, f := range [][2]func([]float32, []byte){{k.Widen16, widen16}, {k.WidenB16, widenB16}, {k.WidenE4M3, widenE4M3}, {k.WidenE5M2, widenE5M2}} {
			got, want := make([]float32, 1<<16), make([]float32, 1<<16)
			f[0](got, all)
			f[1](want, all)
			near(t, fmt.Sprint(k.Name, " widen ", i), got, want, 0)
			for n := range 40 {
				dst, _ := guarded(t, n)
				f[0](dst, all[1000*(2-i/2):]) // the first two formats have two bytes, the others one
				near(t, fmt.Sprint(k.Name, " widen ", i), dst, want[1000:1000+n], 0)
			}
		}
	}
}

// TestWino convolves one tile by the transforms and directly, on memory between guard pages.
func TestWino(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	for _, k := range sets() {
		if k.Wino == nil {
			continue
		}
		const c = 32 // input channels and results
		x, _ := guarded(t, 36*c)
		w, _ := guarded(t, c*9*c) // [input, tap, result]
		y, _ := guarded(t, 16*c)
		v, _ := guarded(t, WinoPoints*c)
		u, _ := guarded(t, WinoPoints*c*c)
		m, _ := guarded(t, WinoPoints*c)
		bias, _ := guarded(t, c)
		tmp, _ := guarded(t, WinoPoints*k.Wino.Lanes)
		fill(rnd, x, w, bias)
		k.Wino.Input(&v[0], &x[0], c*4, 6*c*4, c*4, c/k.Wino.Lanes, &tmp[0])
		for lane := 0; lane < c; lane += k.Wino.Lanes {
			k.Wino.Weights(&u[lane], &w[lane], c*c*4, c*4, c, &tmp[0])
		}
		for p := range WinoPoints {
			for o := range c {
				sum := float32(0)
				for i := range c {
					sum += v[p*c+i] * u[(p*c+i)*c+o]
				}
				m[p*c+o] = sum
			}
		}
		k.Wino.Output(&y[0], &m[0], 4*c*4, c*4, c*4, c/k.Wino.Lanes, &bias[0], &tmp[0])
		want := make([]float32, len(y))
		for i := range want {
			px, o := i/c, i%c
			sum := float64(bias[o])
			for tap := range 9 {
				for l := range c {
					sum += float64(x[((px/4+tap/3)*6+px%4+tap%3)*c+l]) * float64(w[(l*9+tap)*c+o])
				}
			}
			want[i] = float32(sum)
		}
		near(t, k.Name+" winograd", y, want, 3e-4)
	}
}
