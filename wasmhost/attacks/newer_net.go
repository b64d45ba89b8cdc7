package attacks

import (
	"encoding/binary"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// uniform is the t_graph that makes noise of a shape.
func uniform(dims []int) []byte {
	le := binary.LittleEndian
	b := graphHead(0, 1, uint32(3+len(dims)), 0, 0, 1)
	i := instruction(abi.TensorUniform, 0, byte(len(dims)), 0, 0, 3)
	le.PutUint32(i[abi.GraphInstrShapeAt:], 3)
	b = append(b, i...)
	for _, v := range append([]int{1, 2, 3}, dims...) {
		b = le.AppendUint64(b, uint64(v))
	}
	return le.AppendUint32(b, 0)
}

// exchanges are with a server that misleads; it is called api.test.
func exchanges() []Attack {
	start := func(g *guest, path string) []byte {
		return g.do(httpStart, g.bytes(message(map[string]any{"method": "GET", "url": "http://api.test" + path})))
	}
	take := func(g *guest) []byte { return g.do(httpTake, kept(3), asm.I32(outAt), asm.I32(8192)) }
	read := func(g *guest) []byte { return g.do(httpRead, kept(3), asm.I32(64<<10), asm.I32(64<<10)) }
	wait := func(g *guest, count, ms int32) []byte {
		return g.do(waitAny, asm.I32(outAt), asm.I32(count), asm.I32(ms))
	}
	put := func(place int32, local uint32) []byte {
		return asm.Code(asm.I32(outAt+8*place), kept(local), []byte{0x37, 3, 0})
	}
	readAll := func(g *guest) []byte { // leaves the last result in local 4
		return asm.Code([]byte{0x03, 0x40}, read(g), asm.I(0x22, 4), asm.I64(0), []byte{0x55, 0x0d, 0, 0x0b})
	}
	body := func(name string, want int32, handle func(g *guest) []byte, x abi.Handle) Attack {
		return refuses(name, want, func(g *guest) []byte {
			return asm.Code(handle(g), g.do(httpStart, g.bytes(message(map[string]any{"method": "POST", "url": "http://api.test/ok", "body": x}))))
		})
	}
	return []Attack{
		refuses("two thousand exchanges at once", abi.ELIMIT, func(g *guest) []byte { return asm.Code(times(6, 2000, start(g, "/slow"), drop), start(g, "/slow")) }),
		newer("exchanges begun and dropped", Harmless, "", func(g *guest) []byte {
			return times(6, 16, keep(3, start(g, "/slow")), kept(3), g.do(handleDrop))
		}),
		newer("exchanges left open", Harmless, "", func(g *guest) []byte { return times(6, 8, start(g, "/slow"), drop) }),
		newer("an answer that begins and does not go on", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/slow")), loop(read(g), drop))
		}),
		newer("waits for an answer for ever", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/silent")), put(0, 3), loop(wait(g, 1, -1), drop))
		}),
		newer("an exchange that was given back is read", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/ok")), kept(3), g.do(handleDrop), read(g), drop)
		}),
		newer("a wait for one that was given back", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/ok")), put(0, 3), kept(3), g.do(handleDrop), wait(g, 1, 1), drop)
		}),
		newer("a head that is taken as a tensor", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/ok")), g.do([3]string{tensors, "t_info", "li:i"}, kept(3), asm.I32(outAt)), drop)
		}),
		newer("a tensor that is taken as a head", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(keep(3, g.do(tensorNew, one, zero, zero, asm.F64(0))), take(g), drop)
		}),
		refuses("a wait for none", abi.EUNSUP, func(g *guest) []byte { return wait(g, 0, 1) }),
		refuses("a wait for 65", abi.EUNSUP, func(g *guest) []byte { return wait(g, 65, 1) }),
		refuses("a wait for two billion", abi.EUNSUP, func(g *guest) []byte { return wait(g, math.MaxInt32, 1) }),
		refuses("a wait for a tensor", abi.EUNSUP, func(g *guest) []byte {
			return asm.Code(keep(3, g.do(tensorNew, one, zero, zero, asm.F64(0))), put(0, 3), wait(g, 1, 1))
		}),
		newer("a wait for one and the same, 64 times", Harmless, "success", func(g *guest) []byte {
			code := keep(3, start(g, "/ok"))
			for i := range int32(64) {
				code = append(code, put(i, 3)...)
			}
			return asm.Code(code, give(0, wait(g, 64, 10_000)))
		}),
		newer("a head taken twice", Harmless, "success", func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/ok")), fine(take(g)), fine(take(g)))
		}),
		refuses("200 MiB in a gzip, piece by piece", abi.ETOOBIG, func(g *guest) []byte { return asm.Code(keep(3, start(g, "/bomb")), readAll(g), kept(4)) }),
		refuses("an answer of 64 MiB, piece by piece", abi.ETOOBIG, func(g *guest) []byte { return asm.Code(keep(3, start(g, "/long")), readAll(g), kept(4)) }),
		refuses("an answer of 64 MiB that is stored", abi.ETOOBIG, func(g *guest) []byte {
			return asm.Code(keep(3, start(g, "/long")), g.do(assetStore, kept(3), g.bytes([]byte("a.bin")), asm.I32(outAt), asm.I32(4096)))
		}),
		refuses("an exchange that leads to the metadata service", abi.EPERM, func(g *guest) []byte { return asm.Code(keep(3, start(g, "/meta")), take(g)) }),
		refuses("an exchange in circles", abi.EPERM, func(g *guest) []byte { return asm.Code(keep(3, start(g, "/self")), take(g)) }),
		body("an exchange as the body of another", abi.EUNSUP, func(g *guest) []byte { return asm.Code(start(g, "/slow"), drop) }, abi.Handle{Kind: abi.KindRequest, ID: 1 << 32}),
		body("a guessed handle as a body", abi.EUNSUP, func(*guest) []byte { return nil }, abi.Handle{Kind: abi.KindAsset, ID: 9 << 32}),
		body("a file in the making as a body", abi.EUNSUP, func(g *guest) []byte { return asm.Code(g.do(assetCreate, g.bytes([]byte("a.bin"))), drop) }, abi.Handle{Kind: abi.KindDraft, ID: 1 << 32}),
	}
}

func builtValues() []Attack {
	made := func(g *guest, dims ...uint64) []byte {
		return keep(3, g.do(tensorNew, one, asm.I32(int32(len(dims))), g.numbers(dims...), asm.F64(0)))
	}
	const latent, audio = int32(abi.KindLatent), int32(abi.KindAudio)
	first := abi.Handle{Kind: abi.KindTensor, ID: 1 << 32}
	build := func(name string, kind int32, m map[string]any) Attack {
		return refuses(name, abi.EUNSUP, func(g *guest) []byte {
			return asm.Code(made(g, 1, 4, 8, 8), g.do(handleBuild, asm.I32(kind), g.bytes(message(m))))
		})
	}
	raw := func(name string, b []byte) Attack {
		return newer(name, Stopped, fault.ExtensionFailed, func(g *guest) []byte { return asm.Code(g.do(handleBuild, asm.I32(latent), g.bytes(b)), drop) })
	}
	many := make([]any, 60_000)
	for i := range many {
		many[i] = int64(1)
	}
	deep := []byte{0xa1, 0x61, 'a'}
	for range 5000 {
		deep = append(deep, 0x81)
	}
	return []Attack{
		raw("a value nested 5,000 deep", append(deep, 0)),
		raw("a value that is no map", message([]any{})),
		build("a model built from nothing", int32(abi.KindOpaque), map[string]any{}), build("a picture built from parts", int32(abi.KindImage), map[string]any{"image": first}),
		build("a latent of nothing", latent, map[string]any{}), build("a latent of a guessed handle", latent, map[string]any{"samples": abi.Handle{Kind: abi.KindTensor, ID: 9 << 32}}),
		build("a latent of a handle of another kind", latent, map[string]any{"samples": abi.Handle{Kind: abi.KindAsset, ID: 1 << 32}}), build("a latent of a text", latent, map[string]any{"samples": "x"}),
		build("a latent based on a tensor", latent, map[string]any{"base": first, "samples": first}), build("a latent with a negative index", latent, map[string]any{"samples": first, "batch_index": []any{int64(-1)}}),
		build("a latent with texts as an index", latent, map[string]any{"samples": first, "batch_index": []any{"x"}}), build("audio of four dimensions", audio, map[string]any{"waveform": first, "sample_rate": int64(44100)}),
		build("audio without a rate", audio, map[string]any{"waveform": first}), build("audio of a trillion samples a second", audio, map[string]any{"waveform": first, "sample_rate": int64(1e12)}),
		newer("a latent with an index of 60,000", Harmless, "success", func(g *guest) []byte {
			return asm.Code(made(g, 1, 4, 8, 8), fine(g.do(handleBuild, asm.I32(latent), g.bytes(message(map[string]any{"samples": first, "batch_index": many})))))
		}),
		newer("latents without end", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(made(g, 1, 4, 8, 8), loop(g.do(handleBuild, asm.I32(latent), g.bytes(message(map[string]any{"samples": first}))), drop))
		}),
		refuses("parts until there are no handles", abi.ELIMIT, func(g *guest) []byte {
			parts := g.do(handleParts, kept(4), asm.I32(outAt), asm.I32(4096))
			return asm.Code(made(g, 1, 4, 8, 8), keep(4, g.do(handleBuild, asm.I32(latent), g.bytes(message(map[string]any{"samples": first})))), times(6, 300, parts, drop), parts)
		}),
		refuses("the parts of a tensor", abi.EUNSUP, func(g *guest) []byte {
			return asm.Code(made(g, 4), g.do(handleParts, kept(3), asm.I32(outAt), asm.I32(64)))
		}),
		newer("the parts of a guessed handle", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(g.do(handleParts, asm.I64(1<<32), asm.I32(outAt), asm.I32(64)), drop)
		}),
		newer("the type of a guessed handle", Stopped, fault.ExtensionFailed, func(g *guest) []byte {
			return asm.Code(g.do(handleType, asm.I64(5<<32), asm.I32(outAt), asm.I32(64)), drop)
		}),
		newer("two billion empty rows of a picture", Harmless, "success", func(g *guest) []byte {
			row := []byte{}
			for range 6 {
				row = append(row, give(0, g.do(readRect, kept(3), zero, zero, zero, asm.I32(math.MaxInt32), zero, asm.I32(outAt), zero))...)
			}
			return asm.Code(made(g, 1, math.MaxInt32, 0, 1), row)
		}),
		newer("a column of a picture, again and again", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(made(g, 1, 60_000, 1, 1), loop(g.do(readRect, kept(3), zero, zero, zero, asm.I32(50_000), one, asm.I32(0x40000), asm.I32(200_000)), drop))
		}),
	}
}

func forOthers() []Attack {
	text := func(g *guest, s string) []byte { return g.bytes([]byte(s)) }
	post := func(g *guest, target int32, id, kind, data string) []byte {
		return g.do(wsPost, asm.I32(target), text(g, id), text(g, kind), text(g, data))
	}
	posts := func(name string, want, target int32, id, kind, data string) Attack {
		return newer(name, Harmless, errnoName(want), func(g *guest) []byte { return asm.Code(post(g, target, id, kind, data), check(want)) })
	}
	shows := func(name string, want, target int32, id string, format int32) Attack {
		return newer(name, Harmless, errnoName(want), func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 8, 8, 3), g.do(wsImage, asm.I32(target), text(g, id), kept(3), zero, asm.I32(format)), check(want))
		})
	}
	line := func(name string, f [3]string, s string) Attack {
		return newer(name, Harmless, "", func(g *guest) []byte { return g.do(f, text(g, s)) })
	}
	return []Attack{
		line("a line that is a script", textOf, "<img src=x onerror=alert(1)>"), line("a line for all that is a script", textOfAll, "x<svg/onload=alert(1)>"),
		newer("previews of a pixel, made large, without end", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 1, 1, 3), loop(g.do(previewOf, kept(3), asm.I32(4096), one, zero), drop))
		}),
		newer("100,000 events for all clients", Harmless, "", func(g *guest) []byte {
			return times(6, 100_000, g.do(wsPost, asm.I32(2), zero, zero, asm.I32(eventAt), asm.I32(4), asm.I32(eventAt+8), asm.I32(2)), drop)
		}),
		newer("20,000 pictures for all clients", Harmless, "", func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 16, 16, 3), times(6, 20_000, g.do(wsImage, asm.I32(2), zero, zero, kept(3), zero, zero), drop))
		}),
		posts("an event for a target that is not there", abi.EUNSUP, 9, "", "mine", "{}"), posts("an event for a prompt of nobody's", abi.ENOENT, 1, "prompt-of-b", "mine", "{}"),
		posts("an event for the asker, who is not there", abi.ENOENT, 0, "", "mine", "{}"), posts("an event of the core's for all", abi.EPERM, 2, "", "executing", "{}"),
		posts("an event of no object for all", abi.EUNSUP, 2, "", "mine", "[1]"),
		newer("an event for a client by markup", Harmless, "", func(g *guest) []byte { return asm.Code(post(g, 0, "<b>\r\n", "mine", "{}"), drop) }),
		shows("a picture for a prompt of nobody's", abi.ENOENT, 1, "prompt-of-b", 0), shows("a picture of another format for all", abi.EUNSUP, 2, "", 7), shows("a picture for a target that is not there", abi.EUNSUP, -1, "", 0),
		newer("a tensor shown as a picture", Harmless, "EUNSUP", func(g *guest) []byte {
			return asm.Code(keep(3, g.do(tensorNew, one, zero, zero, asm.F64(0))), g.do(wsImage, asm.I32(2), zero, zero, kept(3), zero, zero), check(abi.EUNSUP))
		}),
		newer("a message for a prompt of another tenant", Harmless, "success", func(g *guest) []byte {
			return asm.Code(g.do(msgPost, text(g, "prompt-of-b"), text(g, "n"), asm.I32(eventAt), asm.I32(4), text(g, "x")), check(0))
		}),
		newer("two million states of progress", Stopped, fault.LimitExceeded, func(g *guest) []byte { return times(6, 2_000_000, g.do(stateOf, asm.F64(1), asm.F64(2)), drop) }),
		newer("states of progress that are no numbers", Harmless, "", func(g *guest) []byte {
			return asm.Code(g.do(stateOf, asm.F64(math.NaN()), asm.F64(math.Inf(1))), drop, g.do(stateOf, asm.F64(math.Inf(-1)), asm.F64(math.NaN())), drop)
		}),
		newer("previews of a megapixel without end", Stopped, fault.LimitExceeded, func(g *guest) []byte {
			return asm.Code(picture(g, 3, 1, 1024, 1024, 3), loop(g.do(previewOf, kept(3), zero, zero, zero), drop))
		}),
		{"a state that is a handle", replies(message(map[string]any{"retry_after_ms": int64(0), "state": abi.Handle{Kind: abi.KindTensor, ID: 1 << 32}})), Stopped, ""},
		{"a state that is a map", replies(message(map[string]any{"retry_after_ms": int64(0), "state": map[string]any{}})), Stopped, ""},
		{"a state of 60,000 bytes, again and again", replies(message(map[string]any{"retry_after_ms": int64(0), "state": make([]byte, 60_000)})), Stopped, fault.LimitExceeded},
	}
}
