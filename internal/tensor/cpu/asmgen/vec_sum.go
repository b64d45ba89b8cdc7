package main

// sums writes the functions that reduce a run to one number. Register 6 holds the sum.
func (f *file) sums() {
	zero := func() { f.p("VXORPS X6, X6, X6") }
	x := []string{"x_base+0(FP)"}
	f.write(run{name: "sum", signature: "(x []float32) float32", args: 28, in: x, before: zero,
		body:  func() { f.p("VADDPS %s, %s, %s", f.v(0), f.v(6), f.v(6)) },
		after: func() { f.fold("VADDPS", "ret+24(FP)") }})
	f.write(run{name: "sumSq", signature: "(x []float32, mean float32) float32", args: 36, in: x,
		before: func() {
			zero()
			f.p("VBROADCASTSS mean+24(FP), %s", f.v(7))
		},
		body: func() {
			f.p("VSUBPS %s, %s, %s", f.v(7), f.v(0), f.v(0))
			f.clearTail(0)
			f.p("VFMADD231PS %s, %s, %s", f.v(0), f.v(0), f.v(6))
		},
		after: func() { f.fold("VADDPS", "ret+32(FP)") }})
	f.largest(x)
	f.write(run{name: "expSum", signature: "(dst, x []float32, scale, most float32) float32", args: 60, in: []string{"x_base+24(FP)"}, dst: true,
		before: func() {
			zero()
			f.p("VBROADCASTSS scale+48(FP), %s", f.v(7))
			f.p("VBROADCASTSS most+52(FP), %s", f.v(8))
		},
		body: func() {
			f.p("VFMSUB213PS %s, %s, %s", f.v(8), f.v(7), f.v(0))
			f.exp()
			f.clearTail(0)
			f.p("VADDPS %s, %s, %s", f.v(0), f.v(6), f.v(6))
		},
		after: func() { f.fold("VADDPS", "ret+56(FP)") }})
}

// clearTail sets the elements of a register that are past the end to 0.
func (f *file) clearTail(reg int) {
	switch {
	case !f.inTail:
	case f.wide:
		f.p("VMOVAPS.Z %s, K1, %s", f.v(reg), f.v(reg))
	default:
		f.p("VANDPS Y15, %s, %s", f.v(reg), f.v(reg))
	}
}

// fold reduces register 6 and stores the result.
func (f *file) fold(op, ret string) {
	if f.wide {
		f.p("VEXTRACTF64X4 $1, Z6, Y1")
		f.p("%s Y1, Y6, Y6", op)
	}
	f.p("VEXTRACTF128 $1, Y6, X1")
	f.p("%s X1, X6, X6", op)
	f.p("VPERMILPS $0x4e, X6, X1")
	f.p("%s X1, X6, X6", op)
	f.p("VPERMILPS $0xb1, X6, X1")
	f.p("%s X1, X6, X6", op)
	f.p("VMOVSS X6, %s", ret)
}

// largest writes the maximum; register 7 or K2 collects where a NaN was.
func (f *file) largest(x []string) {
	f.write(run{name: "largest", signature: "(x []float32) float32", args: 28, in: x,
		before: func() {
			f.p("VBROADCASTSS %s, %s", f.bits(0xff800000), f.v(6))
			if f.wide {
				f.p("KXORW K2, K2, K2")
			} else {
				f.p("VXORPS Y7, Y7, Y7")
			}
		},
		body: func() {
			if f.wide {
				if f.inTail {
					f.p("VBROADCASTSS %s, Z1", f.bits(0xff800000))
					f.p("VMOVAPS Z0, K1, Z1")
					f.p("VMOVAPS Z1, Z0")
				}
				f.p("VCMPPS $3, Z0, Z0, K3")
				f.p("KORW K3, K2, K2")
			} else {
				if f.inTail {
					f.p("VBROADCASTSS %s, Y1", f.bits(0xff800000))
					f.p("VBLENDVPS Y15, Y0, Y1, Y0")
				}
				f.p("VCMPPS $3, Y0, Y0, Y1")
				f.p("VORPS Y1, Y7, Y7")
			}
			f.p("VMAXPS %s, %s, %s", f.v(0), f.v(6), f.v(6))
		},
		after: func() {
			nan, done := f.label("nan"), f.label("folded")
			if f.wide {
				f.p("KORTESTW K2, K2")
			} else {
				f.p("VTESTPS Y7, Y7")
			}
			f.p("JNE %s", nan)
			f.fold("VMAXPS", "ret+24(FP)")
			f.p("JMP %s", done)
			f.p("%s:", nan)
			f.p("MOVL $0x7fc00000, ret+24(FP)")
			f.p("%s:", done)
		}})
}

// stats writes Stats(sum, sq, shift, x, ld, rows): columns in groups of four vectors, then one by one, each over all rows.
//
//	DI SI DX sum, sq, shift    BX x    R8 bytes from row to row    R9 rows    CX columns left
func (f *file) stats() {
	f.fn("stats", "(sum, sq, shift, x []float32, ld, rows int)", 112)
	f.p("MOVQ sum_base+0(FP), DI")
	f.p("MOVQ sum_len+8(FP), CX")
	f.p("MOVQ sq_base+24(FP), SI")
	f.p("MOVQ shift_base+48(FP), DX")
	f.p("MOVQ x_base+72(FP), BX")
	f.p("MOVQ ld+96(FP), R8")
	f.p("SHLQ $2, R8")
	f.p("MOVQ rows+104(FP), R9")
	done := f.label("done")
	f.p("TESTQ R9, R9")
	f.p("JLE %s", done)
	for _, n := range []int{4, 1} {
		loop, next := f.label("cols"), f.label("next")
		f.p("%s:", loop)
		f.p("CMPQ CX, $%d", n*f.lanes)
		f.p("JLT %s", next)
		f.statColumns(n, false)
		for _, r := range []string{"DI", "SI", "DX", "BX"} {
			f.p("ADDQ $%d, %s", n*f.lanes*4, r)
		}
		f.p("SUBQ $%d, CX", n*f.lanes)
		f.p("JMP %s", loop)
		f.p("%s:", next)
	}
	f.p("TESTQ CX, CX")
	f.p("JEQ %s", done)
	f.tailMask()
	f.statColumns(1, true)
	f.p("%s:", done)
	f.ret()
}

// statColumns does n vectors of columns: sums in 1..4, squares in 5..8, shifts in 9..12, the element in 0.
func (f *file) statColumns(n int, masked bool) {
	load := func(base string, j, reg int) {
		if masked {
			f.tailLoad(base, reg)
			return
		}
		f.p("VMOVUPS %d(%s), %s", j*f.lanes*4, base, f.v(reg))
	}
	for j := range n {
		load("DI", j, 1+j)
		load("SI", j, 5+j)
		load("DX", j, 9+j)
	}
	f.p("MOVQ BX, R10")
	f.p("MOVQ R9, R11")
	rows := f.label("rows")
	f.p("%s:", rows)
	for j := range n {
		load("R10", j, 0)
		f.p("VSUBPS %s, %s, %s", f.v(9+j), f.v(0), f.v(0))
		f.p("VADDPS %s, %s, %s", f.v(0), f.v(1+j), f.v(1+j))
		f.p("VFMADD231PS %s, %s, %s", f.v(0), f.v(0), f.v(5+j))
	}
	f.p("ADDQ R8, R10")
	f.p("DECQ R11")
	f.p("JNE %s", rows)
	for j := range n {
		if masked {
			f.tailStore("DI", 1)
			f.tailStore("SI", 5)
			continue
		}
		f.p("VMOVUPS %s, %d(DI)", f.v(1+j), j*f.lanes*4)
		f.p("VMOVUPS %s, %d(SI)", f.v(5+j), j*f.lanes*4)
	}
}
