package attacks

import (
	"encoding/binary"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

const (
	core, tensors = "cocoon1", "cocoon1_tensor"
	wasi          = "wasi_snapshot_preview1"
)

var (
	far = asm.I32(-16) // an address near 4 GiB
	one = asm.I32(1)
)

// trapping is an attack that one call of the host ends.
func trapping(name, module, fn, sig string, args ...[]byte) Attack {
	return Attack{name, does(module, fn, sig, args...), Stopped, fault.ExtensionFailed}
}

// gets is a harmless attack: the host function must give want.
func gets(name string, want int32, module, fn, sig string, args func(g *guest) []byte) Attack {
	return Attack{name, wants(want, module, fn, sig, args), Harmless, errnoName(want)}
}

func errnoName(n int32) fault.Code {
	names := map[int32]fault.Code{abi.EPERM: "EPERM", abi.ELIMIT: "ELIMIT", abi.ETOOBIG: "ETOOBIG", abi.ENOENT: "ENOENT", abi.ETIMEOUT: "ETIMEOUT",
		abi.EUNSUP: "EUNSUP", abi.EIO: "EIO", 0: "success", 8: "WASI's EBADF", 28: "WASI's EINVAL", 76: "WASI's ENOTCAPABLE"}
	return names[n]
}

// Hostile are guests that misuse the host's functions.
func Hostile() []Attack {
	list := append(pointers(), handles()...)
	list = append(list, windows()...)
	list = append(list, graphs()...)
	return append(list, floodsOf()...)
}

func pointers() []Attack {
	list := []Attack{
		trapping("reply out of the memory", core, "reply", "ii:", far, asm.I32(64)),
		{"reply of 4 GiB", does(core, "reply", "ii:", zero, asm.I32(-1)), Stopped, fault.LimitExceeded},
		trapping("reply that wraps", core, "reply", "ii:", asm.I32(-1), asm.I32(2)),
		trapping("log out of the memory", core, "log", "iii:", one, far, asm.I32(64)),
		{"fail with 4 GiB", does(core, "fail", "iii:", one, asm.I32(60<<10), asm.I32(-1)), Stopped, ""},
		trapping("random of 4 GiB", core, "random", "ii:i", zero, asm.I32(-1)),
		trapping("take out of the memory", core, "take", "ii:l", far, asm.I32(64)),
		trapping("WASI random of 4 GiB", wasi, "random_get", "ii:i", zero, asm.I32(-1)),
		trapping("WASI clock into nowhere", wasi, "clock_time_get", "ili:i", zero, asm.I64(0), far),
		trapping("WASI exit", wasi, "proc_exit", "i:", zero),
		trapping("WASI write from nowhere", wasi, "fd_write", "iiii:i", one, far, asm.I32(60), zero),
		trapping("key out of the memory", "cocoon1_kv", "kv_get", "iiiii:l", zero, far, asm.I32(64), zero, zero),
		trapping("value out of the memory", "cocoon1_kv", "kv_put", "iiiiil:i", zero, asm.I32(eventAt), one, far, asm.I32(64), asm.I64(0)),
		trapping("http message out of the memory", "cocoon1_http", "http_fetch", "iiii:l", far, asm.I32(64), zero, zero),
		trapping("http message that is none", "cocoon1_http", "http_fetch", "iiii:l", asm.I32(60<<10), asm.I32(8), zero, zero),
		trapping("message out buffer out of the memory", "cocoon1_msg", "msg_wait", "iiiii:l", zero, zero, one, far, asm.I32(64)),
	}
	return append(list,
		gets("random of a megabyte", abi.ETOOBIG, core, "random", "ii:i", constants(zero, asm.I32(100<<10))),
		gets("WASI write of two billion pieces", 28, wasi, "fd_write", "iiii:i", constants(one, zero, asm.I32(-1), zero)),
		gets("WASI opens a file", 76, wasi, "path_open", "iiiiillii:i", constants(asm.I32(3), zero, zero, asm.I32(4), zero, asm.I64(-1), asm.I64(-1), zero, zero)),
		gets("WASI reads a folder", 8, wasi, "fd_prestat_get", "ii:i", constants(asm.I32(3), zero)),
		gets("WASI accepts", 8, wasi, "sock_accept", "iii:i", constants(asm.I32(3), zero, zero)),
	)
}

func handles() []Attack {
	made := func(code ...[]byte) func(g *guest) {
		return func(g *guest) {
			g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{core, "h_drop", "l:"}, [3]string{tensors, "t_info", "li:i"})
			shape := g.bytes(binary.LittleEndian.AppendUint64(nil, 4))
			at := shape[:len(shape)-len(asm.I32(8))]
			g.locals = "l"
			g.execute = asm.Code(asm.I32(int32(abi.DTypeF32)), one, at, asm.F64(0), g.call(tensors, "t_new", "iiid:l"), asm.I(0x21, 3), asm.Code(code...))
		}
	}
	drop := func(g *guest) []byte { return asm.Code(asm.I(0x20, 3), g.call(core, "h_drop", "l:")) }
	list := []Attack{
		stopped("handle given back twice", fault.ExtensionFailed, func(g *guest) {
			made()(g)
			g.execute = asm.Code(g.execute, drop(g), drop(g))
		}),
		stopped("handle used after it was given back", fault.ExtensionFailed, func(g *guest) {
			made()(g)
			g.execute = asm.Code(g.execute, drop(g), asm.I(0x20, 3), asm.I32(2048), g.call(tensors, "t_info", "li:i"), []byte{0x1a})
		}),
		stopped("handle of another generation", fault.ExtensionFailed, func(g *guest) {
			made()(g)
			g.execute = asm.Code(g.execute, asm.I(0x20, 3), asm.I64(1<<32), []byte{0x7c}, asm.I32(2048), g.call(tensors, "t_info", "li:i"), []byte{0x1a})
		}),
	}
	for _, h := range []struct {
		name string
		h    int64
	}{{"0", 0}, {"1", 1}, {"-1", -1}, {"the highest", 1<<63 - 1}, {"the first of another call", 1 << 32}, {"a far place", 1<<32 | 1<<20}} {
		list = append(list, trapping("guessed handle "+h.name, tensors, "t_info", "li:i", asm.I64(h.h), asm.I32(2048)))
	}
	shape := func(dims ...uint64) func(*guest) []byte {
		return func(g *guest) []byte {
			var b []byte
			for _, d := range dims {
				b = binary.LittleEndian.AppendUint64(b, d)
			}
			at := g.bytes(b)
			at = at[:len(at)-len(asm.I32(int32(len(b))))]
			return asm.Code(asm.I32(int32(abi.DTypeF32)), asm.I32(int32(len(dims))), at, asm.F64(0))
		}
	}
	return append(list,
		trapping("tensor of 9 dimensions", tensors, "t_new", "iiid:l", one, asm.I32(9), zero, asm.F64(0)),
		trapping("tensor of an unknown dtype", tensors, "t_new", "iiid:l", asm.I32(99), zero, zero, asm.F64(0)),
		trapping("tensor of dtype 0", tensors, "t_new", "iiid:l", zero, zero, zero, asm.F64(0)),
		trapping("shape out of the memory", tensors, "t_new", "iiid:l", one, asm.I32(6), far, asm.F64(0)),
		gets("sizes whose product is over 2^63", abi.ETOOBIG, tensors, "t_new", "iiid:l", shape(1<<31-1, 1<<31-1, 1<<31-1)),
		gets("a negative size", abi.ETOOBIG, tensors, "t_new", "iiid:l", shape(1<<63)),
		gets("zero sizes hide large ones", abi.ETOOBIG, tensors, "t_new", "iiid:l", shape(0, 1<<31-1, 1<<31-1)),
		gets("a tensor of 100 GiB", abi.ELIMIT, tensors, "t_new", "iiid:l", shape(100<<10, 512<<10)),
		Attack{"tensors until it fails", build(func(g *guest) {
			g.need([3]string{tensors, "t_new", "iiid:l"})
			args := shape(1 << 20)(g)
			g.execute = asm.Code([]byte{0x03, 0x40}, args, g.call(tensors, "t_new", "iiid:l"), asm.I64(0), []byte{0x59, 0x0d, 0, 0x0b})
		}), Harmless, ""})
}

func windows() []Attack {
	out := func(g *guest, at, size int32) []byte {
		shape := g.bytes(binary.LittleEndian.AppendUint64(nil, 1024))
		shape = shape[:len(shape)-len(asm.I32(8))]
		return asm.Code(one, one, shape, asm.I32(at), asm.I32(size), g.call(tensors, "t_map_out", "iiiii:l"), []byte{0x1a})
	}
	window := func(name string, code func(g *guest) []byte) Attack {
		return stopped(name, fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{tensors, "t_map_out", "iiiii:l"}, [3]string{tensors, "t_commit", "i:l"})
			g.execute = asm.Code(asm.I32(64), []byte{0x40, 0, 0x1a}, code(g))
		})
	}
	const first, page = 4 << 16, 1 << 16 // behind the image
	commit := func(g *guest, at int32) []byte {
		return asm.Code(asm.I32(at), g.call(tensors, "t_commit", "i:l"), []byte{0x1a})
	}
	return []Attack{
		window("window over the first page", func(g *guest) []byte { return out(g, 0, page) }),
		window("window over the image's end", func(g *guest) []byte { return out(g, first-page, 2*page) }),
		window("window at no page's start", func(g *guest) []byte { return out(g, first+16, page) }),
		window("window of no whole page", func(g *guest) []byte { return out(g, first, 5000) }),
		window("window of nothing", func(g *guest) []byte { return out(g, first, 0) }),
		window("window behind the memory", func(g *guest) []byte { return out(g, first+64*page, page) }),
		window("window that wraps", func(g *guest) []byte { return out(g, -page, 2*page) }),
		window("windows that overlap", func(g *guest) []byte { return asm.Code(out(g, first, page), out(g, first, 2*page)) }),
		window("commit without a window", func(g *guest) []byte { return commit(g, first) }),
		window("commit twice", func(g *guest) []byte { return asm.Code(out(g, first, page), commit(g, first), commit(g, first)) }),
		window("commit of another place", func(g *guest) []byte { return asm.Code(out(g, first, 2*page), commit(g, first+page)) }),
		harmless("windows left open", func(g *guest) {
			g.need([3]string{tensors, "t_map_out", "iiiii:l"})
			g.execute = asm.Code(asm.I32(64), []byte{0x40, 0, 0x1a}, out(g, first, page), out(g, first+page, page))
		}),
		harmless("write after commit", func(g *guest) {
			g.need([3]string{tensors, "t_map_out", "iiiii:l"}, [3]string{tensors, "t_commit", "i:l"}, [3]string{tensors, "t_read", "llii:l"})
			g.locals = "l"
			read := asm.Code(asm.I(0x20, 3), asm.I64(0), asm.I32(2048), asm.I32(4), g.call(tensors, "t_read", "llii:l"), []byte{0x1a}, asm.I32(2048), []byte{0x28, 2, 0})
			check := func(want int32) []byte { return asm.Code(read, asm.I32(want), []byte{0x47, 0x04, 0x40, 0x00, 0x0b}) }
			store := func(v int32) []byte { return asm.Code(asm.I32(first), asm.I32(v), []byte{0x36, 2, 0}) }
			g.execute = asm.Code(asm.I32(64), []byte{0x40, 0, 0x1a}, out(g, first, page), store(7), asm.I32(first), g.call(tensors, "t_commit", "i:l"), asm.I(0x21, 3),
				check(7), store(8), check(7))
		}),
	}
}

// graphHead is the head of a t_graph with the given counts.
func graphHead(inputs, instrs, ints, floats, args, outputs uint32) []byte {
	var b []byte
	for _, n := range []uint32{1, inputs, instrs, ints, floats, args, outputs, 0} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	return b
}

func instruction(kind uint16, args, rank byte, argsAt, intsAt uint32, ints uint16) []byte {
	le := binary.LittleEndian
	b := append(le.AppendUint16(nil, kind), args, rank)
	b = le.AppendUint32(le.AppendUint32(b, argsAt), intsAt)
	b = le.AppendUint16(le.AppendUint16(b, ints), 0)
	return le.AppendUint64(le.AppendUint32(le.AppendUint32(b, 0), 0), 0)
}

func graphs() []Attack {
	graph := func(name string, b []byte) Attack {
		return stopped(name, fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{tensors, "t_graph", "iiii:l"})
			g.execute = asm.Code(g.bytes(b), asm.I32(4096), asm.I32(4096), g.call(tensors, "t_graph", "iiii:l"), []byte{0x1a})
		})
	}
	arg := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	join := func(parts ...[]byte) []byte { return asm.Code(parts...) }
	return []Attack{
		graph("graph of no head", []byte{1, 2, 3}),
		graph("graph of another version", append(binary.LittleEndian.AppendUint32(nil, 2), make([]byte, 28)...)),
		graph("graph of two billion instructions", graphHead(0, 1<<31, 0, 0, 0, 0)),
		graph("graph whose counts wrap", graphHead(1<<29, 0, 1<<29, 1<<29, 1<<30, 1<<30)),
		graph("graph that is cut short", graphHead(0, 4, 0, 0, 0, 0)),
		graph("graph that uses what comes later", join(graphHead(0, 1, 0, 0, 1, 0), instruction(abi.TensorNeg, 1, 255, 0, 0, 0), arg(0))),
		graph("graph that uses what is not there", join(graphHead(0, 1, 0, 0, 1, 0), instruction(abi.TensorNeg, 1, 255, 0, 0, 0), arg(1<<32-1))),
		graph("graph whose arguments are out of the pool", join(graphHead(0, 1, 0, 0, 0, 0), instruction(abi.TensorNeg, 1, 255, 1<<31, 0, 0))),
		graph("graph whose constants are out of the pool", join(graphHead(0, 1, 0, 0, 0, 0), instruction(abi.TensorNeg, 0, 255, 0, 1<<32-1, 65535))),
		graph("graph that gives what is not there", join(graphHead(0, 0, 0, 0, 0, 1), arg(7))),
		graph("graph over a guessed handle", join(graphHead(1, 0, 0, 0, 0, 0), make([]byte, 8))),
	}
}

func floodsOf() []Attack {
	over := func(name string, mod []byte) Attack { return Attack{name, mod, Stopped, fault.LimitExceeded} }
	text := func(g *guest, s string) []byte { return g.bytes([]byte(s)) }
	return []Attack{
		over("two million log lines", floods(2_000_000, core, "log", "iii:", one, asm.I32(dataAt), asm.I32(64))),
		over("two million steps of progress", floods(2_000_000, core, "progress", "dd:i", asm.F64(1), asm.F64(2))),
		over("two million questions for the time", floods(2_000_000, core, "now_ms", ":l")),
		over("random for ever", floods(2_000_000, core, "random", "ii:i", zero, asm.I32(60<<10))),
		{"a thousand messages", floods(1000, "cocoon1_msg", "msg_post", "iiiiiiii:i", zero, zero, zero, zero, zero, zero, zero, asm.I32(1000)), Harmless, ""},
		{"300 values in the store", floods(300, "cocoon1_kv", "kv_put", "iiiiil:i", zero, asm.I32(60<<10), one, asm.I32(dataAt), asm.I32(60<<10), asm.I64(0)), Harmless, ""},
		gets("a key of a kilobyte", abi.ETOOBIG, "cocoon1_kv", "kv_get", "iiiii:l", constants(zero, zero, asm.I32(1000), zero, zero)),
		gets("a key of nothing", abi.ETOOBIG, "cocoon1_kv", "kv_get", "iiiii:l", constants(zero, zero, zero, zero, zero)),
		gets("a scope that is not there", abi.ENOENT, "cocoon1_kv", "kv_get", "iiiii:l", constants(asm.I32(9), asm.I32(60<<10), one, zero, zero)),
		gets("a file above the folder", abi.EPERM, "cocoon1_asset", "asset_open", "ii:l", func(g *guest) []byte {
			return g.bytes(message(map[string]any{"type": "input", "subfolder": "../..", "filename": "passwd"}))
		}),
		gets("an event of the core's", abi.EPERM, "cocoon1_ws", "ws_send", "iiii:i", func(g *guest) []byte { return asm.Code(text(g, "executing"), text(g, "{}")) }),
		gets("fetch of the metadata service", abi.EPERM, "cocoon1_http", "http_fetch", "iiii:l", func(g *guest) []byte {
			return asm.Code(g.bytes(message(map[string]any{"method": "GET", "url": "http://169.254.169.254/latest"})), zero, zero)
		}),
		gets("fetch with a header of two lines", abi.EIO, "cocoon1_http", "http_fetch", "iiii:l", func(g *guest) []byte {
			return asm.Code(g.bytes(message(map[string]any{"method": "GET", "url": "http://127.0.0.1/", "headers": map[string]any{"a": "b\r\nc: d"}})), zero, zero)
		}),
		gets("fetch of a granted name that is inside", abi.EPERM, "cocoon1_http", "http_fetch", "iiii:l", func(g *guest) []byte {
			return asm.Code(g.bytes(message(map[string]any{"method": "GET", "url": "http://127.0.0.1:9/inside"})), zero, zero)
		}),
	}
}
