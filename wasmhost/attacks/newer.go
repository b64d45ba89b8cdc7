package attacks

import (
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Host functions by module, name and signature.
var (
	assetCreate = [3]string{"cocoon1_asset", "asset_create", "ii:l"}
	assetWrite  = [3]string{"cocoon1_asset", "asset_write", "lii:l"}
	assetCommit = [3]string{"cocoon1_asset", "asset_commit", "lii:l"}
	assetStore  = [3]string{"cocoon1_asset", "asset_store", "liiii:l"}
	assetRead   = [3]string{"cocoon1_asset", "asset_read", "llii:l"}
	assetOpen   = [3]string{"cocoon1_asset", "asset_open", "ii:l"}
	assetImage  = [3]string{"cocoon1_asset", "asset_image", "li:l"}
	imageSave   = [3]string{"cocoon1_asset", "image_save", "iiii:l"}
	httpStart   = [3]string{"cocoon1_http", "http_start", "ii:l"}
	httpTake    = [3]string{"cocoon1_http", "http_take", "lii:l"}
	httpRead    = [3]string{"cocoon1_http", "http_read", "lii:l"}
	waitAny     = [3]string{core, "wait_any", "iii:l"}
	handleBuild = [3]string{core, "h_build", "iii:l"}
	handleParts = [3]string{core, "h_parts", "lii:l"}
	handleType  = [3]string{core, "h_type", "lii:l"}
	handleMake  = [3]string{core, "h_make", "il:l"}
	handleDrop  = [3]string{core, "h_drop", "l:"}
	tensorNew   = [3]string{tensors, "t_new", "iiid:l"}
	readRect    = [3]string{tensors, "t_read_rect", "liiiiiii:l"}
	wsPost      = [3]string{"cocoon1_ws", "ws_post", "iiiiiii:i"}
	wsImage     = [3]string{"cocoon1_ws", "ws_image", "iiilii:i"}
	msgPost     = [3]string{"cocoon1_msg", "msg_post", "iiiiiiii:i"}
	stateOf     = [3]string{core, "progress_state", "dd:i"}
	previewOf   = [3]string{core, "preview", "liii:i"}
	textOf      = [3]string{core, "progress_text", "ii:"}
	textOfAll   = [3]string{core, "progress_text_all", "ii:"}
	bodyRead    = [3]string{"cocoon1_route", "body_read", "lii:l"}
	replyHead   = [3]string{"cocoon1_route", "reply_head", "ii:i"}
	replyWrite  = [3]string{"cocoon1_route", "reply_write", "ii:l"}
)

// outAt is where newer attacks let the host write.
const outAt = 40 << 10

// drop takes the result off the stack.
var drop = []byte{0x1a}

// do imports a host function and calls it.
func (g *guest) do(f [3]string, args ...[]byte) []byte {
	g.need(f)
	return asm.Code(asm.Code(args...), g.call(f[0], f[1], f[2]))
}

// gives traps unless the i64 of code is want.
func give(want int32, code []byte) []byte { return asm.Code(code, []byte{0xa7}, check(want)) }

// fine traps unless the i64 of code is at least 0.
func fine(code []byte) []byte {
	return asm.Code(code, asm.I64(0), []byte{0x53, 0x04, 0x40, 0x00, 0x0b})
}

// keep puts a result into a local; the newer attacks have 3 to 5 for handles, 6 and 7 to count.
func keep(local uint32, code []byte) []byte { return asm.Code(code, asm.I(0x21, local)) }

func kept(local uint32) []byte { return asm.I(0x20, local) }

// newer makes an attack with locals.
func newer(name string, v Verdict, code fault.Code, do func(g *guest) []byte) Attack {
	return Attack{name, build(func(g *guest) {
		g.locals, g.pages = "lllii", 8
		g.execute = do(g)
	}), v, code}
}

// refuses is an attack on a function that must give an errno.
func refuses(name string, want int32, do func(g *guest) []byte) Attack {
	return newer(name, Harmless, errnoName(want), func(g *guest) []byte { return give(want, do(g)) })
}

// Newer are guests that misuse what came to the contract later: files in the making, exchanges that go on, values that are
// built, pictures and events for others. They are granted more than the others.
func Newer() []Part {
	return []Part{{"Files in the making", drafts}, {"Pictures to save", savedPictures}, {"Exchanges that go on", exchanges}, {"Values built", builtValues}, {"For others", forOthers}}
}

func drafts() []Attack {
	name := func(g *guest, s string) []byte { return g.bytes([]byte(s)) }
	begin := func(g *guest) []byte { return keep(3, fine(dup(g.do(assetCreate, name(g, "a.bin"))))) }
	write := func(g *guest, n int32) []byte { return g.do(assetWrite, kept(3), zero, asm.I32(n)) }
	commit := func(g *guest) []byte { return g.do(assetCommit, kept(3), asm.I32(outAt), asm.I32(4096)) }
	list := []Attack{
		newer("a million files begun and never committed", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return times(6, 1_100_000, g.do(assetCreate, name(g, "a.bin")), drop)
		}),
		refuses("files begun and dropped, over what a call may have", abi.ELIMIT, func(g *guest) []byte {
			return asm.Code(times(6, 256, keep(3, g.do(assetCreate, name(g, "a.bin"))), kept(3), g.do(handleDrop)), g.do(assetCreate, name(g, "a.bin")))
		}),
		refuses("a file of more than a call may have", abi.ELIMIT, func(g *guest) []byte {
			return asm.Code(begin(g), times(6, 5000, write(g, 60<<10), drop), write(g, 60<<10))
		}),
		newer("a file committed twice", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(begin(g), fine(commit(g)), commit(g), drop)
		}),
		newer("a write to a committed file", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(begin(g), fine(commit(g)), write(g, 1), drop)
		}),
		newer("a commit of an open file", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(keep(3, g.do(assetOpen, g.bytes(message(map[string]any{"type": "input", "filename": "a.png"})))), commit(g), drop)
		}),
		newer("a commit into nowhere", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(begin(g), g.do(assetCommit, kept(3), far, asm.I32(64)), drop)
		}),
		newer("a write from nowhere", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(begin(g), g.do(assetWrite, kept(3), far, asm.I32(64)), drop)
		}),
		newer("a file's name that is no UTF-8", Stopped, fault.ExtensionFailed, func(g *guest) []byte { return asm.Code(g.do(assetCreate, name(g, "a\xff")), drop) }),
		newer("a file in the making that is read", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(begin(g), g.do(assetRead, kept(3), asm.I64(0), asm.I32(outAt), asm.I32(16)), drop)
		}),
		refuses("a file in the making that is stored", abi.EUNSUP, func(g *guest) []byte {
			return asm.Code(begin(g), g.do(assetStore, kept(3), name(g, "b.bin"), asm.I32(outAt), asm.I32(4096)))
		}),
		newer("files left in the making", Harmless, "", func(g *guest) []byte {
			return times(6, 100, keep(3, g.do(assetCreate, name(g, "a.bin"))), write(g, 1000), drop)
		}),
		newer("a file of nothing", Harmless, "success", func(g *guest) []byte { return asm.Code(begin(g), fine(commit(g))) }),
	}
	for _, s := range []string{"", ".", "..", "../a", "/etc/passwd", "a/b", `a\b`, ".ssh", "a:stream", "a\x00.png", strings.Repeat("a", 256), "<img src=x onerror=alert(1)>", "a\nb.png", "gpj.\u202epng", "a?.png", "a."} {
		list = append(list, refuses("a file called "+shown(s), abi.EUNSUP, func(g *guest) []byte { return g.do(assetCreate, name(g, s)) }))
	}
	return list
}

func shown(s string) string {
	if len(s) > 40 {
		return "by 256 letters"
	}
	return `"` + printable(s) + `"`
}

// dup gives the i64 of code twice, by local 5.
func dup(code []byte) []byte { return asm.Code(code, asm.I(0x22, 5), kept(5)) }

// picture makes a tensor of F32 and of it an image, whose handle is kept in a local.
func picture(g *guest, local uint32, dims ...uint64) []byte {
	made := g.do(tensorNew, one, asm.I32(int32(len(dims))), g.numbers(dims...), asm.F64(0.5))
	return keep(local, asm.Code(asm.I32(int32(abi.KindImage)), made, g.do(handleMake)))
}

// firstHandle is the handle of a call's second value, the first of a call being its tensor.
var firstHandle = abi.Handle{Kind: abi.KindImage, ID: 1<<32 | 1}

func savedPictures() []Attack {
	save := func(g *guest, m map[string]any) []byte {
		if m["image"] == nil {
			m["image"] = firstHandle
		}
		return g.do(imageSave, g.bytes(message(m)), asm.I32(outAt), asm.I32(8192))
	}
	row := func(name string, want int32, m map[string]any) Attack {
		return refuses(name, want, func(g *guest) []byte { return asm.Code(picture(g, 3, 1, 8, 8, 3), save(g, m)) })
	}
	many := map[string]any{}
	for i := range 65 {
		many["k"+string(rune('a'+i/26))+string(rune('a'+i%26))] = "v"
	}
	noise := func(name, format string, channels int) Attack {
		return newer(name, Harmless, "", func(g *guest) []byte {
			dims := []int{1, 96, 96, channels}
			run := g.do([3]string{tensors, "t_graph", "iiii:l"}, g.bytes(uniform(dims)), asm.I32(48<<10), asm.I32(64))
			return asm.Code(run, drop, asm.I32(int32(abi.KindImage)), asm.I32(48<<10), []byte{0x29, 3, 0}, g.do(handleMake), drop, save(g, map[string]any{"name": "a", "format": format}), drop)
		})
	}
	return []Attack{
		row("a picture called ../a", abi.EUNSUP, map[string]any{"name": "../a"}), row("a picture called .png", abi.EUNSUP, map[string]any{"name": ".png"}),
		row("a picture of another format", abi.EUNSUP, map[string]any{"name": "a", "format": "exe"}), row("a picture of quality 1,000", abi.EUNSUP, map[string]any{"name": "a", "format": "jpeg", "quality": int64(1000)}),
		row("a picture with 65 texts", abi.EUNSUP, map[string]any{"name": "a", "text": many}), row("a picture with a text that is a number", abi.EUNSUP, map[string]any{"name": "a", "text": map[string]any{"k": int64(1)}}),
		row("a picture of a guessed handle", abi.EUNSUP, map[string]any{"name": "a", "image": abi.Handle{Kind: abi.KindImage, ID: 7 << 32}}),
		row("a picture of a tensor", abi.EUNSUP, map[string]any{"name": "a", "image": abi.Handle{Kind: abi.KindTensor, ID: 1 << 32}}),
		noise("noise as a WebP", "webp", 3), noise("noise with alpha as a WebP", "webp", 4), noise("noise as a JPEG", "jpeg", 1), noise("noise as a PNG", "png", 2),
		newer("WebPs without end", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 256, 256, 3), loop(save(g, map[string]any{"name": "a", "format": "webp"}), drop))
		}),
		newer("a WebP of four megapixels", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 2048, 2048, 1), save(g, map[string]any{"name": "a", "format": "webp"}), drop)
		}),
		newer("a batch of 300 pictures", Harmless, "", func(g *guest) []byte {
			return asm.Code(picture(g, 3, 300, 4, 4, 1), save(g, map[string]any{"name": "a"}), drop)
		}),
		refuses("a file that is no picture", abi.EUNSUP, func(g *guest) []byte {
			return g.do(assetImage, g.do(assetOpen, g.bytes(message(map[string]any{"type": "input", "filename": "a.png"}))), zero)
		}),
	}
}
