package attacks

import (
	"bytes"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Malformed are modules that must not be loaded: broken ones, ones that ask for more than the contract has, and ones that
// would cost the compiler minutes.
func Malformed() []Attack {
	list := append(importing(), exporting()...)
	list = append(list, bombs()...)
	plain := build(func(*guest) {})
	for _, row := range []struct {
		name string
		mod  []byte
	}{
		{"nothing", nil},
		{"text", []byte("hello")},
		{"a component", []byte("\x00asm\x0d\x00\x01\x00")},
		{"cut in half", plain[:len(plain)/2]},
		{"cut by a byte", plain[:len(plain)-1]},
		{"a section that ends too late", append(bytes.Clone(plain), 0, 0xff, 0xff, 0xff, 0xff, 0x0f)},
		{"a second type section", append(bytes.Clone(plain), 1, 1, 0)},
		{"an unknown section", append(bytes.Clone(plain), 99, 0)},
	} {
		list = append(list, Attack{row.name, row.mod, Refused, fault.BadFile})
	}
	return list
}

func importing() []Attack {
	imported := func(module, name, sig string) func(g *guest) {
		return func(g *guest) { g.need([3]string{module, name, sig}) }
	}
	return []Attack{
		refused("imported memory", fault.BadFile, func(g *guest) { g.m.RawImport("env", "memory", 2, 0, 1) }),
		refused("imported table", fault.BadFile, func(g *guest) { g.m.RawImport("env", "table", 1, 0x70, 0, 1) }),
		refused("imported global", fault.BadFile, func(g *guest) { g.m.RawImport("env", "g", 3, 0x7f, 0) }),
		refused("import of the meter", fault.Unsupported, imported("cocoon", "refuel", "l:l")),
		refused("import of env", fault.Unsupported, imported("env", "abort", "iiii:")),
		refused("import of a newer function", fault.Unsupported, imported("cocoon1", "input", "iiii:l")),
		refused("import of a newer major", fault.Unsupported, imported("cocoon2", "reply", "ii:")),
		refused("import of WASI 2", fault.Unsupported, imported("wasi:cli/run@0.2.0", "run", ":i")),
		refused("wrong signature of reply", fault.BadFile, imported("cocoon1", "reply", "ll:")),
		refused("wrong result of t_new", fault.BadFile, imported("cocoon1_tensor", "t_new", "iiid:i")),
		refused("wrong signature of WASI", fault.BadFile, imported("wasi_snapshot_preview1", "fd_write", "iii:i")),
	}
}

func exporting() []Attack {
	global := func(name string) func(g *guest) {
		return func(g *guest) { g.m.Export(name, 3, g.m.Global('l', true, asm.I64(1<<60))) }
	}
	return []Attack{
		refused("own fuel", fault.BadFile, global("__cocoon_fuel")),
		refused("own depth", fault.BadFile, global("__cocoon_depth")),
		refused("own snapshot", fault.BadFile, global("__cocoon_g0")),
		refused("reserved cocoon_ export", fault.BadFile, global("cocoon_secret")),
		refused("own init", fault.BadFile, func(g *guest) { g.m.Export("__cocoon_init", 0, g.m.Func(":", "")) }),
		refused("a command", fault.BadFile, func(g *guest) { g.m.Export("_start", 0, g.m.Func(":", "")) }),
		refused("memory twice", fault.BadFile, func(g *guest) { g.m.Export("memory", 2, 0) }),
		refused("_initialize takes something", fault.BadFile, func(g *guest) { g.m.Export("_initialize", 0, g.m.Func("i:", "")) }),
		refused("export of nothing", fault.BadFile, func(g *guest) { g.m.Export("x", 0, 9999) }),
		refused("two memories", fault.TooLarge, func(g *guest) { g.m.Memory(1, 1) }),
		refused("start with a result", fault.BadFile, func(g *guest) { g.m.Start, g.m.HasStart = int(g.m.Func(":i", "", zero)), true }),
		refused("data out of the memory", fault.ExtensionFailed, func(g *guest) { g.m.Data(4<<16-1, []byte("xx")) }),
		refused("data at -1", fault.ExtensionFailed, func(g *guest) { g.m.Data(-1, []byte("xx")) }),
		refused("elements out of the table", fault.BadFile, func(g *guest) {
			g.m.Table(1)
			g.m.Elem(1, g.m.Func(":", ""))
		}),
	}
}

// bombs are small modules that cost a compiler much, or memory much.
func bombs() []Attack {
	repeat := func(n int, code ...byte) []byte { return bytes.Repeat(code, n) }
	f := func(name, locals string, code []byte) Attack {
		return refused(name, fault.TooLarge, func(g *guest) { g.m.Func(":", locals, code) })
	}
	many := string(repeat(1000, 'i'))
	branches := func(n int) []byte { return asm.Code([]byte{0x02, 0x40}, repeat(n, 0x41, 0, 0x0d, 0), []byte{0x0b}) }
	table := func(n int) []byte { return asm.Code(zero, asm.I(0x0e, uint32(n)), make([]byte, n+1)) }
	return []Attack{
		f("2,000 branches over 1,000 locals", many, branches(2000)),
		f("20,000 nested blocks", "", asm.Code(repeat(20_000, 0x02, 0x40), repeat(20_000, 0x0b))),
		f("400 nested loops", "", asm.Code(repeat(400, 0x03, 0x40), repeat(400, 0x0b))),
		f("br_table of 50,000", "", table(50_000)),
		f("2 MB in a line", "", repeat(1<<20, 0x41, 0, 0x1a)),
		refused("40 functions of 500 branches over 990 locals", fault.TooLarge, func(g *guest) {
			for range 40 {
				g.m.Func(":", many[:990], branches(500))
			}
		}),
		refused("300,000 functions", fault.TooLarge, func(g *guest) {
			for range 300_000 {
				g.m.Func(":", "")
			}
		}),
		refused("four billion locals", fault.TooLarge, func(g *guest) { g.m.RawFunc(":", append(asm.U([]byte{1}, 1<<32-1), 0x7f, 0x0b)) }),
		refused("locals that wrap", fault.TooLarge, func(g *guest) {
			g.m.RawFunc(":", append(asm.U(append(asm.U([]byte{2}, 1<<31), 0x7f), 1<<31), 0x7f, 0x0b))
		}),
		refused("a table of 134 million", fault.TooLarge, func(g *guest) { g.m.Table(134_000_000) }),
		refused("fifty tables", fault.TooLarge, func(g *guest) {
			for range 50 {
				g.m.Table(1000)
			}
		}),
		refused("table.grow", fault.TooLarge, func(g *guest) {
			g.m.Table(1)
			g.m.Func(":", "", []byte{0xd0, 0x70}, asm.I32(134_000_000), asm.I(0xfc, 15, 0), []byte{0x1a})
		}),
		refused("16 MiB and more of data", fault.TooLarge, func(g *guest) { g.m.Data(0, make([]byte, 17<<20)) }),
		refused("custom sections of 33 MiB", fault.TooLarge, func(g *guest) { g.m.Tail = asm.Section(0, append([]byte{1, 'x'}, make([]byte, 33<<20)...)) }),
		refused("a thousand custom sections", fault.TooLarge, func(g *guest) { g.m.Tail = repeat(1000, 0, 2, 1, 'x') }),
		refused("a type of a thousand parameters", fault.TooLarge, func(g *guest) { g.m.Type(many + ":") }),
		harmless("a name section that lies", func(g *guest) {
			g.m.Tail = asm.Section(0, append([]byte("\x04name"), 1, 0xff, 0xff, 0xff, 0xff, 0x0f))
		}),
	}
}
