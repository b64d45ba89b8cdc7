package main

// Registers of the functions: 0 the element, 1..3 scratch, 4 a second argument, 5 a third, 6..9 sums and what stays the same.

// run is a function over runs of elements.
type run struct {
	name, signature string
	args            int      // bytes of arguments
	in              []string // frame places of the inputs' pointers, loaded into registers 0, 4, 5
	dst             bool     // stores register 0
	before, body    func()
	after           func()
}

var pointers = []string{"SI", "DX", "BX"}

// write emits a loop over whole vectors and, behind it, the same once more under a mask.
func (f *file) write(r run) {
	f.fn(r.name, r.signature, r.args)
	if r.dst {
		f.p("MOVQ dst_base+0(FP), DI")
		f.p("MOVQ dst_len+8(FP), CX")
	} else {
		f.p("MOVQ x_len+8(FP), CX")
	}
	for i, in := range r.in {
		f.p("MOVQ %s, %s", in, pointers[i])
	}
	if r.before != nil {
		r.before()
	}
	loop, tail, done := f.label("loop"), f.label("tail"), f.label("done")
	f.p("SUBQ $%d, CX", f.lanes)
	f.p("JLT %s", tail)
	f.p("%s:", loop)
	for i := range r.in {
		f.p("VMOVUPS (%s), %s", pointers[i], f.v([]int{0, 4, 5}[i]))
	}
	r.body()
	if r.dst {
		f.p("VMOVUPS %s, (DI)", f.v(0))
		f.p("ADDQ $%d, DI", 4*f.lanes)
	}
	for i := range r.in {
		f.p("ADDQ $%d, %s", 4*f.lanes, pointers[i])
	}
	f.p("SUBQ $%d, CX", f.lanes)
	f.p("JGE %s", loop)
	f.p("%s:", tail)
	f.p("ADDQ $%d, CX", f.lanes)
	f.p("JEQ %s", done)
	f.tail(r)
	f.p("%s:", done)
	if r.after != nil {
		r.after()
	}
	f.ret()
}

// tail emits the body for the last CX elements.
func (f *file) tail(r run) {
	f.tailMask()
	for i := range r.in {
		f.tailLoad(pointers[i], []int{0, 4, 5}[i])
	}
	f.inTail = true
	r.body()
	f.inTail = false
	if r.dst {
		f.tailStore("DI", 0)
	}
}

// tailMask makes the mask of the last CX elements: K1 or Y15.
func (f *file) tailMask() {
	if f.wide {
		f.p("MOVQ $-1, AX")
		f.p("BZHIQ CX, AX, AX")
		f.p("KMOVW AX, K1")
		return
	}
	f.p("LEAQ ·columns(SB), AX")
	f.p("NEGQ CX")
	f.p("VMOVUPS 64(AX)(CX*4), Y15")
}

func (f *file) tailLoad(base string, reg int) {
	if f.wide {
		f.p("VMOVUPS.Z (%s), K1, Z%d", base, reg)
		return
	}
	f.p("VMASKMOVPS (%s), Y15, Y%d", base, reg)
}

func (f *file) tailStore(base string, reg int) {
	if f.wide {
		f.p("VMOVUPS Z%d, K1, (%s)", reg, base)
		return
	}
	f.p("VMASKMOVPS Y%d, Y15, (%s)", reg, base)
}

// functions writes all functions over runs.
func (f *file) functions() {
	x, y := "x_base+24(FP)", "y_base+48(FP)"
	for _, u := range []struct {
		name string
		body func()
	}{{"exp", f.exp}, {"sigmoid", f.sigmoid}, {"silu", f.silu}, {"quickGELU", f.quickGELU}, {"gelu", f.gelu}, {"geluTanh", f.geluTanh}, {"tanh", f.tanh}, {"erf", f.erf}, {"relu", f.relu}} {
		f.write(run{name: u.name, signature: "(dst, x []float32)", args: 48, in: []string{x}, dst: true, body: u.body})
	}
	for _, b := range [][2]string{{"add", "VADDPS"}, {"sub", "VSUBPS"}, {"mul", "VMULPS"}, {"div", "VDIVPS"}} {
		f.write(run{name: b[0], signature: "(dst, x, y []float32)", args: 72, in: []string{x, y}, dst: true, body: func() {
			f.p("%s %s, %s, %s", b[1], f.v(4), f.v(0), f.v(0))
		}})
	}
	for _, b := range [][2]string{{"minOf", "VMINPS"}, {"maxOf", "VMAXPS"}} {
		f.write(run{name: b[0], signature: "(dst, x, y []float32)", args: 72, in: []string{x, y}, dst: true, body: func() { f.extreme(b[1]) }})
	}
	f.write(run{name: "affine", signature: "(dst, x []float32, scale, shift float32)", args: 56, in: []string{x}, dst: true,
		before: func() {
			f.p("VBROADCASTSS scale+48(FP), %s", f.v(6))
			f.p("VBROADCASTSS shift+52(FP), %s", f.v(7))
		},
		body: func() { f.p("VFMADD213PS %s, %s, %s", f.v(7), f.v(6), f.v(0)) }})
	f.write(run{name: "addScaled", signature: "(dst, x []float32, scale float32)", args: 52, in: []string{x, "dst_base+0(FP)"}, dst: true,
		before: func() { f.p("VBROADCASTSS scale+48(FP), %s", f.v(6)) },
		body:   func() { f.p("VFMADD213PS %s, %s, %s", f.v(4), f.v(6), f.v(0)) }})
	abx := []string{x, "a_base+48(FP)", "b_base+72(FP)"}
	f.write(run{name: "scaleShift", signature: "(dst, x, a, b []float32)", args: 96, in: abx, dst: true,
		body: func() { f.p("VFMADD213PS %s, %s, %s", f.v(5), f.v(4), f.v(0)) }})
	f.write(run{name: "scaleShiftSiLU", signature: "(dst, x, a, b []float32)", args: 96, in: abx, dst: true,
		body: func() {
			f.p("VFMADD213PS %s, %s, %s", f.v(5), f.v(4), f.v(0))
			f.silu()
		}})
	f.sums()
	f.stats()
}

// extreme takes the smaller or larger of registers 0 and 4, NaN when either is.
func (f *file) extreme(op string) {
	f.p("%s %s, %s, %s", op, f.v(4), f.v(0), f.v(1)) // register 4 where either is NaN
	if f.wide {
		f.p("VCMPPS $3, Z0, Z0, K2")
		f.p("VMOVAPS Z0, K2, Z1")
	} else {
		f.p("VCMPPS $3, Y0, Y0, Y2")
		f.p("VBLENDVPS Y2, Y0, Y1, Y1")
	}
	f.p("VMOVAPS %s, %s", f.v(1), f.v(0))
}

// exp replaces register 0 by its exponential; uses 1..3.
func (f *file) exp() {
	f.set(expHi, f.v(1))
	f.p("VMINPS %s, %s, %s", f.v(0), f.v(1), f.v(0)) // NaN stays
	f.set(expLo, f.v(1))
	f.p("VMAXPS %s, %s, %s", f.v(0), f.v(1), f.v(0))
	f.opc("VMULPS", log2e, f.v(0), f.v(1))
	if f.wide {
		f.p("VRNDSCALEPS $8, Z1, Z1")
	} else {
		f.p("VROUNDPS $0, Y1, Y1")
	}
	f.opc("VFNMADD231PS", ln2Hi, f.v(1), f.v(0))
	f.opc("VFNMADD231PS", ln2Lo, f.v(1), f.v(0))
	f.set(expP[0], f.v(2))
	f.horner(expP[1:], f.v(0), f.v(2))
	if f.wide {
		f.p("VSCALEFPS Z1, Z2, Z0")
		return
	}
	f.p("VCVTPS2DQ Y1, Y1")
	f.p("VPSRAD $1, Y1, Y3")
	f.p("VPSUBD Y3, Y1, Y1")
	for _, r := range []string{"Y1", "Y3"} {
		f.p("VPADDD %s, %s, %s", f.bits(127), r, r)
		f.p("VPSLLD $23, %s, %s", r, r)
		f.p("VMULPS %s, Y2, Y2", r)
	}
	f.p("VMOVAPS Y2, Y0")
}

// horner continues a polynomial in z whose value so far is acc.
func (f *file) horner(coefs []float64, z, acc string) {
	for _, c := range coefs {
		f.opc("VFMADD213PS", c, z, acc)
	}
}

// overOnePlusExp leaves register 4 / (1 + exp(register 0)) in register 0.
func (f *file) overOnePlusExp() {
	f.exp()
	f.opc("VADDPS", 1, f.v(0), f.v(0))
	f.p("VDIVPS %s, %s, %s", f.v(0), f.v(4), f.v(0))
}

func (f *file) sigmoid() {
	f.opc("VMULPS", -1, f.v(0), f.v(0))
	f.set(1, f.v(4))
	f.overOnePlusExp()
}

func (f *file) silu() {
	f.p("VMOVAPS %s, %s", f.v(0), f.v(4))
	f.opc("VMULPS", -1, f.v(0), f.v(0))
	f.overOnePlusExp()
}

func (f *file) quickGELU() {
	f.p("VMOVAPS %s, %s", f.v(0), f.v(4))
	f.opc("VMULPS", -1.702, f.v(0), f.v(0))
	f.overOnePlusExp()
}

func (f *file) geluTanh() {
	f.p("VMOVAPS %s, %s", f.v(0), f.v(4))
	f.p("VMULPS %s, %s, %s", f.v(0), f.v(0), f.v(1))
	f.set(geluTanhB, f.v(2))
	f.opc("VFMADD213PS", geluTanhA, f.v(2), f.v(1))
	f.p("VMULPS %s, %s, %s", f.v(1), f.v(0), f.v(0))
	f.overOnePlusExp()
}

// rational replaces register 0, limited to ±most, by x p(x²)/q(x²).
func (f *file) rational(most float64, p, q []float64) {
	f.set(most, f.v(1))
	f.p("VMINPS %s, %s, %s", f.v(0), f.v(1), f.v(0))
	f.set(-most, f.v(1))
	f.p("VMAXPS %s, %s, %s", f.v(0), f.v(1), f.v(0))
	f.p("VMULPS %s, %s, %s", f.v(0), f.v(0), f.v(1))
	f.set(p[0], f.v(2))
	f.horner(p[1:], f.v(1), f.v(2))
	f.set(q[0], f.v(3))
	f.horner(q[1:], f.v(1), f.v(3))
	f.p("VMULPS %s, %s, %s", f.v(2), f.v(0), f.v(0))
	f.p("VDIVPS %s, %s, %s", f.v(3), f.v(0), f.v(0))
}

func (f *file) tanh() { f.rational(tanhMost, tanhP, tanhQ) }
func (f *file) erf()  { f.rational(4, erfP, erfQ) }

func (f *file) gelu() {
	f.opc("VMULPS", 0.5, f.v(0), f.v(4))
	f.opc("VMULPS", sqrtHalf, f.v(0), f.v(0))
	f.erf()
	f.p("VFMADD213PS %s, %s, %s", f.v(4), f.v(4), f.v(0))
}

func (f *file) relu() {
	f.p("VXORPS X1, X1, X1")
	f.p("VMAXPS %s, %s, %s", f.v(0), f.v(1), f.v(0))
}
