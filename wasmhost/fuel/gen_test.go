package fuel

import (
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// gen writes random modules that are valid and end: loops count, calls go to later functions only.
type gen struct {
	src    []byte
	m      *asm.Module
	sigs   []string // of functions from the last to the first; callable by those written later
	ids    []uint32
	locals string // of the function at hand
	loops  int
	size   int
}

const genLocals = "iillffddii" // the last two count loops

func (g *gen) next(n int) int {
	if len(g.src) == 0 {
		return 0
	}
	c := int(g.src[0])
	g.src = g.src[1:]
	return c % n
}

// module makes functions f0..fn, which the exported "run" calls one after another.
func (g *gen) module() []byte {
	g.m = asm.New()
	g.m.Memory(1, 3)
	g.m.Table(4)
	g.m.Global('i', true, asm.I32(7))
	g.m.Global('l', true, asm.I64(9))
	g.m.Data(16, []byte("some bytes that are there at first"))
	g.m.Export("memory", 2, 0)
	n := 1 + g.next(5)
	for i := range n {
		sig := []string{"i:i", "il:l", ":i", "id:d", "l:", "if:f"}[g.next(6)]
		g.function(sig, i == n-1)
	}
	leafs := []uint32{}
	for range 1 + g.next(3) {
		leafs = append(leafs, g.ids[0])
	}
	g.m.Elem(0, leafs...)
	g.m.Export("run", 0, g.ids[len(g.ids)-1])
	return g.m.Bytes()
}

func (g *gen) function(sig string, exported bool) {
	if exported {
		sig = "i:i"
	}
	params, result := split(sig)
	g.locals, g.loops, g.size = params+genLocals, 0, 0
	var body []byte
	for range 1 + g.next(6) {
		body = append(body, g.stmt(3)...)
	}
	if result != "" {
		body = append(body, g.expr(result[0], 3)...)
	}
	g.ids = append(g.ids, g.m.Func(sig, genLocals, body))
	g.sigs = append(g.sigs, sig)
}

func split(sig string) (params, result string) {
	for i := range sig {
		if sig[i] == ':' {
			return sig[:i], sig[i+1:]
		}
	}
	return sig, ""
}

// local picks a local of a type; counters stay alone.
func (g *gen) local(t byte) uint32 {
	var at []uint32
	for i := range len(g.locals) - 2 {
		if g.locals[i] == t {
			at = append(at, uint32(i))
		}
	}
	return at[g.next(len(at))]
}

func (g *gen) constant(t byte) []byte {
	n := int64(int8(g.next(256)))
	switch t {
	case 'i':
		return asm.I32(int32(n * 1237))
	case 'l':
		return asm.I64(n * 123456789)
	case 'f':
		return []byte{0x43, 0, 0, byte(n), 0x3f}
	}
	return asm.F64(float64(n) / 3)
}

var (
	binary = map[byte][]byte{'i': {0x6a, 0x6b, 0x6c, 0x6d, 0x70, 0x71, 0x72, 0x73, 0x74, 0x77}, 'l': {0x7c, 0x7d, 0x7e, 0x7f, 0x83, 0x86, 0x89},
		'f': {0x92, 0x93, 0x94, 0x96}, 'd': {0xa0, 0xa1, 0xa2, 0xa4}}
	toInt   = map[byte][][]byte{'i': {{0x45}, {0x67}, {0xc0}}, 'l': {{0x50}, {0xa7}}, 'f': {{0xfc, 0}}, 'd': {{0xfc, 2}}}
	fromInt = map[byte]byte{'l': 0xac, 'f': 0xb2, 'd': 0xb7}
)

func (g *gen) expr(t byte, depth int) []byte {
	g.size++
	if depth == 0 || g.size > 300 {
		return asm.I(0x20, g.local(t))
	}
	switch g.next(10) {
	case 0:
		return g.constant(t)
	case 1:
		return asm.I(0x20, g.local(t))
	case 2, 3:
		ops := binary[t]
		return asm.Code(g.expr(t, depth-1), g.expr(t, depth-1), []byte{ops[g.next(len(ops))]})
	case 4:
		if t != 'i' {
			return asm.Code(g.expr('i', depth-1), []byte{fromInt[t]})
		}
		from := "ilfd"[g.next(4)]
		list := toInt[from]
		return asm.Code(g.expr(from, depth-1), list[g.next(len(list))])
	case 5: // load from the first page, sometimes out of it
		load := map[byte][]byte{'i': {0x28, 0}, 'l': {0x29, 0}, 'f': {0x2a, 0}, 'd': {0x2b, 0}}[t]
		return asm.Code(g.address(depth), load, []byte{byte(g.next(100))})
	case 6:
		return asm.Code(g.expr('i', depth-1), []byte{0x04, valueType(t)}, g.expr(t, depth-1), []byte{0x05}, g.expr(t, depth-1), []byte{0x0b})
	case 7: // leave a block with a value
		return asm.Code([]byte{0x02, valueType(t)}, g.expr(t, depth-1), g.expr('i', depth-1), []byte{0x0d, 0}, []byte{0x1a}, g.expr(t, depth-1), []byte{0x0b})
	case 8:
		return g.call(t, depth)
	}
	return asm.Code(g.expr(t, depth-1), g.expr(t, depth-1), g.expr('i', depth-1), []byte{0x1b})
}

func valueType(t byte) byte {
	return map[byte]byte{'i': 0x7f, 'l': 0x7e, 'f': 0x7d, 'd': 0x7c}[t]
}

func (g *gen) address(depth int) []byte {
	mask := int32(0xfff)
	if g.next(50) == 1 {
		mask = 0x3ffff
	}
	return asm.Code(g.expr('i', depth-1), asm.I32(mask), []byte{0x71})
}

// call calls a function that was written before, or one of the table.
func (g *gen) call(t byte, depth int) []byte {
	if g.loops == 0 && t == 'i' && g.next(3) == 0 && len(g.sigs) > 0 && g.sigs[0] == ":i" {
		return asm.Code(g.expr('i', 1), asm.I32(3), []byte{0x71}, asm.I(0x11, g.m.Type(":i"), 0))
	}
	if g.loops == 0 {
		for i, sig := range g.sigs {
			if params, result := split(sig); result == string(t) {
				var b []byte
				for j := range params {
					b = append(b, g.expr(params[j], depth-1)...)
				}
				return append(b, asm.I(0x10, g.ids[i])...)
			}
		}
	}
	if t == 'i' {
		return []byte{0x3f, 0}
	}
	return g.constant(t)
}

func (g *gen) stmt(depth int) []byte {
	g.size++
	t := "ilfd"[g.next(4)]
	if depth == 0 || g.size > 300 {
		return asm.Code(g.constant(t), asm.I(0x21, g.local(t)))
	}
	switch g.next(12) {
	case 0, 1:
		return asm.Code(g.expr(t, depth), asm.I(0x21, g.local(t)))
	case 2:
		return asm.Code(g.expr('i', depth), asm.I(0x24, 0))
	case 3:
		return asm.Code(g.expr('l', depth), asm.I(0x24, 1))
	case 4:
		store := map[byte][]byte{'i': {0x36, 2, 4}, 'l': {0x37, 0, 1}, 'f': {0x36, 0, 9}, 'd': {0x3a, 0, 3}}[t]
		if t != 'l' {
			t = 'i'
		}
		return asm.Code(g.address(depth), g.expr(t, depth-1), store)
	case 5:
		return asm.Code(g.expr('i', depth-1), []byte{0x04, 0x40}, g.block(depth-1), []byte{0x05}, g.block(depth-1), []byte{0x0b})
	case 6, 7:
		return g.loop(depth)
	case 8:
		return asm.Code([]byte{0x02, 0x40}, g.block(depth-1), g.expr('i', depth-1), []byte{0x0d, 0}, g.block(depth-1), []byte{0x0b})
	case 9:
		return asm.Code([]byte{0x02, 0x40, 0x02, 0x40, 0x02, 0x40}, g.expr('i', depth-1), []byte{0x0e, 2, 0, 1, 2, 0x0b}, g.block(depth-1), []byte{0x0b},
			g.block(depth-1), []byte{0x0b})
	case 10:
		return g.bulk(depth)
	}
	return asm.Code(g.expr('i', depth-1), []byte{0x40, 0, 0x1a})
}

func (g *gen) block(depth int) []byte {
	var b []byte
	for range g.next(3) {
		b = append(b, g.stmt(depth)...)
	}
	return b
}

// loop runs at most three times; a nested one has the other counter, deeper ones are blocks.
func (g *gen) loop(depth int) []byte {
	if g.loops == 2 {
		return g.block(depth - 1)
	}
	counter := uint32(len(g.locals) - 1 - g.loops)
	g.loops++
	body := g.block(depth - 1)
	g.loops--
	return asm.Code(asm.I32(int32(1+g.next(3))), asm.I(0x21, counter), []byte{0x03, 0x40}, body,
		asm.I(0x20, counter), asm.I32(1), []byte{0x6b}, asm.I(0x22, counter), []byte{0x0d, 0, 0x0b})
}

func (g *gen) bulk(depth int) []byte {
	size := asm.Code(g.expr('i', depth-1), asm.I32(0x1fff), []byte{0x71})
	if g.next(2) == 0 {
		return asm.Code(g.address(depth), g.expr('i', depth-1), size, []byte{0xfc, 11, 0})
	}
	return asm.Code(g.address(depth), g.address(depth), size, []byte{0xfc, 10, 0, 0})
}
