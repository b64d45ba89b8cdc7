package attacks

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Streams are guests whose route POST /r answers a request that has a body without an end.
func Streams() []Attack {
	answer := func(name string, v Verdict, do func(g *guest) []byte) Attack {
		code := fault.Code("")
		if v == Stopped {
			code = fault.ExtensionFailed
		}
		return Attack{name, build(func(g *guest) {
			g.locals, g.pages = "lllii", 8
			g.describe = message(map[string]any{"nodes": []any{attackNode}, "routes": []any{map[string]any{"method": "POST", "path": "/r"}}})
			g.on[abi.OpRoute] = asm.Code(do(g), g.bytes(message(map[string]any{"body": "done"})), g.call("cocoon1", "reply", "ii:"))
		}), v, code}
	}
	const first = 1 << 32 // the body's handle: the first of the call
	head := func(g *guest, m any) []byte { return g.do(replyHead, g.bytes(message(m))) }
	plain := map[string]any{"headers": map[string]any{"content-type": "text/plain"}}
	events := map[string]any{"headers": map[string]any{"content-type": "text/event-stream"}}
	header := func(name, value string) map[string]any {
		return map[string]any{"headers": map[string]any{name: value}}
	}
	write := func(g *guest, n int32) []byte { return g.do(replyWrite, asm.I32(64<<10), asm.I32(n)) }
	heads := func(name string, want int32, m any) Attack {
		return answer(name, Harmless, func(g *guest) []byte { return asm.Code(head(g, m), check(want)) })
	}
	reads := func(g *guest) []byte {
		return g.do(bodyRead, asm.I64(first), asm.I32(64<<10), asm.I32(64<<10))
	}
	return []Attack{
		answer("a body that is read for ever", Harmless, func(g *guest) []byte {
			return asm.Code([]byte{0x03, 0x40}, keep(3, reads(g)), kept(3), asm.I64(0), []byte{0x55, 0x0d, 0, 0x0b}, kept(3), []byte{0xa7}, check(abi.ETOOBIG))
		}),
		answer("a body at a guessed handle", Stopped, func(g *guest) []byte { return asm.Code(g.do(bodyRead, asm.I64(7<<32), asm.I32(64<<10), one), drop) }),
		answer("a body into nowhere", Stopped, func(g *guest) []byte { return asm.Code(g.do(bodyRead, asm.I64(first), far, asm.I32(64)), drop) }),
		answer("a body that was given back", Stopped, func(g *guest) []byte { return asm.Code(asm.I64(first), g.do(handleDrop), reads(g), drop) }),
		answer("a body that goes to a server and is read", Harmless, func(g *guest) []byte {
			send := g.do(httpStart, g.bytes(message(map[string]any{"method": "POST", "url": "http://api.test/slow", "body": abi.Handle{Kind: abi.KindBody, ID: first}})))
			return asm.Code(fine(send), give(abi.ECONFLICT, reads(g)))
		}),
		answer("a body that is stored", Harmless, func(g *guest) []byte {
			return give(abi.ETOOBIG, g.do(assetStore, asm.I64(first), g.bytes([]byte("a.bin")), asm.I32(outAt), asm.I32(4096)))
		}),
		answer("a part before the head", Harmless, func(g *guest) []byte { return give(abi.EUNSUP, write(g, 10)) }),
		answer("a head after the body", Harmless, func(g *guest) []byte {
			return asm.Code(head(g, plain), check(0), fine(write(g, 10)), head(g, map[string]any{"status": int64(500)}), check(abi.ECONFLICT))
		}),
		answer("two thousand heads", Harmless, func(g *guest) []byte { return times(6, 2000, head(g, plain), drop) }),
		answer("parts of nothing, again and again", Harmless, func(g *guest) []byte { return asm.Code(head(g, plain), check(0), times(6, 2000, write(g, 0), drop)) }),
		answer("an answer over its bound", Harmless, func(g *guest) []byte {
			return asm.Code(head(g, plain), check(0), times(6, 1100, write(g, 60<<10), drop), give(abi.ELIMIT, write(g, 60<<10)))
		}),
		answer("an answer that does not end", Stopped, func(g *guest) []byte { return asm.Code(head(g, events), check(0), loop(write(g, 1), drop)) }),
		answer("an answer that says nothing more", Stopped, func(g *guest) []byte {
			return asm.Code(head(g, events), check(0), loop(g.do([3]string{core, "sleep_ms", "i:i"}, asm.I32(1000)), drop))
		}),
		answer("an answer from nowhere", Stopped, func(g *guest) []byte {
			return asm.Code(head(g, plain), check(0), g.do(replyWrite, far, asm.I32(64)), drop)
		}),
		answer("a head that is no map", Stopped, func(g *guest) []byte { return asm.Code(head(g, []any{}), drop) }),
		heads("a head with a header of two lines", abi.EUNSUP, header("x-ext-a", "b\r\nset-cookie: c=d")), heads("a head with a type of two lines", abi.EUNSUP, header("content-type", "text/html\r\n\r\n<script>")),
		heads("a head of status 100", abi.EUNSUP, map[string]any{"status": int64(100)}), heads("a head of status 0x10000c8", abi.EUNSUP, map[string]any{"status": int64(0x10000c8)}),
		heads("a head with a number for a header", abi.EUNSUP, map[string]any{"headers": map[string]any{"etag": int64(1)}}),
		heads("a head with a cookie", 0, header("set-cookie", "session=1")), heads("a head with a policy of its own", 0, header("content-security-policy", "default-src *")),
		heads("a head with a length of its own", 0, header("content-length", "5")), heads("a head that is coded", 0, header("transfer-encoding", "chunked")),
		heads("a head for the caches of all", 0, header("cache-control", "public, s-maxage=86400")),
	}
}
