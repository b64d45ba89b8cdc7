package attacks

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// malformedMessages are bytes that are no message of the contract.
func malformedMessages() []struct {
	name string
	b    []byte
} {
	deep := make([]byte, 0, 5000)
	for range 5000 {
		deep = append(deep, 0x81)
	}
	return []struct {
		name string
		b    []byte
	}{
		{"nothing", []byte{}},
		{"garbage", []byte{0xff, 0x00, 0x13}},
		{"cut short", []byte{0xa1, 0x67, 'o'}},
		{"bytes behind", []byte{0xf6, 0xf6}},
		{"nested 5,000 deep", append(deep, 0)},
		{"an indefinite map", []byte{0xbf, 0xff}},
		{"a key twice", []byte{0xa2, 0x61, 'a', 0, 0x61, 'a', 0}},
		{"keys out of order", []byte{0xa2, 0x61, 'b', 0, 0x61, 'a', 0}},
		{"2^63 items", []byte{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"a text of 2^64", []byte{0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{"no UTF-8", []byte{0x61, 0xff}},
		{"an unknown tag", []byte{0xc1, 0}},
		{"a half float", []byte{0xf9, 0x3c, 0}},
	}
}

// Lying are guests whose answers are not what they should be.
func Lying() []Attack {
	var list []Attack
	for _, m := range malformedMessages() {
		list = append(list, Attack{"describe: " + m.name, describes(m.b), Refused, fault.ExtensionFailed},
			Attack{"execute: " + m.name, replies(m.b), Stopped, fault.ExtensionFailed})
	}
	list = append(list, descriptions()...)
	return append(list, results()...)
}

func descriptions() []Attack {
	nodeWith := func(key string, v any) []byte {
		n := map[string]any{"id": "Attack", "outputs": []any{}}
		n[key] = v
		return describes(message(map[string]any{"nodes": []any{n}}))
	}
	many := make([]any, 1000)
	for i := range many {
		many[i] = attackNode
	}
	var nested any = []any{}
	for range 12 {
		nested = []any{nested}
	}
	inputs := func(fields map[string]any) any {
		fields["name"] = "x"
		return []any{fields}
	}
	list := []Attack{}
	for _, row := range []struct {
		name string
		mod  []byte
	}{
		{"a thousand nodes", describes(message(map[string]any{"nodes": many}))},
		{"a class twice", describes(message(map[string]any{"nodes": []any{attackNode, attackNode}}))},
		{"a class without a name", nodeWith("id", "")},
		{"a class with a line break", nodeWith("id", "a\nb")},
		{"an unknown flag", nodeWith("flags", []any{"root"})},
		{"a hidden input without a kind", nodeWith("hidden", []any{map[string]any{"name": "t"}})},
		{"an end of no loop", nodeWith("loop", "middle")},
		{"a widget's number that is no number", nodeWith("inputs", inputs(map[string]any{"type": "INT", "options": map[string]any{"min": abi.Tag{Number: abi.TagNumber, Value: "1e9"}}}))},
		{"an output without a type", nodeWith("outputs", []any{map[string]any{}})},
		{"an input without a type", nodeWith("inputs", inputs(map[string]any{}))},
		{"options that are nested deeply", nodeWith("inputs", inputs(map[string]any{"type": "INT", "options": map[string]any{"a": nested}}))},
		{"options with a handle", nodeWith("inputs", inputs(map[string]any{"type": "INT", "options": map[string]any{"a": abi.Handle{Kind: 1, ID: 1}}}))},
		{"choices that are maps", nodeWith("inputs", inputs(map[string]any{"type": "COMBO", "choices": []any{map[string]any{}}}))},
		{"a choice that is a script", nodeWith("inputs", inputs(map[string]any{"type": "COMBO", "choices": []any{"<img src=x onerror=alert(1)>"}}))},
		{"a choice that is a style", nodeWith("inputs", inputs(map[string]any{"type": "COMBO", "choices": []any{"<style>*{display:none}</style>"}}))},
		{"a billion rows", nodeWith("inputs", inputs(map[string]any{"type": "COMFY_AUTOGROW_V3", "forms": map[string]any{"max": int64(1e9)}}))},
	} {
		list = append(list, Attack{"describe: " + row.name, row.mod, Refused, fault.ExtensionFailed})
	}
	for _, path := range []string{"", "no slash", "/../up", "//other", "/a?b", "/*"} {
		list = append(list, Attack{"describe: the route " + path, describes(message(map[string]any{"routes": []any{map[string]any{"method": "GET", "path": path}}})), Refused, fault.BadFile})
	}
	return list
}

func results() []Attack {
	list := []Attack{}
	graph := func(nodes ...any) any {
		return map[string]any{"outputs": []any{}, "expand": map[string]any{"nodes": nodes}}
	}
	var many []any
	for range 4000 {
		many = append(many, map[string]any{"id": "a"})
	}
	for _, row := range []struct {
		name  string
		reply any
	}{
		{"no map", []any{}},
		{"too many outputs", map[string]any{"outputs": []any{int64(1)}}},
		{"ui that is no array", map[string]any{"outputs": []any{}, "ui": map[string]any{"images": "x"}}},
		{"ui with a handle", map[string]any{"outputs": []any{}, "ui": map[string]any{"images": []any{abi.Handle{Kind: 1, ID: 1 << 32}}}}},
		{"a block that is a number", map[string]any{"block": int64(1)}},
		{"an expansion that was not announced", graph()},
		{"an expansion of 4,000 nodes", graph(many...)},
		{"a negative wait", map[string]any{"retry_after_ms": int64(-1)}},
		{"an error without a kind", abi.Tag{Number: abi.TagRaise, Value: []any{"", "x"}}},
		{"an error whose kind is markup", abi.Tag{Number: abi.TagRaise, Value: []any{"<b>", "x"}}},
		{"a state of 100 KiB", map[string]any{"retry_after_ms": int64(1), "state": make([]byte, 100<<10)}},
	} {
		list = append(list, Attack{"execute: " + row.name, replies(message(row.reply)), Stopped, fault.ExtensionFailed})
	}
	return append(list,
		Attack{"execute: asks to be called again for ever", replies(message(map[string]any{"retry_after_ms": int64(0)})), Stopped, fault.LimitExceeded},
		Attack{"execute: a failure that clears the screen", build(func(g *guest) {
			g.need([3]string{core, "fail", "iii:"})
			g.execute = asm.Code(one, g.bytes([]byte("\x1b[2J\u009b31mall is well\u202e\r")), g.call(core, "fail", "iii:"))
		}), Stopped, ""},
		Attack{"execute: no reply", build(func(g *guest) { g.noReply = true }), Stopped, fault.ExtensionFailed})
}

// Part is a part of the corpus.
type Part struct {
	Name string
	List func() []Attack
}

// Parts is the whole corpus of modules.
func Parts() []Part {
	return []Part{
		{"Malformed modules", Malformed}, {"Endless guests", Endless}, {"Storms and waits", Storms}, {"Misuse of the host", Hostile},
		{"Quotas", Quotas}, {"Lies in messages", Lying}, {"Links and graphs", Links},
	}
}

// Forgotten look for what a prompt has left after its end: they are harmless when there is nothing.
func Forgotten() []Attack {
	return []Attack{
		gets("a value of a prompt that is over", abi.ENOENT, "cocoon1_kv", "kv_get", "iiiii:l", func(g *guest) []byte {
			return asm.Code(asm.I32(1), g.bytes([]byte("kept")), zero, zero)
		}),
		gets("a message of a prompt that is over", abi.ETIMEOUT, "cocoon1_msg", "msg_wait", "iiiii:l", constants(asm.I32(eventAt), asm.I32(4), zero, zero, zero)),
	}
}
