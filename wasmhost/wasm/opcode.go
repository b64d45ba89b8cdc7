package wasm

// Op is an instruction: its byte, or 0xfc00 or 0xfd00 plus its number behind that prefix.
type Op uint16

const (
	prefixMisc = 0xfc
	prefixSIMD = 0xfd
)

// The instructions that need more than their signature.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opReturnCall   = 0x12
	opReturnCallI  = 0x13
	opDrop         = 0x1a
	opSelect       = 0x1b
	opSelectT      = 0x1c
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opLoadFirst    = 0x28
	opStoreLast    = 0x3e
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Add       = 0x6a
	opI32Sub       = 0x6b
	opI32Mul       = 0x6c
	opI64Add       = 0x7c
	opI64Sub       = 0x7d
	opI64Mul       = 0x7e
	opRefNull      = 0xd0
	opRefIsNull    = 0xd1
	opRefFunc      = 0xd2

	opMemoryInit = 0xfc00 + 8
	opDataDrop   = 0xfc00 + 9
	opMemoryCopy = 0xfc00 + 10
	opMemoryFill = 0xfc00 + 11
	opTableInit  = 0xfc00 + 12
	opElemDrop   = 0xfc00 + 13
	opTableCopy  = 0xfc00 + 14
	opTableGrow  = 0xfc00 + 15
	opTableSize  = 0xfc00 + 16
	opTableFill  = 0xfc00 + 17

	simdConst   = 12
	simdShuffle = 13
)

// The instructions that the meter changes.
const (
	Unreachable        Op = opUnreachable
	Block              Op = opBlock
	Loop               Op = opLoop
	If                 Op = opIf
	Else               Op = opElse
	End                Op = opEnd
	Br                 Op = opBr
	BrIf               Op = opBrIf
	BrTable            Op = opBrTable
	Return             Op = opReturn
	Call               Op = opCall
	CallIndirect       Op = opCallIndirect
	ReturnCall         Op = opReturnCall
	ReturnCallIndirect Op = opReturnCallI
	TableSet           Op = opTableSet
	MemoryGrow         Op = opMemoryGrow
	RefFunc            Op = opRefFunc
	MemoryInit         Op = opMemoryInit
	DataDrop           Op = opDataDrop
	MemoryCopy         Op = opMemoryCopy
	MemoryFill         Op = opMemoryFill
	TableInit          Op = opTableInit
	ElemDrop           Op = opElemDrop
	TableCopy          Op = opTableCopy
	TableGrow          Op = opTableGrow
	TableFill          Op = opTableFill
)

// imm says what stands behind an instruction's number.
type imm uint8

const (
	immNone     imm = iota
	immMem          // alignment and offset
	immMemLane      // and a lane
	immLane         // a lane below info.lanes
	immBytes16      // 16 bytes
	immShuffle      // 16 lanes below 32
	immSpecial      // the decoder knows
	immZeroByte     // memory.size, memory.grow
)

// info is what is known of a simple instruction.
type info struct {
	sig   string // parameters:results, a letter each: i l f d v
	imm   imm
	align uint8 // most, as a power of two
	lanes uint8
}

type opTable struct {
	plain [256]info
	misc  [18]info
	simd  [256]info
}

// ops is filled once; it never changes.
var ops = buildOps()

func buildOps() *opTable {
	t := &opTable{}
	for _, r := range []struct {
		from, to int
		sig      string
	}{
		{0x45, 0x45, "i:i"}, {0x46, 0x4f, "ii:i"}, {0x50, 0x50, "l:i"}, {0x51, 0x5a, "ll:i"}, {0x5b, 0x60, "ff:i"}, {0x61, 0x66, "dd:i"},
		{0x67, 0x69, "i:i"}, {0x6a, 0x78, "ii:i"}, {0x79, 0x7b, "l:l"}, {0x7c, 0x8a, "ll:l"}, {0x8b, 0x91, "f:f"}, {0x92, 0x98, "ff:f"},
		{0x99, 0x9f, "d:d"}, {0xa0, 0xa6, "dd:d"}, {0xa7, 0xa7, "l:i"}, {0xa8, 0xa9, "f:i"}, {0xaa, 0xab, "d:i"}, {0xac, 0xad, "i:l"},
		{0xae, 0xaf, "f:l"}, {0xb0, 0xb1, "d:l"}, {0xb2, 0xb3, "i:f"}, {0xb4, 0xb5, "l:f"}, {0xb6, 0xb6, "d:f"}, {0xb7, 0xb8, "i:d"},
		{0xb9, 0xba, "l:d"}, {0xbb, 0xbb, "f:d"}, {0xbc, 0xbc, "f:i"}, {0xbd, 0xbd, "d:l"}, {0xbe, 0xbe, "i:f"}, {0xbf, 0xbf, "l:d"},
		{0xc0, 0xc1, "i:i"}, {0xc2, 0xc4, "l:l"}, {opNop, opNop, ":"},
	} {
		for i := r.from; i <= r.to; i++ {
			t.plain[i] = info{sig: r.sig}
		}
	}
	for i, m := range []struct {
		sig   string
		align uint8
	}{
		{"i:i", 2}, {"i:l", 3}, {"i:f", 2}, {"i:d", 3}, {"i:i", 0}, {"i:i", 0}, {"i:i", 1}, {"i:i", 1}, {"i:l", 0}, {"i:l", 0}, {"i:l", 1},
		{"i:l", 1}, {"i:l", 2}, {"i:l", 2}, {"ii:", 2}, {"il:", 3}, {"if:", 2}, {"id:", 3}, {"ii:", 0}, {"ii:", 1}, {"il:", 0}, {"il:", 1}, {"il:", 2},
	} {
		t.plain[opLoadFirst+i] = info{sig: m.sig, imm: immMem, align: m.align}
	}
	t.plain[opMemorySize] = info{sig: ":i", imm: immZeroByte}
	t.plain[opMemoryGrow] = info{sig: "i:i", imm: immZeroByte}
	for i, sig := range []string{"f:i", "f:i", "d:i", "d:i", "f:l", "f:l", "d:l", "d:l"} {
		t.misc[i] = info{sig: sig}
	}
	t.buildSIMD()
	return t
}

func (t *opTable) buildSIMD() {
	for _, r := range []struct {
		from, to int
		sig      string
	}{
		{14, 14, "vv:v"}, {15, 17, "i:v"}, {18, 18, "l:v"}, {19, 19, "f:v"}, {20, 20, "d:v"}, {35, 76, "vv:v"}, {77, 77, "v:v"}, {78, 81, "vv:v"},
		{82, 82, "vvv:v"}, {83, 83, "v:i"}, {94, 98, "v:v"}, {99, 100, "v:i"}, {101, 102, "vv:v"}, {103, 106, "v:v"}, {107, 109, "vi:v"},
		{110, 115, "vv:v"}, {116, 117, "v:v"}, {118, 121, "vv:v"}, {122, 122, "v:v"}, {123, 123, "vv:v"}, {124, 129, "v:v"}, {130, 130, "vv:v"},
		{131, 132, "v:i"}, {133, 134, "vv:v"}, {135, 138, "v:v"}, {139, 141, "vi:v"}, {142, 147, "vv:v"}, {148, 148, "v:v"}, {149, 153, "vv:v"},
		{155, 159, "vv:v"}, {160, 161, "v:v"}, {163, 164, "v:i"}, {167, 170, "v:v"}, {171, 173, "vi:v"}, {174, 174, "vv:v"}, {177, 177, "vv:v"},
		{181, 186, "vv:v"}, {188, 191, "vv:v"}, {192, 193, "v:v"}, {195, 196, "v:i"}, {199, 202, "v:v"}, {203, 205, "vi:v"}, {206, 206, "vv:v"},
		{209, 209, "vv:v"}, {213, 223, "vv:v"}, {224, 225, "v:v"}, {227, 227, "v:v"}, {228, 235, "vv:v"}, {236, 237, "v:v"}, {239, 239, "v:v"},
		{240, 247, "vv:v"}, {248, 255, "v:v"},
	} {
		for i := r.from; i <= r.to; i++ {
			t.simd[i] = info{sig: r.sig}
		}
	}
	for i, align := range []uint8{4, 3, 3, 3, 3, 3, 3, 0, 1, 2, 3} {
		t.simd[i] = info{sig: "i:v", imm: immMem, align: align}
	}
	t.simd[11] = info{sig: "iv:", imm: immMem, align: 4}
	t.simd[simdConst] = info{sig: ":v", imm: immBytes16}
	t.simd[simdShuffle] = info{sig: "vv:v", imm: immShuffle}
	for i, l := range []struct {
		sig   string
		lanes uint8
	}{
		{"v:i", 16}, {"v:i", 16}, {"vi:v", 16}, {"v:i", 8}, {"v:i", 8}, {"vi:v", 8}, {"v:i", 4}, {"vi:v", 4}, {"v:l", 2}, {"vl:v", 2},
		{"v:f", 4}, {"vf:v", 4}, {"v:d", 2}, {"vd:v", 2},
	} {
		t.simd[21+i] = info{sig: l.sig, imm: immLane, lanes: l.lanes}
	}
	for i := range 4 {
		t.simd[84+i] = info{sig: "iv:v", imm: immMemLane, align: uint8(i), lanes: 16 >> i}
		t.simd[88+i] = info{sig: "iv:", imm: immMemLane, align: uint8(i), lanes: 16 >> i}
	}
	t.simd[92] = info{sig: "i:v", imm: immMem, align: 2}
	t.simd[93] = info{sig: "i:v", imm: immMem, align: 3}
}

func (o Op) info() info {
	switch o >> 8 {
	case 0:
		return ops.plain[o]
	case prefixMisc:
		if n := int(o & 0xff); n < len(ops.misc) {
			return ops.misc[n]
		}
		return info{}
	}
	return ops.simd[o&0xff]
}

func letterType(c byte) ValType {
	switch c {
	case 'i':
		return I32
	case 'l':
		return I64
	case 'f':
		return F32
	case 'd':
		return F64
	}
	return V128
}
