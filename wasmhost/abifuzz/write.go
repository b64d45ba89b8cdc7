package abifuzz

import (
	"encoding/binary"
	"math"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// writer writes the guest. Its globals are pc, where the next letter of the program is, and end, where it ends.
type writer struct {
	m             *asm.Module
	imports       []uint32
	pc, end       uint32
	next, four    uint32 // functions
	argI, argL    uint32
	argD, program uint32
}

func (w *writer) data() {
	le := binary.LittleEndian
	put := func(at int32, n int, add func(b []byte, i int) []byte) {
		var b []byte
		for i := range 64 {
			b = add(b, i%n)
		}
		w.m.Data(at, b)
	}
	is, ls, fs := ints(), longs(), floats()
	put(intsAt, len(is), func(b []byte, i int) []byte { return le.AppendUint32(b, is[i]) })
	put(longsAt, len(ls), func(b []byte, i int) []byte { return le.AppendUint64(b, ls[i]) })
	put(floatsAt, len(fs), func(b []byte, i int) []byte { return le.AppendUint64(b, math.Float64bits(fs[i])) })
	for _, m := range messages() {
		w.m.Data(int32(m.at), m.b)
	}
}

func get(local uint32) []byte  { return asm.I(0x20, local) }
func set(local uint32) []byte  { return asm.I(0x21, local) }
func call(f uint32) []byte     { return asm.I(0x10, f) }
func global(g uint32) []byte   { return asm.I(0x23, g) }
func op(b ...byte) []byte      { return b }
func when(c ...[]byte) []byte  { return asm.Code(op(0x04, 0x40), asm.Code(c...), op(0x0b)) }
func while(c ...[]byte) []byte { return asm.Code(op(0x03, 0x40), asm.Code(c...), op(0x0b)) }

var (
	add, sub, mul, and, eq = op(0x6a), op(0x6b), op(0x6c), op(0x71), op(0x46)
	below, eqz, drop       = op(0x49), op(0x45), op(0x1a)
	load32, load64         = op(0x28, 0, 0), op(0x29, 0, 0)
	loadF                  = op(0x2b, 0, 0)
	store8, store64        = op(0x3a, 0, 0), op(0x37, 0, 0)
	wrap, extend           = op(0xa7), op(0xac)
)

// at is the address of entry index (an i32 on the stack, masked) of a table.
func at(mask, size, base int32) []byte {
	return asm.Code(asm.I32(mask), and, asm.I32(size), mul, asm.I32(base), add)
}

func (w *writer) functions() {
	w.pc, w.end = w.m.Global('i', true, asm.I32(0)), w.m.Global('i', true, asm.I32(0))
	nibble := func(off byte) []byte { return asm.Code(global(w.pc), op(0x2d, 0, off), asm.I32('a'), sub) }
	// next is the next byte of the program, 0 behind its end
	w.next = w.m.Func(":i", "i",
		global(w.pc), global(w.end), op(0x4f), when(asm.I32(0), op(0x0f)),
		nibble(0), asm.I32(4), op(0x74), nibble(1), op(0x72), set(0),
		global(w.pc), asm.I32(2), add, asm.I(0x24, w.pc), get(0))
	next := call(w.next)
	shl := func(n int32) []byte { return asm.Code(asm.I32(n), op(0x74), op(0x72)) }
	w.four = w.m.Func(":i", "", next, next, shl(8), next, shl(16), next, shl(24))
	w.argI = w.m.Func(":i", "i", next, set(0), w.argument('i'))
	w.argL = w.m.Func(":l", "i", next, set(0), w.argument('l'))
	w.argD = w.m.Func(":d", "i", next, set(0), get(0), at(63, 8, floatsAt), loadF)
	w.program = uint32(len(w.imports)) + 5 // itself, for OpRecurse
	w.m.Func(":", "iil", while(
		global(w.pc), global(w.end), op(0x4f), when(op(0x0f)),
		next, asm.I32(int32(Ops())), op(0x70), set(0), w.instructions(), asm.I(0x0c, 0)))
	w.exports()
}

// argument gives an argument, whose byte is in local 0: by its two highest bits a number of the table, a register (with its
// generation turned when bit 4 is set), an address in the scratch memory, or the bytes that follow.
func (w *writer) argument(t byte) []byte {
	is := func(n int32) []byte { return asm.Code(get(0), asm.I32(6), op(0x76), asm.I32(n), eq) }
	register := asm.Code(get(0), at(15, 8, registersAt), load64, get(0), asm.I32(4), op(0x76), asm.I32(1), and, op(0xad), asm.I64(32), op(0x86), op(0x7c))
	scratch := asm.Code(get(0), asm.I32(63), and, asm.I32(256), mul, asm.I32(scratchAt), add)
	if t == 'i' {
		return asm.Code(is(0), when(get(0), at(63, 4, intsAt), load32, op(0x0f)), is(1), when(register, wrap, op(0x0f)), is(2), when(scratch, op(0x0f)), call(w.four))
	}
	return asm.Code(is(0), when(get(0), at(63, 8, longsAt), load64, op(0x0f)), is(1), when(register, op(0x0f)), is(2), when(get(0), asm.I32(63), and, extend, op(0x0f)), call(w.four), extend)
}

// instructions does the instruction whose number is in local 0.
func (w *writer) instructions() []byte {
	var b []byte
	branch := func(n int, code ...[]byte) {
		b = append(b, asm.Code(get(0), asm.I32(int32(n)), eq, when(code...))...)
	}
	keep := asm.Code(call(w.next), at(15, 8, registersAt), set(1)) // an address
	for i, f := range Functions() {
		var code []byte
		if f.Result != "" {
			code = append(code, keep...)
		}
		for _, p := range f.Params {
			code = append(code, call(map[rune]uint32{'i': w.argI, 'l': w.argL, 'd': w.argD}[p])...)
		}
		code = append(code, call(w.imports[i])...)
		switch f.Result {
		case "i":
			code = asm.Code(code, extend, set(2), get(1), get(2), store64)
		case "l": // an errno is not kept
			code = asm.Code(code, asm.I(0x22, 2), asm.I64(0), op(0x59), when(get(1), get(2), store64))
		}
		branch(i, code)
	}
	n := len(Functions())
	next, arg := call(w.next), call(w.argI)
	branch(n+OpGrow, next, op(0x40, 0), drop)
	branch(n+OpPoke, arg, next, store8)
	branch(n+OpStore, arg, next, at(15, 8, registersAt), load64, store64)
	branch(n+OpLoad, arg, set(0), next, at(15, 8, registersAt), get(0), load64, store64)
	branch(n+OpBurn, next, asm.I32(250), mul, asm.I32(1), add, set(0), while(get(0), asm.I32(1), sub, asm.I(0x22, 0), asm.I(0x0d, 0)))
	branch(n+OpRecurse, call(w.program))
	branch(n+OpMove, next, at(15, 8, registersAt), call(w.argL), store64)
	return b
}

func (w *writer) exports() {
	describe := message(map[string]any{"nodes": []any{map[string]any{"id": Node, "outputs": []any{map[string]any{"type": "*"}}, "flags": []any{"output_node"},
		"inputs": []any{map[string]any{"name": "program", "type": "STRING"}, map[string]any{"name": "a", "type": "*", "optional": true},
			map[string]any{"name": "b", "type": "*", "optional": true}}}}, "routes": []any{map[string]any{"method": "POST", "path": Route}}})
	const describeAt = 32 << 10
	w.m.Data(describeAt, describe)
	w.m.Export("cocoon_abi", 0, w.m.Func(":i", "", asm.I32(abi.Major<<16)))
	w.m.Export("cocoon_buf", 0, w.m.Func("i:i", "", asm.I32(requestAt)))
	reply := w.imports[0]
	word := func(off byte) []byte { return asm.Code(get(1), op(0x28, 0, off)) }
	m0, m1 := int32(binary.LittleEndian.Uint32([]byte(mark))), int32(mark[4])|int32(mark[5])<<8
	// local 3 is where the blob goes, 4 how much of it is left
	find := while(get(1), asm.I32(requestAt+8<<16), below, eqz, when(asm.I32(0), op(0x0f)),
		word(0), asm.I32(m0), eq, get(1), op(0x2f, 0, 4), asm.I32(m1), eq, and, eqz,
		when(get(1), asm.I32(1), add, set(1), asm.I(0x0c, 1)))
	blob := asm.Code(get(1), asm.I32(6), add, asm.I(0x24, w.pc), asm.I32(-1), asm.I(0x24, w.end), call(w.four), set(4), asm.I32(scratchAt), set(3),
		get(4), when(while(get(3), call(w.next), store8, get(3), asm.I32(1), add, set(3), get(4), asm.I32(1), sub, asm.I(0x22, 4), asm.I(0x0d, 0))))
	run := asm.Code(call(w.four), set(4), global(w.pc), get(4), asm.I32(2), mul, add, asm.I(0x24, w.end), call(w.program))
	w.m.Export("cocoon_call", 0, w.m.Func("iii:i", "ii",
		get(0), asm.I32(abi.OpDescribe), eq, when(asm.I32(describeAt), asm.I32(int32(len(describe))), call(reply), asm.I32(0), op(0x0f)),
		find, blob, run, asm.I32(0)))
}
