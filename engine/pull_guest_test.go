package engine_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// pullingGuest is an extension whose node asks for its lazy input a while it runs, and gives it.
func pullingGuest(t *testing.T) wasmhost.Source {
	t.Helper()
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	input := m.Import("cocoon1", "input", "iiii:l")
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	describe, err := abi.Append(nil, map[string]any{"nodes": []any{map[string]any{"id": "PullGuest", "flags": []any{"async"},
		"inputs":  []any{map[string]any{"name": "a", "type": "*", "options": map[string]any{"lazy": true}}},
		"outputs": []any{map[string]any{"type": "*"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	const described, names, answer, value = 1024, 8, 16384, 16384 + 10
	m.Data(described, describe)
	m.Data(names, []byte("a"))
	m.Data(names+8, abi.AppendArray(nil, 0))      // check_lazy names none
	m.Data(answer, []byte("\xa1\x67outputs\x81")) // {outputs: [value]}, without the value
	is := func(op int32) []byte { return asm.Code(asm.I(0x20, 0), asm.I32(op), []byte{0x46, 0x04, 0x40}) }
	end := asm.Code(asm.I(0x10, reply), asm.I32(0), []byte{0x0f, 0x0b})
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16|abi.Minor)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", asm.Code(
		is(abi.OpDescribe), asm.I32(described), asm.I32(int32(len(describe))), end,
		is(abi.OpCheckLazy), asm.I32(names+8), asm.I32(1), end,
		asm.I32(answer), asm.I32(names), asm.I32(1), asm.I32(value), asm.I32(4096), asm.I(0x10, input), []byte{0xa7}, // i32.wrap_i64
		asm.I32(value-answer), []byte{0x6a}, asm.I(0x10, reply), asm.I32(0))))
	return wasmhost.Source{Module: m.Bytes(), Manifest: &wasmhost.Manifest{ABI: fmt.Sprintf("cocoon1>=1.%d", abi.Minor), ID: "test.pulls", Version: "1.0.0"}}
}

// TestPullOfGuests: guests that wait for each other's results hold no place among those that run, of which there are few.
func TestPullOfGuests(t *testing.T) {
	if sandboxed() {
		t.Skip("the registry has its guests")
	}
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close(context.Background()) }()
	if _, err := h.Load(t.Context(), pullingGuest(t)); err != nil {
		t.Fatal(err)
	}
	b := start(t, func(c *engine.Config) { c.Registry.Extend(h) })
	defer b.stop()
	nodes := []string{"0 StubInt value=7", "9 GoldenEcho value=@8.0"}
	for i := 1; i <= 8; i++ {
		nodes = append(nodes, fmt.Sprintf("%d PullGuest a=@%d.0", i, i-1))
	}
	r := b.run(graph(nodes...))
	if d := cmp.Diff([]string{`{"value": 7}`}, r.text("9")); d != "" || r.status() != "success" {
		t.Errorf("%s%s", d, r.entry.Status)
	}
}
