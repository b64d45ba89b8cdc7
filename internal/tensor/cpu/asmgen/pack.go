package main

// packed is a dtype that panels are packed from.
type packed struct {
	name, src string // of the Go function and its parameter
	shift     int    // log2 of bytes an element
	load      string // of a vector under a mask
}

// packTs writes the packing of each dtype; the narrow ones need loads under a mask that convert.
func (f *file) packTs() {
	f.packT(packed{"packT", "dst, src []float32", 2, "VMOVUPS.Z"})
	if f.wide {
		f.packT(packed{"packT16", "dst []float32, src []byte", 1, "VCVTPH2PS.Z"})
		f.packT(packed{"packTB16", "dst []float32, src []byte", 1, "VPMOVZXWD.Z"})
	}
}

// packT writes PackT(dst, src, srcLD, n, k int): the transpose, a square of lanes × lanes at a time.
//
//	DI dst    SI src    R8 bytes from row to row    R9 rows left for this half    R10 k
//	R11 half  CX column of src    R12 where in dst    R13 steps left
func (f *file) packT(from packed) {
	f.fn(from.name, "("+from.src+", srcLD, n, k int)", 72)
	f.p("MOVQ dst_base+0(FP), DI")
	f.p("MOVQ src_base+24(FP), SI")
	f.p("MOVQ srcLD+48(FP), R8")
	f.p("SHLQ $%d, R8", from.shift)
	f.p("MOVQ n+56(FP), R9")
	f.p("MOVQ k+64(FP), R10")
	f.p("MOVQ $2, R11")
	half, square, next, end := f.label("half"), f.label("square"), f.label("next"), f.label("end")
	f.p("%s:", half)
	f.p("MOVQ SI, CX")
	f.p("MOVQ DI, R12")
	f.p("MOVQ R10, R13")
	f.p("%s:", square)
	f.p("TESTQ R13, R13")
	f.p("JLE %s", next)
	f.loadSquare(from)
	out := f.transpose()
	for i := range f.lanes {
		f.p("VMOVUPS %s, %d(R12)", f.v(out[i]), i*2*f.lanes*4)
		if i+1 < f.lanes {
			f.p("CMPQ R13, $%d", i+1)
			f.p("JLE %s", next)
		}
	}
	f.p("ADDQ $%d, CX", f.lanes<<from.shift)
	f.p("ADDQ $%d, R12", f.lanes*2*f.lanes*4)
	f.p("SUBQ $%d, R13", f.lanes)
	f.p("JMP %s", square)
	f.p("%s:", next)
	f.p("DECQ R11")
	f.p("JEQ %s", end)
	f.p("ADDQ $%d, DI", f.lanes*4)
	f.p("SUBQ $%d, R9", f.lanes)
	f.p("MOVQ R8, AX")
	f.p("SHLQ $%d, AX", log2(f.lanes))
	f.p("ADDQ AX, SI")
	f.p("JMP %s", half)
	f.p("%s:", end)
	f.ret()
}

func log2(n int) int {
	k := 0
	for 1<<k < n {
		k++
	}
	return k
}

// loadSquare loads lanes rows from CX, as 0 where rows or steps are over.
func (f *file) loadSquare(from packed) {
	f.p("MOVQ CX, DX")
	if f.wide {
		f.p("MOVQ $-1, AX")
		f.p("MOVQ $16, BX")
		f.p("CMPQ R13, BX")
		f.p("CMOVQLT R13, BX")
		f.p("BZHIQ BX, AX, BX") // BX: a bit for each step
		f.p("KMOVW BX, K1")
		for i := range f.lanes {
			zero, done := f.label("zero"), f.label("row")
			f.p("CMPQ R9, $%d", i)
			f.p("JLE %s", zero)
			f.p("PREFETCHT0 256(DX)") // more streams than the processor follows by itself
			f.p("%s (DX), K1, %s", from.load, f.v(i))
			if from.load == "VPMOVZXWD.Z" {
				f.p("VPSLLD $16, %s, %s", f.v(i), f.v(i))
			}
			f.p("ADDQ R8, DX")
			f.p("JMP %s", done)
			f.p("%s:", zero)
			f.p("VPXORD %s, %s, %s", f.v(i), f.v(i), f.v(i))
			f.p("%s:", done)
		}
		return
	}
	f.p("LEAQ ·columns(SB), BX")
	f.p("MOVQ $8, AX")
	f.p("CMPQ R13, AX")
	f.p("CMOVQLT R13, AX")
	f.p("NEGQ AX")
	f.p("VMOVUPS 64(BX)(AX*4), Y15")
	for i := range f.lanes {
		zero, done := f.label("zero"), f.label("row")
		f.p("CMPQ R9, $%d", i)
		f.p("JLE %s", zero)
		f.p("VMASKMOVPS (DX), Y15, %s", f.v(i))
		f.p("ADDQ R8, DX")
		f.p("JMP %s", done)
		f.p("%s:", zero)
		f.p("VXORPS %s, %s, %s", f.v(i), f.v(i), f.v(i))
		f.p("%s:", done)
	}
}

// transpose turns registers 0..lanes-1 as a square and says which register then holds each row.
func (f *file) transpose() []int {
	if f.wide {
		return f.transpose16()
	}
	// 8×8: pairs, then fours, then halves. Rows 0..7 in Y0..Y7, the other stage in Y8..Y15.
	for i := 0; i < 8; i += 2 {
		f.p("VUNPCKLPS Y%d, Y%d, Y%d", i+1, i, 8+i)
		f.p("VUNPCKHPS Y%d, Y%d, Y%d", i+1, i, 9+i)
	}
	for i := 0; i < 8; i += 4 { // fours: columns 0,1,2,3 (and 4..7 in the upper half) of rows i..i+3
		f.p("VUNPCKLPD Y%d, Y%d, Y%d", 10+i, 8+i, i)
		f.p("VUNPCKHPD Y%d, Y%d, Y%d", 10+i, 8+i, i+1)
		f.p("VUNPCKLPD Y%d, Y%d, Y%d", 11+i, 9+i, i+2)
		f.p("VUNPCKHPD Y%d, Y%d, Y%d", 11+i, 9+i, i+3)
	}
	out := make([]int, 8)
	for i := range 4 {
		f.p("VPERM2F128 $0x20, Y%d, Y%d, Y%d", i+4, i, 8+i)
		f.p("VPERM2F128 $0x31, Y%d, Y%d, Y%d", i+4, i, 12+i)
		out[i], out[i+4] = 8+i, 12+i
	}
	return out
}

// transpose16 is the same for 16 rows of 16: pairs, fours, then quarters in two steps.
func (f *file) transpose16() []int {
	for i := 0; i < 16; i += 2 {
		f.p("VUNPCKLPS Z%d, Z%d, Z%d", i+1, i, 16+i)
		f.p("VUNPCKHPS Z%d, Z%d, Z%d", i+1, i, 17+i)
	}
	for i := 0; i < 16; i += 4 { // Z(i+c): column c of rows i..i+3, in each quarter its own four columns
		f.p("VUNPCKLPD Z%d, Z%d, Z%d", 18+i, 16+i, i)
		f.p("VUNPCKHPD Z%d, Z%d, Z%d", 18+i, 16+i, i+1)
		f.p("VUNPCKLPD Z%d, Z%d, Z%d", 19+i, 17+i, i+2)
		f.p("VUNPCKHPD Z%d, Z%d, Z%d", 19+i, 17+i, i+3)
	}
	// Rows 0-7: Z16+c holds quarters 0 and 2 of (rows 0-3, rows 4-7), Z20+c quarters 1 and 3; rows 8-15 in Z24+c, Z28+c.
	for c := range 4 {
		f.p("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 4+c, c, 16+c)
		f.p("VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", 4+c, c, 20+c)
		f.p("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 12+c, 8+c, 24+c)
		f.p("VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", 12+c, 8+c, 28+c)
	}
	out := make([]int, 16)
	for c := range 4 {
		f.p("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 24+c, 16+c, c)
		f.p("VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", 24+c, 16+c, 8+c)
		f.p("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 28+c, 20+c, 4+c)
		f.p("VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", 28+c, 20+c, 12+c)
		out[c], out[8+c], out[4+c], out[12+c] = c, 8+c, 4+c, 12+c
	}
	return out
}

// widen writes the conversions of halves, bfloat16s and both eight-bit floats. They do whole vectors; len(dst) must be a
// multiple of the lanes.
func (f *file) widen() {
	half := map[bool]string{true: "Y", false: "X"}[f.wide]
	for _, w := range []struct {
		name  string
		bytes int
		body  func()
	}{
		{"widen16", 2, func() {
			f.p("VMOVDQU (SI), %s0", half)
			f.p("VCVTPH2PS %s0, %s1", half, f.reg)
		}},
		{"widenB16", 2, func() {
			f.p("VPMOVZXWD (SI), %s0", f.reg)
			f.p("VPSLLD $16, %s0, %s1", f.reg, f.reg)
		}},
		{"widenE5M2", 1, func() {
			f.p("VPMOVZXBW (SI), %s0", half)
			f.p("VPSLLW $8, %s0, %s0", half, half)
			f.p("VCVTPH2PS %s0, %s1", half, f.reg)
		}},
		{"widenE4M3", 1, func() { f.widenE4M3(half) }},
	} {
		f.fn(w.name, "(dst []float32, src []byte)", 48)
		f.p("MOVQ dst_base+0(FP), DI")
		f.p("MOVQ dst_len+8(FP), CX")
		f.p("MOVQ src_base+24(FP), SI")
		loop, done := f.label("loop"), f.label("done")
		f.p("%s:", loop)
		f.p("SUBQ $%d, CX", f.lanes)
		f.p("JLT %s", done)
		w.body()
		f.p("VMOVUPS %s1, (DI)", f.reg)
		f.p("ADDQ $%d, SI", w.bytes*f.lanes)
		f.p("ADDQ $%d, DI", 4*f.lanes)
		f.p("JMP %s", loop)
		f.p("%s:", done)
		f.ret()
	}
}

// widenE4M3 puts the bits where a half has them, converts, and scales by the difference of the biases; what then is ±480
// was NaN.
func (f *file) widenE4M3(half string) {
	f.p("VPMOVZXBW (SI), %s0", half)
	f.p("VPSLLW $8, %s0, %s0", half, half)
	f.p("VPSRAW $1, %s0, %s0", half, half)
	f.p("VPBROADCASTW %s, %s2", f.bits(0xbfffbfff), half)
	if f.wide {
		f.p("VPANDD %s2, %s0, %s0", half, half, half)
	} else {
		f.p("VPAND %s2, %s0, %s0", half, half, half)
	}
	f.p("VCVTPH2PS %s0, %s1", half, f.reg)
	f.opc("VMULPS", 256, f.v(1), f.v(1))
	if f.wide {
		f.p("VPANDD.BCST %s, Z1, Z2", f.bits(0x7fffffff))
		f.p("VCMPPS.BCST $0, %s, Z2, K2", f.c(480))
		f.p("VBROADCASTSS %s, K2, Z1", f.bits(0x7fc00000))
		return
	}
	f.p("VPAND %s, Y1, Y2", f.bits(0x7fffffff))
	f.p("VCMPPS $0, %s, Y2, Y2", f.c(480))
	f.p("VBROADCASTSS %s, Y3", f.bits(0x7fc00000))
	f.p("VBLENDVPS Y2, Y3, Y1, Y1")
}
