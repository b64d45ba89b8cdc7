package attacks

import (
	"encoding/binary"
	"math"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Quotas are guests that make and drop, or make and keep, more than they may have.
func Quotas() []Attack {
	list := append(churns(), stores()...)
	return append(append(list, costly()...), clocks()...)
}

// check traps unless the i32 on the stack is want.
func check(want int32) []byte { return asm.Code(asm.I32(want), []byte{0x47, 0x04, 0x40, 0x00, 0x0b}) }

// times repeats code n times, counting in an i32 local.
func times(local uint32, n int32, code ...[]byte) []byte {
	return asm.Code([]byte{0x03, 0x40}, asm.Code(code...), asm.I(0x20, local), asm.I32(1), []byte{0x6a}, asm.I(0x22, local), asm.I32(n), []byte{0x49, 0x0d, 0, 0x0b})
}

// churns make and drop.
func churns() []Attack {
	tensor := func(name string, n int32, elems uint64, more func(g *guest) []byte) Attack {
		return harmless(name, func(g *guest) {
			g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{core, "h_drop", "l:"}, [3]string{core, "h_make", "il:l"},
				[3]string{tensors, "t_map", "lii:l"}, [3]string{tensors, "t_unmap", "i:i"}, [3]string{tensors, "t_reshape", "lii:l"})
			g.locals = "il"
			at := g.numbers(elems)
			drop := asm.Code(asm.I(0x20, 4), g.call(core, "h_drop", "l:"))
			g.execute = asm.Code(grow(64), times(3, n, one, one, at, asm.F64(0), g.call(tensors, "t_new", "iiid:l"), asm.I(0x21, 4), more(g), drop))
		})
	}
	nothing := func(*guest) []byte { return nil }
	const first, page = 4 << 16, 1 << 16
	window := func(g *guest) []byte {
		return asm.Code(asm.I(0x20, 4), asm.I32(first), asm.I32(page), g.call(tensors, "t_map", "lii:l"), []byte{0x1a})
	}
	unmap := func(g *guest) []byte {
		return asm.Code(asm.I32(first), g.call(tensors, "t_unmap", "i:i"), []byte{0x1a})
	}
	return []Attack{
		tensor("100,000 tensors, one at a time", 100_000, 1, nothing),
		tensor("2,000 tensors of shared memory, one at a time", 2000, 16<<10, nothing),
		tensor("2,000 windows, one at a time", 2000, 16<<10, func(g *guest) []byte { return asm.Code(window(g), unmap(g)) }),
		stopped("a window whose tensor was dropped is still taken", fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{core, "h_drop", "l:"}, [3]string{tensors, "t_map", "lii:l"})
			g.locals = "l"
			at := g.numbers(16 << 10)
			made := asm.Code(one, one, at, asm.F64(1), g.call(tensors, "t_new", "iiid:l"), asm.I(0x21, 3), asm.I(0x20, 3), asm.I32(first), asm.I32(page),
				g.call(tensors, "t_map", "lii:l"), []byte{0x1a}, asm.I(0x20, 3), g.call(core, "h_drop", "l:"))
			see := asm.Code(asm.I32(first), []byte{0x28, 2, 0}, check(int32(math.Float32bits(1))))
			g.execute = asm.Code(grow(64), made, see, made)
		}),
		{"300 windows at once", build(func(g *guest) {
			g.need([3]string{tensors, "t_map_out", "iiiii:l"})
			g.locals = "il"
			at := g.numbers(16)
			open := asm.Code(one, one, at, asm.I(0x20, 3), asm.I32(page), []byte{0x6c}, asm.I32(first), []byte{0x6a}, asm.I32(page),
				g.call(tensors, "t_map_out", "iiiii:l"), asm.I(0x21, 4))
			g.execute = asm.Code(grow(400), times(3, 300, open), asm.I(0x20, 4), []byte{0xa7}, check(abi.ELIMIT))
		}), Harmless, "ELIMIT"},
		harmless("1,000 files, opened and dropped", func(g *guest) {
			g.need([3]string{"cocoon1_asset", "asset_open", "ii:l"}, [3]string{core, "h_drop", "l:"})
			g.locals = "i"
			m := g.bytes(message(map[string]any{"type": "input", "filename": "a.png"}))
			g.execute = times(3, 1000, m, g.call("cocoon1_asset", "asset_open", "ii:l"), g.call(core, "h_drop", "l:"))
		}),
		harmless("files left open", func(g *guest) {
			g.need([3]string{"cocoon1_asset", "asset_open", "ii:l"})
			g.locals = "i"
			m := g.bytes(message(map[string]any{"type": "input", "filename": "a.png"}))
			g.execute = times(3, 1000, m, g.call("cocoon1_asset", "asset_open", "ii:l"), []byte{0x1a})
		}),
	}
}

// stores go to the edge of what is kept for an extension.
func stores() []Attack {
	const put, sig = "kv_put", "iiiiil:i"
	key := func(g *guest, s string) []byte { return g.bytes([]byte(s)) }
	value := func(n int32) []byte { return asm.Code(asm.I32(64<<10), asm.I32(n), asm.I64(0)) }
	quota := func(name string, do func(g *guest) []byte) Attack {

		return harmless(name, func(g *guest) {
			g.need([3]string{"cocoon1_kv", put, sig}, [3]string{"cocoon1_kv", "kv_get", "iiiii:l"}, [3]string{"cocoon1_kv", "kv_delete", "iii:i"})
			g.pages = 8
			g.execute = do(g)
		})
	}
	set := func(g *guest, k string, n, errno int32) []byte {
		return asm.Code(one, key(g, k), value(n), g.call("cocoon1_kv", put, sig), check(errno))
	}
	list := []Attack{
		quota("the last byte of the store's quota", func(g *guest) []byte {
			code := asm.Code(zero, asm.I32(60<<10), one, g.call("cocoon1_kv", "kv_delete", "iii:i"), []byte{0x1a}) // of another attack
			for _, k := range []string{"a", "b", "c"} {
				code = append(code, set(g, k, 256<<10, 0)...)
			}
			code = append(code, set(g, "d", 256<<10-4, 0)...)
			code = append(code, set(g, "e", 0, abi.ELIMIT)...)
			for _, k := range []string{"a", "b", "c", "d"} {
				code = append(code, asm.Code(one, key(g, k), g.call("cocoon1_kv", "kv_delete", "iii:i"), check(0))...)
			}
			return code
		}),
		quota("a value over its bound", func(g *guest) []byte { return set(g, "a", 256<<10+1, abi.ETOOBIG) }),
	}
	list = append(list, gets("a value for this prompt", 0, "cocoon1_kv", put, sig, func(g *guest) []byte { return asm.Code(one, key(g, "kept"), value(9)) }),
		gets("a message for this prompt's node", 0, "cocoon1_msg", "msg_post", "iiiiiiii:i", func(g *guest) []byte {
			return asm.Code(key(g, "p"), key(g, "n"), asm.I32(eventAt), asm.I32(4), key(g, "kept"))
		}),
		harmless("messages for prompts that are not there", func(g *guest) {
			g.need([3]string{"cocoon1_msg", "msg_post", "iiiiiiii:i"})
			g.locals = "i"
			g.execute = times(3, 5000, asm.I(0x20, 3), asm.I32(3), []byte{0x71}, asm.I32(8), asm.I(0x20, 3), asm.I32(63), []byte{0x71}, asm.I32(8), zero, zero, zero, asm.I32(60<<10),
				g.call("cocoon1_msg", "msg_post", "iiiiiiii:i"), []byte{0x1a})
		}))
	for _, k := range []string{"../../other/secret", "/etc/passwd", "t\x00other", "%", "_", "' OR 1=1 --"} {
		list = append(list, gets("the key "+printable(k), abi.ENOENT, "cocoon1_kv", "kv_get", "iiiii:l", func(g *guest) []byte {
			return asm.Code(zero, key(g, k), zero, zero)
		}))
	}
	return append(append(list, events()...), files()...)
}

// events send and report more than clients should hear of, or under other names.
func events() []Attack {
	event := func(name string, want int32, kind, data string) Attack {
		return gets(name, want, "cocoon1_ws", "ws_send", "iiii:i", func(g *guest) []byte { return asm.Code(g.bytes([]byte(kind)), g.bytes([]byte(data))) })
	}
	return []Attack{
		{"100,000 events", floods(100_000, "cocoon1_ws", "ws_send", "iiii:i", asm.I32(eventAt), asm.I32(4), asm.I32(eventAt+8), asm.I32(2)), Harmless, ""},
		{"100,000 lines of text", floods(100_000, core, "progress_text", "ii:", asm.I32(eventAt), asm.I32(4)), Harmless, ""},
		{"100,000 times done", floods(100_000, core, "progress", "dd:i", asm.F64(1), asm.F64(1)), Harmless, ""},
		event("an event of another extension", abi.EPERM, "../other.mine", "{}"),
		event("an event with a line break", abi.EPERM, "mine\r\n", "{}"),
		event("an event that is no JSON", abi.EUNSUP, "mine", "{}]"),
		event("an event that is a text", abi.EUNSUP, "mine", `"<script>"`),
		stopped("an event whose type is no UTF-8", fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{"cocoon1_ws", "ws_send", "iiii:i"})
			g.execute = asm.Code(g.bytes([]byte("mine\xff")), g.bytes([]byte("{}")), g.call("cocoon1_ws", "ws_send", "iiii:i"), []byte{0x1a})
		}),
	}
}

// files are opened and saved where nothing was granted.
func files() []Attack {
	return []Attack{
		gets("a file of the output folder", abi.EPERM, "cocoon1_asset", "asset_open", "ii:l", func(g *guest) []byte {
			return g.bytes(message(map[string]any{"type": "output", "filename": "a.png"}))
		}),
		gets("a file by an absolute path", abi.EPERM, "cocoon1_asset", "asset_open", "ii:l", func(g *guest) []byte {
			return g.bytes(message(map[string]any{"type": "input", "filename": "/etc/passwd"}))
		}),
		gets("a file with a stream", abi.EPERM, "cocoon1_asset", "asset_open", "ii:l", func(g *guest) []byte {
			return g.bytes(message(map[string]any{"type": "input", "filename": "a.png:secret"}))
		}),
		gets("a hidden file", abi.EPERM, "cocoon1_asset", "asset_open", "ii:l", func(g *guest) []byte {
			return g.bytes(message(map[string]any{"type": "input", "filename": ".ssh"}))
		}),
		gets("saving without a grant", abi.EPERM, "cocoon1_asset", "asset_save", "iiiiii:l", func(g *guest) []byte {
			return asm.Code(g.bytes([]byte("a.png")), g.bytes([]byte("x")), zero, zero)
		}),
	}
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return '.'
		}
		return r
	}, s)
}

// costly are graphs that are short and take long, or much memory.
func costly() []Attack {
	graph := func(name string, want int32, dims []uint64, ints []int64, instrs ...[]byte) Attack {
		return Attack{name, build(func(g *guest) { g.execute = runGraph(g, dims, ints, check(want), instrs...) }), Harmless, errnoName(want)}
	}
	le := binary.LittleEndian
	pool := func(kind uint16, intsAt uint32, arg uint32) []byte { return instruction(kind, 1, 255, arg, intsAt, 4) }
	reshaped := func(kind uint16, rank byte, arg, shapeAt uint32) []byte {
		b := instruction(kind, 1, rank, arg, 0, 0)
		le.PutUint32(b[abi.GraphInstrShapeAt:], shapeAt)
		return b
	}
	spent := func(name string, dims []uint64, ints []int64, instrs ...[]byte) Attack {
		return stopped(name, fault.LimitExceeded, func(g *guest) { g.execute = runGraph(g, dims, ints, []byte{0x1a}, instrs...) })
	}
	return []Attack{
		spent("a mean over a million pixels for each of a million", []uint64{1, 1100, 1100, 1}, []int64{500, 500, 1, 1}, pool(abi.TensorAvgPool, 0, 0)),
		graph("a broadcast to a terabyte", abi.ELIMIT, []uint64{1, 1, 1, 1}, []int64{1 << 20, 1 << 10, 1 << 8, 1}, reshaped(abi.TensorBroadcast, 4, 0, 0)),
		graph("a broadcast over what a call may have", abi.ELIMIT, []uint64{1, 1, 1, 1}, []int64{1, 1 << 10, 1 << 7, 1 << 10}, reshaped(abi.TensorBroadcast, 4, 0, 0)),
		graph("an axis that is not there", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{9, 0, 1, 1}, instruction(abi.TensorSlice, 1, 255, 0, 0, 4)),
		graph("a slice of no steps", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, 0, 1, 0}, instruction(abi.TensorSlice, 1, 255, 0, 0, 4)),
		graph("a negative slice", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, -5, 1, 1}, instruction(abi.TensorSlice, 1, 255, 0, 0, 4)),
		graph("a pad of two billion", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, math.MaxInt64, math.MaxInt64, 0}, instruction(abi.TensorPad, 1, 255, 0, 0, 4)),
		graph("a reflection that is longer than the picture", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, 100, 100, 1}, instruction(abi.TensorPad, 1, 255, 0, 0, 4)),
		graph("a pool over nothing", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{0, 0, 0, 0}, pool(abi.TensorMaxPool, 0, 0)),
		graph("a tile of a negative count", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, -1}, instruction(abi.TensorTile, 1, 255, 0, 0, 2)),
		graph("a resize to nothing", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{1, 0, 0, 1}, reshaped(abi.TensorResize, 4, 0, 0)),
		graph("an op that is not there", abi.EUNSUP, []uint64{1, 2, 2, 1}, nil, instruction(9999, 1, 255, 0, 0, 0)),
		graph("an op without arguments", abi.EUNSUP, []uint64{1, 2, 2, 1}, nil, instruction(abi.TensorAdd, 0, 255, 0, 0, 0)),
		graph("a cast to a dtype that is not there", abi.EUNSUP, []uint64{1, 2, 2, 1}, []int64{77}, instruction(abi.TensorCast, 1, 255, 0, 0, 1)),
	}
}

// runGraph makes a tensor of F32 and runs a graph over it, whose last value is its output. Argument i of the pool is value i.
func runGraph(g *guest, dims []uint64, ints []int64, after []byte, instrs ...[]byte) []byte {
	g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{tensors, "t_graph", "iiii:l"})
	n := uint32(len(instrs))
	b := graphHead(1, n, uint32(len(ints)), 0, n+1, 1)
	b = append(b, make([]byte, 8)...)
	for _, i := range instrs {
		b = append(b, i...)
	}
	for _, v := range ints {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	for i := range n + 1 {
		b = binary.LittleEndian.AppendUint32(b, i)
	}
	b = binary.LittleEndian.AppendUint32(b, n)
	at := g.data
	place := g.bytes(b)
	made := asm.Code(one, asm.I32(int32(len(dims))), g.numbers(dims...), asm.F64(0), g.call(tensors, "t_new", "iiid:l"))
	return asm.Code(asm.I32(at+abi.GraphHeadSize), made, []byte{0x37, 3, 0}, place, asm.I32(48<<10), asm.I32(4096),
		g.call(tensors, "t_graph", "iiii:l"), []byte{0xa7}, after)
}

// clocks try to learn the time, for what it tells of others.
func clocks() []Attack {
	burn := func(local uint32) []byte { return times(local, 1_000_000) }
	same := func(name, module, fn, sig string, args ...[]byte) Attack {
		return harmless(name, func(g *guest) {
			g.need([3]string{module, fn, sig})
			g.locals = "lli"
			now := asm.Code(asm.Code(args...), g.call(module, fn, sig))
			if sig == "ili:i" {
				now = asm.Code(now, []byte{0x1a}, asm.I32(2048), []byte{0x29, 3, 0})
			}
			g.execute = asm.Code(now, asm.I(0x21, 3), burn(5), now, asm.I(0x20, 3), []byte{0x52, 0x04, 0x40, 0x00, 0x0b})
		})
	}
	return []Attack{
		same("a clock that does not go on", core, "now_ms", ":l"),
		same("WASI's clock does not either", wasi, "clock_time_get", "ili:i", zero, asm.I64(0), asm.I32(2048)),
		same("WASI's monotonic clock does not either", wasi, "clock_time_get", "ili:i", one, asm.I64(0), asm.I32(2048)),
		harmless("the deadline is known to the second", func(g *guest) {
			g.need([3]string{core, "deadline_ms", ":l"})
			g.execute = asm.Code(g.call(core, "deadline_ms", ":l"), asm.I64(1000), []byte{0x81, 0xa7}, check(0))
		}),
	}
}
