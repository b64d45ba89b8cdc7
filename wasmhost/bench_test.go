package wasmhost

import (
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
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

func BenchmarkPristineCall(b *testing.B) {
	for _, row := range []struct {
		name, class string
		source      func() Source
		args        node.Args
	}{
		{"tiny", "Tiny", func() Source {
			return tinySource(tiny(map[int32]any{1: tinyNode, 2: map[string]any{"outputs": []any{int64(1)}}}, nil))
		}, node.Args{}},
		{"go", "BasicPick", func() Source { return basic(b) }, node.Args{"second": true, "b": "x"}},
	} {
		b.Run(row.name, func(b *testing.B) {
			h := newHost(b, Config{})
			load(b, h, row.source())
			n, ctx := find(b, h, row.class), runCtx(b, "a", "1")
			perCall(b, func() error {
				_, err := n.Run(ctx, row.args)
				return err
			})
		})
	}
}

// BenchmarkSlot is a call without the messages of a node: reset, request, reply.
func BenchmarkSlot(b *testing.B) {
	for _, row := range []struct {
		name   string
		source func() Source
	}{
		{"tiny", func() Source { return tinySource(tiny(map[int32]any{1: tinyNode, 10: nil}, nil)) }},
		{"go", func() Source { return basic(b) }},
	} {
		b.Run(row.name, func(b *testing.B) {
			h := newHost(b, Config{})
			e := load(b, h, row.source())
			c := e.newCall(b.Context(), e.limits.Execute)
			perCall(b, func() error {
				s, err := e.program.Get(b.Context(), 256*pagesPerMiB)
				if err != nil {
					return err
				}
				c.slot = s
				s.SetFuel(1e9)
				_, err = s.ABI(c)
				e.program.Put(b.Context(), s, false)
				return err
			})
		})
	}
}

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

// BenchmarkFirstRun is from a module's bytes to its first result.
func BenchmarkFirstRun(b *testing.B) {
	s := basic(b)
	once := func(b *testing.B, h *Host) {
		load(b, h, s)
		if _, err := find(b, h, "BasicPick").Run(runCtx(b, tenant.ID("a"), "1"), node.Args{"second": true, "b": "x"}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("cold", func(b *testing.B) {
		for b.Loop() {
			h := newHost(b, Config{Dir: b.TempDir()})
			from := time.Now()
			once(b, h)
			b.ReportMetric(float64(time.Since(from).Milliseconds()), "cold-ms")
		}
	})
	b.Run("disk", func(b *testing.B) {
		dir := b.TempDir()
		once(b, newHost(b, Config{Dir: dir}))
		for b.Loop() {
			h := newHost(b, Config{Dir: dir})
			from := time.Now()
			once(b, h)
			b.ReportMetric(float64(time.Since(from).Milliseconds()), "disk-ms")
		}
	})
}
