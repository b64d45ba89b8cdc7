package main

import "fmt"

// winograd writes the transforms of Winograd's F(4×4, 3×3) with the points 0, ±1, ±2 and infinity. Source: arXiv:1509.09308.
// Each handles n vectors of channels; the two passes of a transform meet in tmp.
func (f *file) winograd() {
	f.winoInput()
	f.winoOutput()
	f.winoWeights()
}

// lin writes dst = a + c*b.
func (f *file) lin(dst, a int, c float64, b int) {
	switch c {
	case 1:
		f.p("VADDPS %s, %s, %s", f.v(b), f.v(a), f.v(dst))
		return
	case -1:
		f.p("VSUBPS %s, %s, %s", f.v(b), f.v(a), f.v(dst))
		return
	}
	if dst != a {
		f.p("VMOVAPS %s, %s", f.v(a), f.v(dst))
	}
	f.opc("VFMADD231PS", c, f.v(b), f.v(dst))
}

// inputRow turns registers 0..5 into 6..11.
func (f *file) inputRow() {
	f.lin(6, 4, -5, 2)
	f.lin(6, 6, 4, 0)
	f.lin(12, 4, -4, 2)
	f.lin(13, 3, -4, 1)
	f.lin(7, 12, 1, 13)
	f.lin(8, 12, -1, 13)
	f.lin(12, 4, -1, 2)
	f.lin(13, 3, -1, 1)
	f.lin(9, 12, 2, 13)
	f.lin(10, 12, -2, 13)
	f.lin(11, 5, -5, 3)
	f.lin(11, 11, 4, 1)
}

// outputRow turns registers 0..5 into 6..9.
func (f *file) outputRow() {
	f.lin(10, 1, 1, 2)
	f.lin(11, 1, -1, 2)
	f.lin(12, 3, 1, 4)
	f.lin(13, 3, -1, 4)
	f.lin(6, 0, 1, 10)
	f.lin(6, 6, 1, 12)
	f.lin(7, 11, 2, 13)
	f.lin(8, 10, 4, 12)
	f.lin(9, 11, 8, 13)
	f.lin(9, 9, 1, 5)
}

// weightRow turns registers 0..2 into 6..11.
func (f *file) weightRow() {
	f.opc("VMULPS", 0.25, f.v(0), f.v(6))
	f.lin(12, 0, 1, 2)
	f.lin(7, 12, 1, 1)
	f.opc("VMULPS", -1.0/6, f.v(7), f.v(7))
	f.lin(8, 1, -1, 12)
	f.opc("VMULPS", 1.0/6, f.v(8), f.v(8))
	f.opc("VMULPS", 1.0/24, f.v(0), f.v(12))
	f.opc("VFMADD231PS", 1.0/6, f.v(2), f.v(12))
	f.lin(9, 12, 1.0/12, 1)
	f.lin(10, 12, -1.0/12, 1)
	f.p("VMOVAPS %s, %s", f.v(2), f.v(11))
}

func (f *file) load(n int, place func(i int) string) {
	for i := range n {
		f.p("VMOVUPS %s, %s", place(i), f.v(i))
	}
}

// tmp is entry i, j of the scratch, six entries a row.
func (f *file) tmp(i, j int) string { return fmt.Sprintf("%d(BX)", (i*6+j)*f.lanes*4) }

// storeSteps stores registers 6..6+n-1 from R12 on, R8 apart.
func (f *file) storeSteps(n int) {
	for i := range n {
		f.p("VMOVUPS %s, (R12)", f.v(6+i))
		f.p("ADDQ R8, R12")
	}
}

// winoInput transforms 6×6 pixels.
//
//	DI dst    SI src    R8 bytes between results    R9 R10 bytes from line to line and pixel to pixel    CX vectors left
func (f *file) winoInput() {
	f.fn("winoInput", "(dst, src *float32, dstStep, srcLine, srcPixel, n int, tmp *float32)", 56)
	f.p("MOVQ dst+0(FP), DI")
	f.p("MOVQ src+8(FP), SI")
	f.p("MOVQ dstStep+16(FP), R8")
	f.p("MOVQ srcLine+24(FP), R9")
	f.p("MOVQ srcPixel+32(FP), R10")
	f.p("MOVQ n+40(FP), CX")
	f.p("MOVQ tmp+48(FP), BX")
	f.p("LEAQ (R9)(R9*2), R11")
	f.p("LEAQ (R9)(R9*4), R13")
	loop := f.label("loop")
	f.p("%s:", loop)
	f.p("MOVQ SI, R12")
	for x := range 6 {
		f.load(6, func(i int) string {
			return [...]string{"(R12)", "(R12)(R9*1)", "(R12)(R9*2)", "(R12)(R11*1)", "(R12)(R9*4)", "(R12)(R13*1)"}[i]
		})
		f.inputRow()
		for i := range 6 {
			f.p("VMOVUPS %s, %s", f.v(6+i), f.tmp(i, x))
		}
		if x < 5 {
			f.p("ADDQ R10, R12")
		}
	}
	f.p("MOVQ DI, R12")
	for i := range 6 {
		f.load(6, func(j int) string { return f.tmp(i, j) })
		f.inputRow()
		f.storeSteps(6)
	}
	f.next(loop, "DI", "SI")
}

// next goes on to the next vector of channels.
func (f *file) next(loop string, pointers ...string) {
	for _, r := range pointers {
		f.p("ADDQ $%d, %s", 4*f.lanes, r)
	}
	f.p("DECQ CX")
	f.p("JNE %s", loop)
	f.ret()
}

// winoOutput gives 4×4 pixels and adds the bias.
//
//	DI dst    SI src    R8 R9 bytes from line to line and pixel to pixel    R10 bytes between sources    DX bias    CX vectors left
func (f *file) winoOutput() {
	f.fn("winoOutput", "(dst, src *float32, dstLine, dstPixel, srcStep, n int, bias, tmp *float32)", 64)
	f.p("MOVQ dst+0(FP), DI")
	f.p("MOVQ src+8(FP), SI")
	f.p("MOVQ dstLine+16(FP), R8")
	f.p("MOVQ dstPixel+24(FP), R9")
	f.p("MOVQ srcStep+32(FP), R10")
	f.p("MOVQ n+40(FP), CX")
	f.p("MOVQ bias+48(FP), DX")
	f.p("MOVQ tmp+56(FP), BX")
	f.p("LEAQ (R9)(R9*2), R13")
	f.p("LEAQ (R10)(R10*2), R11")
	f.p("SHLQ $1, R11") // from row to row of sources
	loop := f.label("loop")
	f.p("%s:", loop)
	f.p("MOVQ SI, AX")
	for j := range 6 {
		f.p("MOVQ AX, R12")
		for i := range 6 {
			f.p("VMOVUPS (R12), %s", f.v(i))
			if i < 5 {
				f.p("ADDQ R11, R12")
			}
		}
		f.outputRow()
		for i := range 4 {
			f.p("VMOVUPS %s, %s", f.v(6+i), f.tmp(i, j))
		}
		if j < 5 {
			f.p("ADDQ R10, AX")
		}
	}
	f.outputPixels()
	f.next(loop, "DI", "SI", "DX")
}

// outputPixels is the second pass: four pixels of each of four lines.
func (f *file) outputPixels() {
	f.p("MOVQ DI, R12")
	f.p("VMOVUPS (DX), %s", f.v(14))
	for i := range 4 {
		f.load(6, func(j int) string { return f.tmp(i, j) })
		f.outputRow()
		for j, to := range []string{"(R12)", "(R12)(R9*1)", "(R12)(R9*2)", "(R12)(R13*1)"} {
			f.p("VADDPS %s, %s, %s", f.v(14), f.v(6+j), f.v(6+j))
			f.p("VMOVUPS %s, %s", f.v(6+j), to)
		}
		if i < 3 {
			f.p("ADDQ R8, R12")
		}
	}
}

// winoWeights transforms 3×3 weights: nine rows of src an input channel, row bytes apart, n channels.
//
//	DI dst    SI src    R8 bytes between results    R9 bytes of a row, of src and of dst    CX channels left
func (f *file) winoWeights() {
	f.fn("winoWeights", "(dst, src *float32, dstStep, row, n int, tmp *float32)", 48)
	f.p("MOVQ dst+0(FP), DI")
	f.p("MOVQ src+8(FP), SI")
	f.p("MOVQ dstStep+16(FP), R8")
	f.p("MOVQ row+24(FP), R9")
	f.p("MOVQ n+32(FP), CX")
	f.p("MOVQ tmp+40(FP), BX")
	f.p("LEAQ (R9)(R9*2), R10")
	loop := f.label("loop")
	f.p("%s:", loop)
	for x := range 3 {
		f.p("VMOVUPS (SI), %s", f.v(0))
		f.p("VMOVUPS (SI)(R10*1), %s", f.v(1))
		f.p("VMOVUPS (SI)(R10*2), %s", f.v(2))
		f.weightRow()
		for i := range 6 {
			f.p("VMOVUPS %s, %s", f.v(6+i), f.tmp(i, x))
		}
		f.p("ADDQ R9, SI")
	}
	f.p("LEAQ (SI)(R10*2), SI")
	f.p("MOVQ DI, R12")
	for i := range 6 {
		f.load(3, func(j int) string { return f.tmp(i, j) })
		f.weightRow()
		f.storeSteps(6)
	}
	f.p("ADDQ R9, DI")
	f.next(loop)
}
