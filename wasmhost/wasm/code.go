package wasm

// Instr is one decoded instruction.
type Instr struct {
	Op         Op
	Start, End int    // of its bytes in the body's code
	A, B       uint32 // index immediates: label, function, local, global, type and table, segment and table
	Block      int64  // block type: -64 empty, other negatives a value type, else a type's index
	Type       ValType
	Targets    []uint32 // of br_table, the default last; valid until the next call of Next
}

// emptyBlock is the block type without values.
const emptyBlock = -64

// Code decodes a body's instructions one by one.
type Code struct {
	all     []byte
	r       reader
	targets []uint32
}

// Open starts at the beginning of a body.
func (c *Code) Open(b Body) {
	c.all = b.Code
	c.r = reader{b: b.Code, at: b.Offset}
}

// More reports whether instructions are left.
func (c *Code) More() bool { return len(c.r.b) > 0 }

// Next decodes the next instruction into in.
func (c *Code) Next(in *Instr) error {
	r := &c.r
	in.Start = len(c.all) - len(r.b)
	op := Op(r.byte())
	if op == prefixMisc || op == prefixSIMD {
		n := r.u32()
		if n > 0xff {
			r.fail("instruction %#x %d is not supported", op, n)
			return r.err
		}
		op = op<<8 | Op(n)
	}
	in.Op = op
	i := op.info()
	switch {
	case i.sig == "":
		c.special(in)
	case i.imm != immNone:
		c.immediate(in, i)
	}
	in.End = len(c.all) - len(r.b)
	return r.err
}

func (c *Code) immediate(in *Instr, i info) {
	r := &c.r
	switch i.imm {
	case immMem, immMemLane:
		if align := r.u32(); r.err == nil && align > uint32(i.align) {
			r.fail("alignment 2^%d is over the natural one", align)
		}
		in.A = r.u32()
		if i.imm == immMemLane {
			c.lane(i.lanes)
		}
	case immLane:
		c.lane(i.lanes)
	case immBytes16:
		r.take(16)
	case immShuffle:
		for range 16 {
			c.lane(32)
		}
	case immZeroByte:
		if b := r.byte(); r.err == nil && b != 0 {
			r.fail("memory %d", b)
		}
	}
}

func (c *Code) lane(lanes uint8) {
	if l := c.r.byte(); c.r.err == nil && l >= lanes {
		c.r.fail("lane %d of %d", l, lanes)
	}
}

func (c *Code) special(in *Instr) {
	r := &c.r
	switch in.Op {
	case opUnreachable, opElse, opEnd, opReturn, opDrop, opSelect, opRefIsNull:
	case opBlock, opLoop, opIf:
		in.Block = c.blockType()
	case opBr, opBrIf, opCall, opReturnCall, opLocalGet, opLocalSet, opLocalTee, opGlobalGet, opGlobalSet, opTableGet, opTableSet,
		opRefFunc, opDataDrop, opElemDrop, opTableGrow, opTableSize, opTableFill:
		in.A = r.u32()
	case opCallIndirect, opReturnCallI, opTableInit, opTableCopy:
		in.A, in.B = r.u32(), r.u32()
	case opBrTable:
		c.brTable(in)
	case opSelectT:
		if n := r.u32(); r.err == nil && n != 1 {
			r.fail("select of %d types", n)
		}
		in.Type = r.valType()
	case opI32Const:
		r.signed(32)
	case opI64Const:
		r.signed(64)
	case opF32Const:
		r.take(4)
	case opF64Const:
		r.take(8)
	case opRefNull:
		in.Type = r.refType()
	case opMemoryInit:
		in.A = r.u32()
		c.zero()
	case opMemoryCopy:
		c.zero()
		c.zero()
	case opMemoryFill:
		c.zero()
	default:
		r.fail("instruction %#x is not supported", uint16(in.Op))
	}
}

func (c *Code) zero() {
	if b := c.r.byte(); c.r.err == nil && b != 0 {
		c.r.fail("memory %d", b)
	}
}

func (c *Code) blockType() int64 {
	r := &c.r
	t := r.signed(33)
	if r.err == nil && t < 0 && t != emptyBlock && !ValType(t&0x7f).known() {
		r.fail("unknown block type %d", t)
	}
	return t
}

func (c *Code) brTable(in *Instr) {
	n := c.r.u32()
	if uint64(n) >= uint64(len(c.r.b)) {
		c.r.fail("br_table of %d targets in %d bytes", n, len(c.r.b))
		return
	}
	c.targets = c.targets[:0]
	for range n + 1 {
		c.targets = append(c.targets, c.r.u32())
	}
	in.Targets = c.targets
}
