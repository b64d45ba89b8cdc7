package attacks

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

var (
	zero    = asm.I32(0)
	forever = []byte{0x03, 0x40, 0x0c, 0, 0x0b}
)

func stopped(name string, code fault.Code, do func(g *guest)) Attack {
	return Attack{name, build(do), Stopped, code}
}

func refused(name string, code fault.Code, do func(g *guest)) Attack {
	return Attack{name, build(do), Refused, code}
}

func harmless(name string, do func(g *guest)) Attack { return Attack{name, build(do), Harmless, ""} }

// Endless are guests that do not end, or not soon, and those that take the stack or the memory.
func Endless() []Attack {
	return append(endlessLoops(), endlessCalls()...)
}

func endlessLoops() []Attack {
	return []Attack{
		stopped("spin", fault.LimitExceeded, func(g *guest) { g.execute = forever }),
		stopped("loop in loop", fault.LimitExceeded, func(g *guest) { g.execute = []byte{0x03, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b} }),
		stopped("loop over br_table", fault.LimitExceeded, func(g *guest) {
			g.execute = asm.Code([]byte{0x03, 0x40}, zero, []byte{0x0e, 1, 0, 0, 0x0b})
		}),
		stopped("loop that grows", fault.LimitExceeded, func(g *guest) {
			g.execute = asm.Code([]byte{0x03, 0x40}, asm.I32(1), []byte{0x40, 0, 0x1a, 0x0c, 0, 0x0b})
		}),
		stopped("memory.fill storm", fault.LimitExceeded, func(g *guest) {
			fill := asm.Code(asm.I32(0), zero, asm.I32(250<<20), asm.I(0xfc, 11, 0))
			g.execute = asm.Code(asm.I32(4000-4), []byte{0x40, 0, 0x1a, 0x03, 0x40}, fill, fill, fill, fill, []byte{0x0c, 0, 0x0b})
		}),
		stopped("memory.copy storm", fault.LimitExceeded, func(g *guest) {
			g.execute = asm.Code(asm.I32(4000-4), []byte{0x40, 0, 0x1a, 0x03, 0x40}, asm.I32(7), zero, asm.I32(249<<20), asm.I(0xfc, 10, 0, 0), []byte{0x0c, 0, 0x0b})
		}),
		stopped("table.fill storm", fault.LimitExceeded, func(g *guest) {
			g.m.Table(60_000)
			g.execute = asm.Code([]byte{0x03, 0x40}, zero, []byte{0xd0, 0x70}, asm.I32(60_000), asm.I(0xfc, 17, 0), []byte{0x0c, 0, 0x0b})
		}),
		stopped("table.copy storm", fault.LimitExceeded, func(g *guest) {
			g.m.Table(60_000)
			g.execute = asm.Code([]byte{0x03, 0x40}, zero, zero, asm.I32(60_000), asm.I(0xfc, 14, 0, 0), []byte{0x0c, 0, 0x0b})
		}),
		harmless("grow by a page until it fails", func(g *guest) {
			g.execute = asm.Code([]byte{0x03, 0x40}, asm.I32(1), []byte{0x40, 0}, asm.I32(-1), []byte{0x47, 0x0d, 0, 0x0b})
		}),
		harmless("grow by everything", func(g *guest) { g.execute = asm.Code(asm.I32(-1), []byte{0x40, 0, 0x1a}) }),
		refused("_initialize spins", fault.LimitExceeded, func(g *guest) { g.m.Export("_initialize", 0, g.m.Func(":", "", forever)) }),
		refused("start spins", fault.LimitExceeded, func(g *guest) { g.m.Start, g.m.HasStart = int(g.m.Func(":", "", forever)), true }),
		refused("start traps", fault.ExtensionFailed, func(g *guest) { g.m.Start, g.m.HasStart = int(g.m.Func(":", "", []byte{0})), true }),
		refused("_initialize grows for ever", fault.LimitExceeded, func(g *guest) {
			g.m.Export("_initialize", 0, g.m.Func(":", "", []byte{0x03, 0x40}, asm.I32(1), []byte{0x40, 0, 0x1a, 0x0c, 0, 0x0b}))
		}),
	}
}

func endlessCalls() []Attack {
	tree := func(levels int, tail bool) func(g *guest) {
		return func(g *guest) {
			last := g.m.Func(":", "")
			for range levels {
				if tail {
					last = g.m.Func(":", "", asm.I(0x10, last), asm.I(0x12, last))
				} else {
					last = g.m.Func(":", "", asm.I(0x10, last), asm.I(0x10, last))
				}
			}
			g.execute = asm.I(0x10, last)
		}
	}
	return []Attack{
		stopped("call tree of 2^34", fault.LimitExceeded, tree(34, false)),
		stopped("call tree of 2^60, half of it tail calls", fault.LimitExceeded, tree(60, true)),
		stopped("recursion", fault.LimitExceeded, func(g *guest) {
			f := uint32(len(g.imports))
			g.m.Func(":", "", asm.I(0x10, f))
			g.execute = asm.I(0x10, f)
		}),
		stopped("recursion with many locals", fault.LimitExceeded, func(g *guest) {
			f := uint32(len(g.imports))
			locals := ""
			for range 1000 {
				locals += "l"
			}
			g.m.Func(":", locals, asm.I(0x10, f), asm.I(0x20, 3), asm.I(0x21, 4))
			g.execute = asm.I(0x10, f)
		}),
		stopped("mutual recursion", fault.LimitExceeded, func(g *guest) {
			f := uint32(len(g.imports))
			g.m.Func(":", "", asm.I(0x10, f+1))
			g.m.Func(":", "", asm.I(0x10, f))
			g.execute = asm.I(0x10, f)
		}),
		stopped("recursion through a table", fault.LimitExceeded, func(g *guest) {
			g.m.Table(1)
			f := g.m.Func(":", "", zero, asm.I(0x11, g.m.Type(":"), 0))
			g.m.Elem(0, f)
			g.execute = asm.I(0x10, f)
		}),
		stopped("tail calls for ever", fault.LimitExceeded, func(g *guest) {
			f := uint32(len(g.imports))
			g.m.Func(":", "", asm.I(0x12, f))
			g.execute = asm.I(0x10, f)
		}),
		stopped("tail calls through a table", fault.LimitExceeded, func(g *guest) {
			g.m.Table(1)
			f := g.m.Func(":", "", zero, asm.I(0x13, g.m.Type(":"), 0))
			g.m.Elem(0, f)
			g.execute = asm.I(0x10, f)
		}),
		stopped("unreachable", fault.ExtensionFailed, func(g *guest) { g.execute = []byte{0} }),
		stopped("division by zero", fault.ExtensionFailed, func(g *guest) { g.execute = asm.Code(zero, zero, []byte{0x6d, 0x1a}) }),
		stopped("load out of the memory", fault.ExtensionFailed, func(g *guest) { g.execute = asm.Code(asm.I32(-4), []byte{0x28, 2, 0, 0x1a}) }),
		stopped("load behind an offset of 4 GiB", fault.ExtensionFailed, func(g *guest) {
			g.execute = asm.Code(asm.I32(-1), asm.I(0x28, 2, 1<<32-1), []byte{0x1a})
		}),
		stopped("call of an empty table entry", fault.ExtensionFailed, func(g *guest) {
			g.m.Table(1)
			g.execute = asm.Code(zero, asm.I(0x11, g.m.Type(":"), 0))
		}),
		stopped("call of another signature", fault.ExtensionFailed, func(g *guest) {
			g.m.Table(1)
			g.m.Elem(0, g.m.Func("l:l", "", asm.I(0x20, 0)))
			g.execute = asm.Code(zero, asm.I(0x11, g.m.Type(":"), 0))
		}),
	}
}
