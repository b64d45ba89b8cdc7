// Package compare measures Cocoon's sandbox beside Extism's Go host and plain wazero, in one run. It is a module of its own, so
// that Extism is no dependency of Cocoon. It needs clang and wasm-ld.
package compare

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// side is the side of the picture: 512² pixels of three channels are 3 MiB.
const side = 512

func build(b *testing.B, name string) []byte {
	b.Helper()
	if _, err := exec.LookPath("clang"); err != nil {
		b.Skip("clang is not installed")
	}
	out := filepath.Join(b.TempDir(), "module.wasm")
	args := []string{"--target=wasm32", "-O3", "-msimd128", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
		"-Wl,--initial-memory=1048576", "-Wl,--max-memory=268435456", "-I../../sdk-wasm/c", "-o", out, "guests/" + name + ".c"}
	if text, err := exec.Command("clang", args...).CombinedOutput(); err != nil {
		b.Fatalf("clang: %v\n%s", err, text)
	}
	m, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func picture() value.Image {
	t, err := tensor.NewArena(0).NewShared(tensor.F32, 1, side, side, 3)
	if err != nil {
		panic(err)
	}
	for i := range t.F32() {
		t.F32()[i] = float32(i%256) / 255
	}
	return value.Image{Tensor: t}
}

// calls measures a call that does nothing and one that makes the negative of a picture.
func calls(b *testing.B, nothing, negative func() error) {
	for _, row := range []struct {
		name string
		call func() error
	}{{"nothing", nothing}, {"negative", negative}} {
		b.Run(row.name, func(b *testing.B) {
			for b.Loop() {
				if err := row.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCocoon is whole runs of nodes: each starts from the image, is metered, and has its reply checked.
func BenchmarkCocoon(b *testing.B) {
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	h, err := wasmhost.New(b.Context(), wasmhost.Config{Backend: backend})
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close(context.Background())
	m := &wasmhost.Manifest{ABI: "cocoon1", ID: "compare.negative", Version: "1.0.0", Entry: "module.wasm"}
	m.Capabilities.Tensor = &struct{}{}
	if _, err := h.Load(b.Context(), wasmhost.Source{Manifest: m, Module: build(b, "cocoon"), Grant: m.Capabilities.All()}); err != nil {
		b.Fatal(err)
	}
	img := picture()
	ctx := node.WithRun(b.Context(), node.Run{PromptID: "p", NodeID: "1"}.CountGraphs())
	run := func(class string, args node.Args) func() error {
		n, ok := h.Lookup(ctx, class)
		if !ok {
			b.Fatalf("there is no node %s", class)
		}
		return func() error {
			_, err := n.Run(ctx, args)
			return err
		}
	}
	calls(b, run("Nothing", node.Args{}), run("Negative", node.Args{"image": img}))
}

// BenchmarkExtism keeps one instance, which remembers what the call before left in it.
func BenchmarkExtism(b *testing.B) {
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: build(b, "extism")}}, Timeout: 10_000}
	p, err := extism.NewPlugin(b.Context(), manifest, extism.PluginConfig{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close(context.Background())
	bytes := make([]byte, side*side*3*4)
	call := func(name string, in []byte) func() error {
		return func() error {
			_, _, err := p.Call(name, in)
			return err
		}
	}
	calls(b, call("nothing", nil), call("negative", bytes))
}

// BenchmarkWazero has no meter, no budget and no reset: what nobody should run who does not trust the guest.
func BenchmarkWazero(b *testing.B) {
	ctx := b.Context()
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(context.Background())
	m, err := rt.Instantiate(ctx, build(b, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	in := make([]byte, side*side*3*4)
	pages := uint32(len(in)>>16) + 1
	at, ok := m.Memory().Grow(pages)
	if !ok {
		b.Fatal("the memory does not grow")
	}
	nothing, negative := m.ExportedFunction("nothing"), m.ExportedFunction("negative")
	out := make([]byte, len(in))
	calls(b, func() error { _, err := nothing.Call(ctx); return err }, func() error {
		m.Memory().Write(at<<16, in)
		_, err := negative.Call(ctx, api.EncodeU32(at<<16), uint64(len(in)/4))
		got, _ := m.Memory().Read(at<<16, uint32(len(in)))
		copy(out, got)
		return err
	})
}
