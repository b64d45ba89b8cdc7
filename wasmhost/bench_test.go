package wasmhost

import (
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// tiny is a guest of a few dozen bytes: its reply is always the same.
func tiny(replies map[int32]any, more func(m *asm.Module)) []byte {
	m := asm.New()
	reply := m.Import("cocoon1", "reply", "ii:")
	m.Memory(2, -1)
	m.Export("memory", 2, 0)
	at := int32(1024)
	var body []byte
	for op := range int32(16) {
		v, ok := replies[op]
		if !ok {
			continue
		}
		b, err := abi.Append(nil, v)
		if err != nil {
			panic(err)
		}
		m.Data(at, b)
		body = append(body, asm.Code(asm.I(0x20, 0), asm.I32(op), []byte{0x46, 0x04, 0x40}, asm.I32(at), asm.I32(int32(len(b))), asm.I(0x10, reply), []byte{0x0b})...)
		at += int32(len(b)) + 16
	}
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", body, asm.I32(0)))
	if more != nil {
		more(m)
	}
	return m.Bytes()
}

func tinySource(module []byte) Source {
	m := &Manifest{ABI: "cocoon1", ID: "test.tiny", Version: "1.0.0"}
	return Source{Manifest: m, Module: module}
}

var tinyNode = map[string]any{"nodes": []any{map[string]any{"id": "Tiny", "outputs": []any{map[string]any{"type": "INT"}}}}}

func BenchmarkAdmit(b *testing.B) {
	mod := module(b)
	b.Run("parse", func(b *testing.B) {
		b.SetBytes(int64(len(mod)))
		for b.Loop() {
			if _, err := wasm.Parse(mod, wasm.DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("admit", func(b *testing.B) {
		b.SetBytes(int64(len(mod)))
		for b.Loop() {
			if _, err := Admit(mod, wasm.DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
