package main

import "fmt"

// Offsets of kern.Gemm's fields.
const (
	offA, offLDA, offB, offBStep, offK, offSegs, offNSeg = 0, 8, 16, 24, 32, 40, 48
	offC, offLDC, offD, offLDD, offBias, offCols         = 56, 64, 72, 80, 88, 96
)

// gemms writes the tiles of every number of rows, two vectors wide and one.
func (f *file) gemms() {
	for _, cols := range []int{2, 1} {
		for rows := 1; rows <= f.mr; rows++ {
			f.gemm(rows, cols)
		}
	}
}

// gemm writes one tile. Its sums are registers 0..rows*cols-1; behind them are a row of B and, in turns, two elements of A.
//
//	DI the Gemm    SI BX DX rows 0, 5 and 10 of A    R8 R9 once and three times the distance of rows
//	CX row of B    R10 R13 once and three times the distance of rows of B
//	AX steps left  R11 R12 segments and how many are left
func (f *file) gemm(rows, cols int) {
	f.fn(fmt.Sprintf("tile%dx%d", rows, cols*f.lanes), "(t *Gemm)", 8)
	f.p("MOVQ t+0(FP), DI")
	f.columnMasks(cols)
	f.start(rows, cols)
	seg, loop, tail, done := f.label("seg"), f.label("loop"), f.label("tail"), f.label("done")
	f.segment(rows, seg)
	f.p("MOVQ %d(DI), AX", offK)
	f.p("SUBQ $4, AX")
	f.p("JLT %s", tail)
	f.p("PCALIGN $16")
	f.p("%s:", loop)
	for u, b := range []string{"(CX)", "(CX)(R10*1)", "(CX)(R10*2)", "(CX)(R13*1)"} {
		f.multiply(rows, cols, b, 4*u)
	}
	f.p("LEAQ (CX)(R10*4), CX")
	f.advance(rows, 16)
	f.p("SUBQ $4, AX")
	f.p("JGE %s", loop)
	f.p("%s:", tail)
	f.p("ADDQ $4, AX")
	f.p("JEQ %s", done)
	one := f.label("one")
	f.p("%s:", one)
	f.multiply(rows, cols, "(CX)", 0)
	f.p("ADDQ R10, CX")
	f.advance(rows, 4)
	f.p("DECQ AX")
	f.p("JNE %s", one)
	f.p("%s:", done)
	f.p("ADDQ $16, R11")
	f.p("DECQ R12")
	f.p("JNE %s", seg)
	f.finish(rows, cols)
	f.ret()
}

// segment sets up the strides, and behind label seg the pointers of the next segment.
func (f *file) segment(rows int, seg string) {
	f.p("MOVQ %d(DI), R8", offLDA)
	f.p("LEAQ (R8)(R8*2), R9")
	f.p("MOVQ %d(DI), R10", offBStep)
	f.p("LEAQ (R10)(R10*2), R13")
	f.p("MOVQ %d(DI), R11", offSegs)
	f.p("MOVQ %d(DI), R12", offNSeg)
	f.p("%s:", seg)
	f.p("MOVQ %d(DI), SI", offA)
	f.p("ADDQ 0(R11), SI")
	f.p("MOVQ %d(DI), CX", offB)
	f.p("ADDQ 8(R11), CX")
	if rows > 5 {
		f.p("LEAQ (SI)(R8*4), BX")
		f.p("ADDQ R8, BX")
	}
	if rows > 10 {
		f.p("LEAQ (BX)(R8*4), DX")
		f.p("ADDQ R8, DX")
	}
}

// multiply adds one step of every row.
func (f *file) multiply(rows, cols int, b string, disp int) {
	first := rows * cols
	for j := range cols {
		f.p("VMOVUPS %s, %s", at(b, j*f.lanes*4), f.v(first+j))
	}
	for i := range rows {
		a := f.v(first + cols + i%2)
		f.p("VBROADCASTSS %s, %s", at(rowAddress(i), disp), a)
		for j := range cols {
			f.p("VFMADD231PS %s, %s, %s", f.v(first+j), a, f.v(i*cols+j))
		}
	}
}

func at(address string, disp int) string {
	if disp == 0 {
		return address
	}
	return fmt.Sprint(disp, address)
}

// rowAddress reaches each row from one of three bases by what an address can multiply.
func rowAddress(i int) string {
	return [...]string{
		"(SI)", "(SI)(R8*1)", "(SI)(R8*2)", "(SI)(R9*1)", "(SI)(R8*4)", "(BX)", "(SI)(R9*2)", "(BX)(R8*2)",
		"(SI)(R8*8)", "(BX)(R8*4)", "(DX)", "(DX)(R8*1)", "(SI)(R9*4)", "(DX)(R9*1)",
	}[i]
}

func (f *file) advance(rows, bytes int) {
	f.p("ADDQ $%d, SI", bytes)
	if rows > 5 {
		f.p("ADDQ $%d, BX", bytes)
	}
	if rows > 10 {
		f.p("ADDQ $%d, DX", bytes)
	}
}

// columnMasks prepares what keeps loads and stores inside the tile's columns: K1 and K2, or in AVX2 R12, a place in a
// table of masks.
func (f *file) columnMasks(cols int) {
	f.p("MOVQ %d(DI), CX", offCols)
	if f.wide {
		f.p("MOVQ $-1, AX")
		f.p("BZHIQ CX, AX, AX")
		f.p("KMOVW AX, K1")
		f.p("SHRQ $16, AX")
		f.p("KMOVW AX, K2")
		return
	}
	f.p("LEAQ ·columns(SB), R12") // 16 ones before 16 zeros
	f.p("MOVQ $16, AX")
	f.p("SUBQ CX, AX")
	f.p("LEAQ (R12)(AX*4), R12")
}

// start sets the sums to D and Bias, or 0.
func (f *file) start(rows, cols int) {
	noD, bias, begun := f.label("noD"), f.label("bias"), f.label("begun")
	f.p("MOVQ %d(DI), R11", offD)
	f.p("TESTQ R11, R11")
	f.p("JEQ %s", noD)
	f.p("MOVQ %d(DI), R8", offLDD)
	f.loadMasks(rows, cols)
	for i := range rows {
		for j := range cols {
			f.maskedLoad("R11", j, rows*cols, f.v(i*cols+j))
		}
		if i+1 < rows {
			f.p("ADDQ R8, R11")
		}
	}
	f.p("JMP %s", bias)
	f.p("%s:", noD)
	for i := range rows * cols {
		f.p("VXORPS %s, %s, %s", f.x(i), f.x(i), f.x(i))
	}
	f.p("%s:", bias)
	f.p("MOVQ %d(DI), R11", offBias)
	f.p("TESTQ R11, R11")
	f.p("JEQ %s", begun)
	f.loadMasks(rows, cols)
	first := rows * cols
	for j := range cols {
		if f.wide {
			f.maskedLoad("R11", j, 0, f.v(first+j))
		} else { // into the mask's own register
			f.p("VMASKMOVPS %d(R11), %s, %s", j*f.lanes*4, f.v(first+j), f.v(first+j))
		}
	}
	for i := range rows {
		for j := range cols {
			f.p("VADDPS %s, %s, %s", f.v(first+j), f.v(i*cols+j), f.v(i*cols+j))
		}
	}
	f.p("%s:", begun)
}

// x names the form of register n that zeroes all of it most cheaply.
func (f *file) x(n int) string {
	if n < 16 {
		return fmt.Sprint("X", n)
	}
	return f.v(n)
}

// loadMasks puts AVX2's masks of the columns into the registers behind the sums.
func (f *file) loadMasks(rows, cols int) {
	if f.wide {
		return
	}
	for j := range cols {
		f.p("VMOVUPS %d(R12), %s", j*32, f.v(rows*cols+j))
	}
}

func (f *file) maskedLoad(base string, j, masks int, dst string) {
	if f.wide {
		f.p("VMOVUPS.Z %d(%s), K%d, %s", j*64, base, j+1, dst)
		return
	}
	f.p("VMASKMOVPS %d(%s), %s, %s", j*32, base, f.v(masks+j), dst)
}

// finish stores the sums.
func (f *file) finish(rows, cols int) {
	f.p("MOVQ %d(DI), R11", offC)
	f.p("MOVQ %d(DI), R8", offLDC)
	if f.wide {
		f.storeRows(rows, cols, func(i, j int) {
			f.p("VMOVUPS %s, K%d, %d(R11)", f.v(i*cols+j), j+1, j*64)
		})
		return
	}
	masked, done := f.label("masked"), f.label("stored")
	f.p("CMPQ %d(DI), $%d", offCols, cols*f.lanes)
	f.p("JNE %s", masked)
	f.storeRows(rows, cols, func(i, j int) { f.p("VMOVUPS %s, %d(R11)", f.v(i*cols+j), j*32) })
	f.p("JMP %s", done)
	f.p("%s:", masked)
	f.columnMasks(cols)
	f.loadMasks(rows, cols)
	f.storeRows(rows, cols, func(i, j int) {
		f.p("VMASKMOVPS %s, %s, %d(R11)", f.v(i*cols+j), f.v(rows*cols+j), j*32)
	})
	f.p("%s:", done)
}

func (f *file) storeRows(rows, cols int, store func(i, j int)) {
	for i := range rows {
		for j := range cols {
			store(i, j)
		}
		if i+1 < rows {
			f.p("ADDQ R8, R11")
		}
	}
}

// peak writes a loop of nothing but multiply-adds on every sum of the largest tile: what the processor can do at most.
func (f *file) peak() {
	f.fn("peak", "(n int)", 8)
	f.p("MOVQ n+0(FP), CX")
	n := f.mr * 2
	for i := range n + 2 {
		f.p("VXORPS %s, %s, %s", f.x(i), f.x(i), f.x(i))
	}
	loop := f.label("loop")
	f.p("%s:", loop)
	for i := range n {
		f.p("VFMADD231PS %s, %s, %s", f.v(n), f.v(n+1), f.v(i))
	}
	f.p("DECQ CX")
	f.p("JNE %s", loop)
	f.ret()
}
