package attacks

import (
	"encoding/binary"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Storms are guests that let an instruction or a host function do much work at once, or let it wait.
func Storms() []Attack {
	list := append(segmentStorms(), hostStorms()...)
	return append(list, waits()...)
}

// grow makes the memory larger by pages.
func grow(pages int32) []byte { return asm.Code(asm.I32(pages), []byte{0x40, 0, 0x1a}) }

// loop repeats code for ever.
func loop(code ...[]byte) []byte {
	return asm.Code([]byte{0x03, 0x40}, asm.Code(code...), []byte{0x0c, 0, 0x0b})
}

func segmentStorms() []Attack {
	fill := asm.Code(zero, zero, asm.I32(200<<20), asm.I(0xfc, 11, 0))
	straight := grow(3600)
	for range 400 {
		straight = append(straight, fill...)
	}
	return []Attack{
		stopped("memory.init storm", fault.LimitExceeded, func(g *guest) {
			g.m.Count = true
			g.execute = loop(asm.I32(64<<10), zero, asm.I32(100<<10), asm.I(0xfc, 8, 1, 0))
			g.m.Passive(make([]byte, 100<<10))
		}),
		stopped("table.init storm", fault.LimitExceeded, func(g *guest) {
			g.m.Table(60_000)
			f := slices.Repeat([]uint32{g.m.Func(":", "")}, 60_000)
			g.m.PassiveElem(f...)
			g.execute = loop(zero, zero, asm.I32(60_000), asm.I(0xfc, 12, 0, 0))
		}),
		stopped("400 fills of 200 MiB without a loop", fault.LimitExceeded, func(g *guest) { g.execute = straight }),
		stopped("a fill of four gigabytes", fault.ExtensionFailed, func(g *guest) {
			g.execute = asm.Code(zero, zero, asm.I32(-1), asm.I(0xfc, 11, 0))
		}),
		harmless("touches all the memory it may have", func(g *guest) {
			g.execute = asm.Code(grow(4092), asm.I32(4<<16), asm.I32(-1), asm.I32(250<<20), asm.I(0xfc, 11, 0))
		}),
		refused("start recurses", fault.LimitExceeded, func(g *guest) {
			f := uint32(len(g.imports))
			g.m.Start, g.m.HasStart = int(g.m.Func(":", "", asm.I(0x10, f))), true
		}),
		refused("a call tree in _initialize", fault.LimitExceeded, func(g *guest) {
			last := g.m.Func(":", "")
			for range 34 {
				last = g.m.Func(":", "", asm.I(0x10, last), asm.I(0x10, last))
			}
			g.m.Export("_initialize", 0, last)
		}),
		refused("start exits", fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{wasi, "proc_exit", "i:"})
			g.m.Start, g.m.HasStart = int(g.m.Func(":", "", zero, g.call(wasi, "proc_exit", "i:"))), true
		}),
		refused("cocoon_buf spins", fault.LimitExceeded, func(g *guest) { g.buffer = forever }),
		refused("cocoon_abi of another major", fault.Unsupported, func(g *guest) { g.version = 2 << 16 }),
		refused("cocoon_buf out of the memory", fault.ExtensionFailed, func(g *guest) { g.request = -64 }),
	}
}

// hostStorms are calls that cost the host far more than the guest.
func hostStorms() []Attack {
	storm := func(name, module, fn, sig string, args ...[]byte) Attack {
		return stopped(name, fault.LimitExceeded, func(g *guest) {
			g.need([3]string{module, fn, sig})
			call := asm.Code(asm.Code(args...), g.call(module, fn, sig))
			if sig[len(sig)-1] != ':' {
				call = append(call, 0x1a)
			}
			g.execute = asm.Code(grow(3600), loop(call))
		})
	}
	const large = 200 << 20
	far := asm.I32(8 << 20)
	return []Attack{
		trapping("a key of 200 KiB", "cocoon1_kv", "kv_list", "iiiii:l", zero, zero, asm.I32(200<<10), zero, zero),
		trapping("a topic of 200 KiB", "cocoon1_msg", "msg_wait", "iiiii:l", zero, asm.I32(200<<10), zero, zero, zero),
		trapping("an event type of 200 KiB", "cocoon1_ws", "ws_send", "iiii:i", zero, asm.I32(200<<10), zero, zero),
		storm("values of 200 MiB", "cocoon1_kv", "kv_put", "iiiiil:i", zero, asm.I32(eventAt), one, far, asm.I32(large), asm.I64(0)),
		storm("comparisons of 200 MiB", "cocoon1_kv", "kv_cas", "iiiiiii:i", zero, asm.I32(eventAt), one, far, asm.I32(large), far, asm.I32(large)),
		storm("writes to the store for ever", "cocoon1_kv", "kv_put", "iiiiil:i", zero, asm.I32(60<<10), one, far, asm.I32(200<<10), asm.I64(0)),
		storm("events of 200 MiB", "cocoon1_ws", "ws_send", "iiii:i", asm.I32(dataAt), zero, far, asm.I32(large)),
		storm("messages of 200 MiB", "cocoon1_msg", "msg_post", "iiiiiiii:i", zero, zero, zero, zero, zero, zero, far, asm.I32(large)),
		storm("replies without end", core, "reply", "ii:", far, asm.I32(4<<20)),
		storm("log without end", core, "log", "iii:", one, far, asm.I32(large)),
		messageStorm(),
		viewStorm("copies of a view", core, "h_make", "il:l", asm.I32(int32(abi.KindImage)), asm.I(0x20, 3)),
		viewStorm("reads of a view", tensors, "t_read", "llii:l", asm.I(0x20, 3), asm.I64(0), asm.I32(2048), one),
	}
}

// messageStorm lets the host decode a large message again and again.
func messageStorm() Attack {
	many := make([]any, 30_000)
	for i := range many {
		many[i] = int64(i)
	}
	return stopped("messages to decode without end", fault.LimitExceeded, func(g *guest) {
		g.need([3]string{"cocoon1_asset", "asset_open", "ii:l"})
		b := message(map[string]any{"type": "nowhere", "x": many})
		g.m.Data(8<<20, b)
		g.pages = 140
		g.execute = loop(asm.I32(8<<20), asm.I32(int32(len(b))), g.call("cocoon1_asset", "asset_open", "ii:l"), []byte{0x1a})
	})
}

// viewStorm uses a view of [1, 2048, 2048, 3] in another order, which the host must copy, again and again. Local 3 is its
// handle.
func viewStorm(name, module, fn, sig string, args ...[]byte) Attack {
	return stopped(name, fault.LimitExceeded, func(g *guest) {
		g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{tensors, "t_permute", "lii:l"}, [3]string{module, fn, sig}, [3]string{core, "h_drop", "l:"})
		g.locals = "ll"
		at := g.numbers(1, 2048, 2048, 3)
		order := g.bytes([]byte{0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0})
		order = order[:len(order)-len(asm.I32(16))]
		g.execute = asm.Code(one, asm.I32(4), at, asm.F64(0), g.call(tensors, "t_new", "iiid:l"), asm.I(0x21, 3),
			asm.I(0x20, 3), order, asm.I32(4), g.call(tensors, "t_permute", "lii:l"), asm.I(0x21, 3),
			loop(asm.Code(args...), g.call(module, fn, sig), []byte{0x1a}))
	})
}

// numbers puts 64-bit numbers into the memory and gives their address as code.
func (g *guest) numbers(ns ...uint64) []byte {
	var b []byte
	for _, n := range ns {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	at := g.bytes(b)
	return at[:len(at)-len(asm.I32(int32(len(b))))]
}

// waits are guests that sleep and wait. Tests give them little time for it.
func waits() []Attack {
	forever := func(name, module, fn, sig string, args ...[]byte) Attack {
		return stopped(name, fault.LimitExceeded, func(g *guest) {
			g.need([3]string{module, fn, sig})
			g.execute = loop(asm.Code(args...), g.call(module, fn, sig), []byte{0x1a})
		})
	}
	clock := func(g *guest) []byte { // a subscription to a clock, 10 years from now
		b := make([]byte, 48)
		binary.LittleEndian.PutUint32(b[16:], 1)
		binary.LittleEndian.PutUint64(b[24:], 10*365*24*3600*1e9)
		at := g.bytes(b)
		return at[:len(at)-len(asm.I32(48))]
	}
	return []Attack{
		forever("sleeps for ever", core, "sleep_ms", "i:i", asm.I32(-1)),
		forever("waits for a message for ever", "cocoon1_msg", "msg_wait", "iiiii:l", zero, zero, asm.I32(-1), zero, zero),
		stopped("poll_oneoff of ten years, again and again", fault.LimitExceeded, func(g *guest) {
			g.need([3]string{wasi, "poll_oneoff", "iiii:i"})
			g.execute = loop(clock(g), asm.I32(4096), one, asm.I32(8192), g.call(wasi, "poll_oneoff", "iiii:i"), []byte{0x1a})
		}),
		refused("_initialize sleeps", fault.LimitExceeded, func(g *guest) {
			g.need([3]string{core, "sleep_ms", "i:i"})
			g.m.Export("_initialize", 0, g.m.Func(":", "", loop(asm.I32(-1), g.call(core, "sleep_ms", "i:i"), []byte{0x1a})))
		}),
		refused("start polls for ten years", fault.LimitExceeded, func(g *guest) {
			g.need([3]string{wasi, "poll_oneoff", "iiii:i"})
			g.m.Start, g.m.HasStart = int(g.m.Func(":", "", loop(clock(g), asm.I32(4096), one, asm.I32(8192), g.call(wasi, "poll_oneoff", "iiii:i"), []byte{0x1a}))), true
		}),
		harmless("poll_oneoff of no clocks", func(g *guest) {
			g.need([3]string{wasi, "poll_oneoff", "iiii:i"})
			g.execute = asm.Code(zero, zero, zero, zero, g.call(wasi, "poll_oneoff", "iiii:i"), []byte{0x1a})
		}),
	}
}
