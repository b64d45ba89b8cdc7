package wasm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

func engine(t testing.TB) wazero.Runtime {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(
		api.CoreFeaturesV2|experimental.CoreFeaturesExtendedConst|experimental.CoreFeaturesTailCall))
	t.Cleanup(func() { rt.Close(ctx) })
	return rt
}

var zeros = map[byte][]byte{'i': asm.I32(0), 'l': asm.I64(0), 'f': {0x43, 0, 0, 0, 0}, 'd': asm.F64(0), 'v': append([]byte{0xfd, 12}, make([]byte, 16)...)}

// simpleModule has a function that does one instruction of the table.
func simpleModule(prefix byte, n int, i info) []byte {
	code := []byte{byte(n)}
	if prefix != 0 {
		code = asm.U([]byte{prefix}, uint32(n))
	}
	switch i.imm {
	case immMem:
		code = append(code, i.align, 8)
	case immMemLane:
		code = append(code, i.align, 8, i.lanes-1)
	case immLane:
		code = append(code, i.lanes-1)
	case immBytes16, immShuffle:
		code = append(code, make([]byte, 16)...)
	case immZeroByte:
		code = append(code, 0)
	}
	params, results, _ := strings.Cut(i.sig, ":")
	var body []byte
	for _, c := range []byte(params) {
		body = append(body, zeros[c]...)
	}
	m := asm.New()
	m.Memory(1, 1)
	m.Func(":"+results, "", body, code)
	return m.Bytes()
}

// TestEveryInstruction: the table of instructions is the engine's.
func TestEveryInstruction(t *testing.T) {
	rt := engine(t)
	check := func(name string, mod []byte) {
		_, ours := Parse(mod, DefaultLimits())
		_, theirs := rt.CompileModule(context.Background(), mod)
		if ours != nil || theirs != nil {
			t.Errorf("%s: ours %v, engine's %v", name, ours, theirs)
		}
	}
	for n, i := range ops.plain {
		if i.sig != "" {
			check(fmt.Sprintf("%#x", n), simpleModule(0, n, i))
		}
	}
	for n, i := range ops.misc {
		if i.sig != "" {
			check(fmt.Sprintf("fc %d", n), simpleModule(prefixMisc, n, i))
		}
	}
	for n, i := range ops.simd {
		if i.sig != "" {
			check(fmt.Sprintf("fd %d", n), simpleModule(prefixSIMD, n, i))
		}
	}
}

// one is a module of one function with the given code.
func one(sig string, code ...[]byte) []byte {
	m := asm.New()
	m.Memory(1, -1)
	m.Table(1)
	m.Global('i', false, asm.I32(1))
	m.Func(sig, "il", code...)
	return m.Bytes()
}

func TestParseRefuses(t *testing.T) {
	deep := []byte{}
	for range 9000 {
		deep = append(deep, 0x02, 0x40)
	}
	loops := []byte{}
	for range 300 {
		loops = append(loops, 0x03, 0x40)
	}
	for _, row := range []struct {
		name string
		mod  []byte
		want fault.Code
	}{
		{"nothing", nil, fault.BadFile},
		{"other version", []byte("\x00asm\x02\x00\x00\x00"), fault.BadFile},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), fault.BadFile},
		{"type error", one(":i", asm.I64(1)), fault.BadFile},
		{"missing operand", one(":i", []byte{0x6a}), fault.BadFile},
		{"left over", one(":", asm.I32(1)), fault.BadFile},
		{"constant global set", one(":", asm.I32(1), asm.I(0x24, 0)), fault.BadFile},
		{"no such local", one(":", asm.I(0x20, 9), []byte{0x1a}), fault.BadFile},
		{"no such function", one(":", asm.I(0x10, 9)), fault.BadFile},
		{"no such label", one(":", asm.I(0x0c, 3)), fault.BadFile},
		{"undeclared ref.func", one(":", asm.I(0xd2, 0), []byte{0x1a}), fault.BadFile},
		{"data without count", one(":", asm.I32(0), asm.I32(0), asm.I32(0), asm.I(0xfc, 8, 0, 0)), fault.BadFile},
		{"atomics", one(":", []byte{0xfe, 3, 0}), fault.BadFile},
		{"try_table", one(":", []byte{0x1f, 0x40, 0, 0x0b}), fault.BadFile},
		{"call_ref", one(":", []byte{0x14, 0}), fault.BadFile},
		{"over-long number", one(":i", []byte{0x41, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), fault.BadFile},
		{"wide number", one(":i", []byte{0x41, 0xff, 0xff, 0xff, 0xff, 0x4f}), fault.BadFile},
		{"huge alignment", one(":i", asm.I32(0), []byte{0x28, 3, 0}), fault.BadFile},
		{"table.grow", one(":", asm.I(0xd0, 0x70), asm.I32(1), asm.I(0xfc, 15, 0), []byte{0x1a}), fault.TooLarge},
		{"deep blocks", one(":", deep), fault.TooLarge},
		{"deep loops", one(":", loops), fault.TooLarge},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Parse(row.mod, DefaultLimits())
			if !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
}

func TestModuleRefuses(t *testing.T) {
	for _, row := range []struct {
		name  string
		build func(m *asm.Module)
	}{
		{"imported memory", func(m *asm.Module) { m.RawImport("env", "memory", 2, 0, 1) }},
		{"imported table", func(m *asm.Module) { m.RawImport("env", "table", 1, 0x70, 0, 1) }},
		{"imported global", func(m *asm.Module) { m.RawImport("env", "g", 3, 0x7f, 0) }},
		{"two memories", func(m *asm.Module) { m.Memory(1, 1); m.Memory(1, 1) }},
		{"huge table", func(m *asm.Module) { m.Table(134_000_000) }},
		{"fifty tables", func(m *asm.Module) {
			for range 50 {
				m.Table(10)
			}
		}},
		{"huge memory", func(m *asm.Module) { m.Memory(65536, 65536) }},
		{"export twice", func(m *asm.Module) { m.Memory(1, 1); m.Export("a", 2, 0); m.Export("a", 2, 0) }},
		{"export of nothing", func(m *asm.Module) { m.Export("a", 0, 0) }},
		{"section out of order", func(m *asm.Module) { m.Memory(1, 1); m.Tail = []byte{1, 1, 0} }},
		{"huge locals", func(m *asm.Module) { m.RawFunc(":", append(asm.U([]byte{1}, 4_000_000_000), 0x7f, 0x0b)) }},
		{"start with a result", func(m *asm.Module) { m.Func(":i", "", asm.I32(1)); m.HasStart = true }},
		{"element of nothing", func(m *asm.Module) { m.Table(1); m.Elem(0, 7) }},
		{"no UTF-8", func(m *asm.Module) { m.Memory(1, 1); m.Export("\xff", 2, 0) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := asm.New()
			row.build(m)
			if _, err := Parse(m.Bytes(), DefaultLimits()); err == nil {
				t.Error("accepted")
			}
		})
	}
}
