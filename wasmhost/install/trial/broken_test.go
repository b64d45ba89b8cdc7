package trial

import (
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// breaking is a module whose route GET /half begins an answer and fails then.
func breaking(t testing.TB) []byte {
	t.Helper()
	m := asm.New()
	reply, head := m.Import("cocoon1", "reply", "ii:"), m.Import("cocoon1_route", "reply_head", "ii:i")
	at := int32(1024)
	message := func(v any) []byte {
		b, err := abi.Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		m.Data(at, b)
		code := asm.Code(asm.I32(at), asm.I32(int32(len(b))))
		at += int32(len(b)+15) &^ 7
		return code
	}
	on := func(op int32, code []byte) []byte {
		return asm.Code(asm.I(0x20, 0), asm.I32(op), []byte{0x46, 0x04, 0x40}, code, []byte{0x0b})
	}
	describe := asm.Code(message(map[string]any{"nodes": []any{}, "routes": []any{map[string]any{"method": "GET", "path": "/half"}}}), asm.I(0x10, reply), asm.I32(0), []byte{0x0f})
	route := asm.Code(message(map[string]any{"status": int64(200), "headers": map[string]any{}}), asm.I(0x10, head), []byte{0x1a}, asm.I32(abi.EIO), []byte{0x0f})
	m.Memory(4, -1)
	m.Export("memory", 2, 0)
	m.Export("cocoon_abi", 0, m.Func(":i", "", asm.I32(abi.Major<<16)))
	m.Export("cocoon_buf", 0, m.Func("i:i", "", asm.I32(64<<10)))
	m.Export("cocoon_call", 0, m.Func("iii:i", "", on(abi.OpDescribe, describe), on(abi.OpRoute, route), asm.I32(abi.EUNSUP)))
	return m.Bytes()
}

// A route that fails when its answer has begun is a failed test, and nothing else ends with it.
func TestAnswerBreaksOff(t *testing.T) {
	m := pack.Manifest{ABI: "cocoon1", ID: "test.half", Version: "1.0.0", Entry: pack.ModuleFile}
	m.Capabilities.Routes = []string{"GET /half"}
	vectors := []byte(`{"vectors": [{"name": "half", "request": {"path": "/half"}}]}`)
	err := Check(t.Context(), config(t), packed(t, m, breaking(t), VectorsJSON, vectors))
	if err == nil || !strings.Contains(err.Error(), "breaks off") {
		t.Error(err)
	}
}
