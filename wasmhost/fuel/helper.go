package fuel

import (
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// piece is how many bytes of a memory are filled or copied at once: some tens of microseconds.
const piece = 256 << 10

// perByte is how many bytes one unit of fuel moves, as a power of two; perEntry the same for entries of tables.
const (
	perByte  = 5
	perEntry = 2
)

func get(local uint32) []byte { return asm.I(0x20, local) }
func set(local uint32) []byte { return asm.I(0x21, local) }

func op(b ...byte) []byte { return b }

// slowBody asks the host for more: fuel = refuel(fuel).
func (w *rewriter) slowBody() []byte {
	return asm.Code(op(0), asm.I(0x23, w.fuel), asm.I(0x10, w.refuel), asm.I(0x24, w.fuel), op(0x0b))
}

// deepBody tells the host that calls nest too deeply; the host does not return from that.
func (w *rewriter) deepBody() []byte {
	return asm.Code(op(0), asm.I64(TooDeep), asm.I(0x10, w.refuel), op(0x1a, 0x00, 0x0b))
}

// spend is fuel -= i64(what is on the stack as u32), then a check.
func (w *rewriter) spend(count []byte) []byte {
	return asm.Code(asm.I(0x23, w.fuel), count, op(0xad, 0x7d), asm.I(0x24, w.fuel),
		asm.I(0x23, w.fuel), asm.I64(0), op(0x53, 0x04, 0x40), asm.I(0x10, w.slow), op(0x0b))
}

// paidBody charges for an operation on n entries or bytes and gives n back.
func (w *rewriter) paidBody() []byte {
	return asm.Code(op(0), w.spend(asm.Code(get(0), asm.I32(perEntry), op(0x76))), get(0), op(0x0b))
}

// outOfBounds leaves 1 when [at, at+n) is not inside the memory.
func outOfBounds(at, n uint32) []byte {
	return asm.Code(get(at), op(0xad), get(n), op(0xad), op(0x7c), op(0x3f, 0, 0xad), asm.I64(16), op(0x86), op(0x56))
}

// fillBody is memory.fill(d, v, n) in pieces. Out of bounds it traps before it writes, as the instruction does.
func (w *rewriter) fillBody() []byte {
	if !w.m.HasMemory() {
		return asm.Code(op(0, 0x0b))
	}
	const d, v, n = 0, 1, 2
	fill := asm.I(0xfc, 11, 0)
	return asm.Code(op(0),
		outOfBounds(d, n), op(0x04, 0x40), get(d), get(v), get(n), fill, op(0x0b),
		op(0x03, 0x40),                               // loop
		get(n), asm.I32(piece), op(0x4b, 0x04, 0x40), // n > piece
		w.spend(asm.I32(piece>>perByte)),
		get(d), get(v), asm.I32(piece), fill,
		get(d), asm.I32(piece), op(0x6a), set(d),
		get(n), asm.I32(piece), op(0x6b), set(n),
		asm.I(0x0c, 1), op(0x0b), op(0x0b),
		w.spend(asm.Code(get(n), asm.I32(perByte), op(0x76))),
		get(d), get(v), get(n), fill, op(0x0b))
}

// copyBody is memory.copy(d, s, n) in pieces: upwards, or downwards when the target overlaps the source from above.
func (w *rewriter) copyBody() []byte {
	if !w.m.HasMemory() {
		return asm.Code(op(0, 0x0b))
	}
	const d, s, n = 0, 1, 2
	cp := asm.I(0xfc, 10, 0, 0)
	more := asm.Code(get(n), asm.I32(piece), op(0x4b, 0x04, 0x40), w.spend(asm.I32(piece>>perByte)))
	less := asm.Code(get(n), asm.I32(piece), op(0x6b), set(n))
	return asm.Code(op(0),
		outOfBounds(d, n), outOfBounds(s, n), op(0x72, 0x04, 0x40), get(d), get(s), get(n), cp, op(0x0b),
		get(d), get(s), op(0x4b, 0x04, 0x40), // d > s: downwards
		op(0x03, 0x40), more, less,
		get(d), get(n), op(0x6a), get(s), get(n), op(0x6a), asm.I32(piece), cp,
		asm.I(0x0c, 1), op(0x0b), op(0x0b),
		op(0x05),
		op(0x03, 0x40), more,
		get(d), get(s), asm.I32(piece), cp,
		get(d), asm.I32(piece), op(0x6a), set(d),
		get(s), asm.I32(piece), op(0x6a), set(s), less,
		asm.I(0x0c, 1), op(0x0b), op(0x0b),
		op(0x0b),
		w.spend(asm.Code(get(n), asm.I32(perByte), op(0x76))),
		get(d), get(s), get(n), cp, op(0x0b))
}

// initBody copies the data segments that were active.
func (w *rewriter) initBody() []byte {
	b := []byte{0}
	for i, d := range w.data {
		if d.Mode != wasm.Active {
			continue
		}
		b = append(b, d.Offset[:len(d.Offset)-1]...)
		b = append(b, asm.I32(0)...)
		b = append(b, asm.I32(int32(len(d.Bytes)))...)
		b = append(b, asm.I(0xfc, 8, uint32(i), 0)...)
	}
	return append(b, 0x0b)
}
