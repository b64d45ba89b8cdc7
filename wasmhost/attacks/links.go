package attacks

import (
	"math"
	"strconv"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// Links are guests that put on a link what has no place there, or a graph in the place of a node.
func Links() []Attack {
	list := append(outputs(), expansions()...)
	return append(list, fromOthers()...)
}

func outputs() []Attack {
	var list []Attack
	typed := func(name, link string, v any) {
		schema := schemaOf(map[string]any{"outputs": []any{map[string]any{"type": link}}})
		list = append(list, Attack{name, answers(schema, map[string]any{"outputs": []any{v}}), Stopped, fault.ExtensionFailed})
	}
	handle := func(kind uint32, id uint64) abi.Handle { return abi.Handle{Kind: kind, ID: id} }
	typed("a text as a picture", "IMAGE", "x")
	typed("a list that was not announced", "INT", abi.Tag{Number: abi.TagList, Value: []any{int64(1)}})
	typed("bytes on a link", "*", []byte{1})
	typed("a guessed handle as a picture", "IMAGE", handle(abi.KindImage, 1<<32))
	typed("a handle of no kind", "IMAGE", handle(0, 1<<32))
	typed("a handle far away", "*", handle(abi.KindOpaque, 1<<63))
	typed("a link to another node", "IMAGE", abi.Tag{Number: abi.TagLink, Value: []any{"1", int64(0)}})
	typed("a link to a negative output", "IMAGE", abi.Tag{Number: abi.TagLink, Value: []any{"1", int64(-1)}})
	typed("a list of what is no array", "*", abi.Tag{Number: abi.TagList, Value: int64(1)})
	typed("a blocker that is a number", "*", abi.Tag{Number: abi.TagBlocker, Value: int64(1)})
	for _, row := range []struct{ name, link string }{{"a text as a number", "INT"}, {"a text as a model", "MODEL"}} { // who gets it looks at it
		schema := schemaOf(map[string]any{"outputs": []any{map[string]any{"type": row.link}}})
		list = append(list, Attack{row.name, answers(schema, map[string]any{"outputs": []any{"1"}}), Harmless, ""})
	}
	return append(list, stopped("an open file on a link", fault.ExtensionFailed, func(g *guest) {
		g.describe = message(map[string]any{"nodes": []any{schemaOf(map[string]any{"outputs": []any{map[string]any{"type": "*"}}})}})
		g.need([3]string{"cocoon1_asset", "asset_open", "ii:l"})
		g.noReply = true
		open := asm.Code(g.bytes(message(map[string]any{"type": "input", "filename": "a.png"})), g.call("cocoon1_asset", "asset_open", "ii:l"), []byte{0x1a})
		first := map[string]any{"outputs": []any{handle(abi.KindAsset, 1<<32)}} // of an empty table
		g.execute = asm.Code(open, g.bytes(message(first)), g.call("cocoon1", "reply", "ii:"))
	}))
}

func expansions() []Attack {
	schema := schemaOf(map[string]any{"flags": []any{"expands"}, "outputs": []any{map[string]any{"type": "*"}}})
	var list []Attack
	expand := func(name string, code fault.Code, out any, nodes ...any) {
		list = append(list, Attack{name, answers(schema, map[string]any{"outputs": []any{out}, "expand": map[string]any{"nodes": nodes}}), Stopped, code})
	}
	link := func(id string) any { return abi.Tag{Number: abi.TagLink, Value: []any{id, int64(0)}} }
	one := func(id string, from ...string) any {
		var inputs []any
		for i, f := range from {
			inputs = append(inputs, []any{"image" + strconv.Itoa(i), link(f)})
		}
		return map[string]any{"id": id, "class": "Attack", "inputs": inputs}
	}
	var chain []any
	for i := range 1100 {
		chain = append(chain, one("n"+strconv.Itoa(i)))
	}
	expand("an expansion with a node twice", fault.ExtensionFailed, link("a"), one("a"), one("a"))
	expand("an expansion with a node without an id", fault.ExtensionFailed, link(""), one(""))
	expand("an expansion over its bound", fault.ExtensionFailed, link("n0"), chain...)
	expand("an expansion to a class that was not granted", fault.Forbidden, link("a"), map[string]any{"id": "a", "class": "SaveImage", "inputs": []any{}})
	expand("an expansion whose result is outside", fault.ExtensionFailed, link("elsewhere"), one("a"))
	expand("an expansion with an input of no name", fault.ExtensionFailed, link("a"), map[string]any{"id": "a", "class": "Attack", "inputs": []any{[]any{int64(1), int64(1)}}})
	expand("an expansion with an input of three", fault.ExtensionFailed, link("a"), map[string]any{"id": "a", "class": "Attack", "inputs": []any{[]any{"x", int64(1), int64(2)}}})
	expand("an expansion with bytes as an input", fault.ExtensionFailed, link("a"), map[string]any{"id": "a", "class": "Attack", "inputs": []any{[]any{"x", []byte{1}}}})
	return list
}

// fromOthers call nodes of the server.
func fromOthers() []Attack {
	call := func(name string, want int32, m map[string]any) Attack {
		return gets(name, want, "cocoon1_node", "node_call", "iiii:l", func(g *guest) []byte { return asm.Code(g.bytes(message(m)), asm.I32(48<<10), asm.I32(1024)) })
	}
	return []Attack{
		call("node_call of a class that was not granted", abi.EPERM, map[string]any{"class": "SaveImage"}),
		call("node_call of a class that is not there", abi.ENOENT, map[string]any{"class": "GrantedNothing"}),
		call("node_call with an input that is not there", abi.EUNSUP, map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"more": int64(1)}}),
		call("node_call with a text for a number", abi.EUNSUP, map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"n": "x"}}),
		call("node_call with a number over its range", abi.EUNSUP, map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"n": int64(1 << 40)}}),
		call("node_call with a number that is none", abi.EUNSUP, map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"n": int64(1), "f": math.NaN()}}),
		call("node_call with a guessed handle", abi.EIO, map[string]any{"class": "GrantedEcho", "inputs": map[string]any{"n": abi.Handle{Kind: abi.KindOpaque, ID: 1 << 32}}}),
		call("node_call that gives more than a call may have", abi.ELIMIT, map[string]any{"class": "GrantedLarge"}),
		stopped("node_call of a node that panics", fault.ExtensionFailed, func(g *guest) {
			g.need([3]string{"cocoon1_node", "node_call", "iiii:l"})
			g.execute = asm.Code(g.bytes(message(map[string]any{"class": "GrantedPanic"})), asm.I32(48<<10), asm.I32(1024), g.call("cocoon1_node", "node_call", "iiii:l"), []byte{0x1a})
		}),
	}
}
