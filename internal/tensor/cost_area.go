package tensor

// Products: a multiplication costs half an addition, in portable code; a tile's row of columns a hundred; a panel's element one
// and a half.
const (
	mulCost   = 0.5
	tileCost  = 100
	panelCost = 1.5
)

// product is of outer products of m rows by n columns with sums of k. Columns come in panels.
func product(outer, m, n, k float64) float64 {
	tiles := float64(int(n+15) / 16)
	return outer * (m*tiles*(16*k*mulCost+tileCost) + float64(int(n+31)/32)*32*k*panelCost + 200)
}

func workMatMul(_ *Op, x, out Shape, _ []Value) float64 {
	return product(elems(out[:len(out)-2]), float64(out[len(out)-2]), float64(out.Last()), float64(x.Last()))
}

func workLinear(_ *Op, x, _ Shape, args []Value) float64 {
	w := args[1].Shape
	return product(1, elems(x[:len(x)-1]), float64(w[0]), float64(w[1]))
}

func workConv(o *Op, x, out Shape, args []Value) float64 {
	w, groups := args[1].Shape, float64(o.Attr.I[8])
	pad := elems(x) + float64(x[0])*float64(x[1]+o.Attr.I[2]+o.Attr.I[4])*float64(x[2]+o.Attr.I[3]+o.Attr.I[5])*float64(x[3])
	return product(groups, elems(out[:3]), float64(w[0])/groups, elems(w[1:])) + 2*pad
}

func workAttention(o *Op, q, out Shape, args []Value) float64 {
	heads := float64(o.Attr.I[0])
	d, dv := float64(q[2])/heads, float64(out[2])/heads
	lq, lk := float64(q[1]), float64(args[1].Shape[1])
	blocks := float64(q[1]/96 + 1) // each packs the keys again
	return float64(q[0]) * heads * (lq*lk*((d+dv+16)*mulCost+22) + blocks*lk*(d+dv)*panelCost + 32*d + lq*(dv+16)*4 + 10_000)
}

// workConvTranspose is of the taps of each pixel of x.
func workConvTranspose(o *Op, x, _ Shape, args []Value) float64 {
	w, groups := args[1].Shape, float64(o.Attr.I[8])
	mul := 1.4
	if w[1] < 8 {
		mul = 2.2
	}
	macs := float64(x[3]) / groups * float64(w[1])
	return elems(x[:3])*float64(w[2])*float64(w[3])*groups*(14+mul*macs+2*float64(x[3])/groups) + 4*elems(w)
}

// spanCost is of a sum of taps pixels of a row, of ch channels.
func spanCost(taps, ch float64) float64 { return 8 + taps*(5+0.9*ch) }

// separate is of resizing along the width, then along the height, by so many taps, whose tables cost table each.
func separate(x, out Shape, ys, xs, table float64) float64 {
	middle := float64(x[0]) * float64(x[1]) * float64(out[2])
	return middle*spanCost(xs, float64(x[3])) + elems(out)*(2+1.2*ys) + elems(out[:2])*(1+ys)*20 + table*(float64(out[1])*(ys+1)+float64(out[2])*(xs+1))
}

func workResize(o *Op, x, out Shape, _ []Value) float64 {
	sy, sx := float64(x[1])/float64(out[1]), float64(x[2])/float64(out[2])
	switch o.Attr.I[0] {
	case Bilinear:
		return separate(x, out, 2, 2, 80)
	case Bicubic:
		return separate(x, out, 4, 4, 80)
	case Area:
		return separate(x, out, sy+2, sx+2, 40)
	}
	return elems(out[:3])*24 + elems(out) + 80*float64(out[1]+out[2])
}

func workResizeAA(o *Op, x, out Shape, _ []Value) float64 {
	reach := []float64{AABilinear: 1, AABicubic: 2, AALanczos: 3, AABox: 0.5, AAHamming: 1}[o.Attr.I[0]]
	taps := func(n, m int) float64 { return 2*reach*max(float64(n)/float64(m), 1) + 1 }
	return separate(x, out, taps(x[1], out[1]), taps(x[2], out[2]), 160)
}

func workPool(o *Op, x, out Shape, _ []Value) float64 {
	ky, kx := float64(o.Attr.I[0]), float64(o.Attr.I[1])
	return elems(out[:3])*(10+ky*kx*(18+1.4*float64(x[3]))) + 20*(float64(out[1])*ky+float64(out[2])*kx)
}

// windowRow is what beginning a row for one tap of a window costs.
const windowRow = 45

func workFilter(_ *Op, x, _ Shape, args []Value) float64 {
	taps := elems(args[1].Shape)
	return taps*(0.8*elems(x)+windowRow*elems(x[:2])) + float64(args[1].Shape[0])*(2*elems(x)+elems(x[:2])*float64(args[1].Shape[1])*float64(x[3])*8)
}

// workWindow is of kinds that go down, then across; each tap costs an element so much.
func workWindow(tap float64) func(o *Op, x, out Shape, args []Value) float64 {
	return func(o *Op, x, _ Shape, _ []Value) float64 {
		ky, kx := float64(o.Attr.I[0]), float64(o.Attr.I[1])
		return (ky+kx)*(tap*elems(x)+windowRow*elems(x[:2])) + elems(x)*(6+0.6*ky) + elems(x[:2])*kx*float64(x[3])*8
	}
}

// workMedian is of picking the middle of each window; short ones cost most for an element.
func workMedian(o *Op, x, _ Shape, _ []Value) float64 {
	ky, kx := float64(o.Attr.I[0]), float64(o.Attr.I[1])
	n := ky * kx
	return elems(x)*(24+32*min(n, 32)+9*max(n-32, 0)+2*ky) + elems(x[:2])*ky*(windowRow+kx*float64(x[3])*8)
}

func workGrid(o *Op, x, out Shape, _ []Value) float64 {
	place, taps := 60.0, 4.0
	switch o.Attr.I[0] {
	case 1:
		taps = 1
	case 2:
		place, taps = 180, 16
	}
	if o.Attr.I[1] == 2 {
		place *= 3
	}
	return elems(out[:3]) * (place + taps*(8+1.2*float64(x[3])))
}
