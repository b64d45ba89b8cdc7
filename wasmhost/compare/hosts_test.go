package compare

import (
	"bytes"
	"context"
	"runtime"
	"testing"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost"
)

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
	prompt := func(ctx context.Context) context.Context {
		return node.WithRun(ctx, node.Run{PromptID: "p", NodeID: "1"}.CountGraphs())
	}
	ctx := prompt(b.Context())
	run := func(ctx context.Context, class string, args node.Args) error {
		n, ok := h.Lookup(ctx, class)
		if !ok {
			b.Fatalf("there is no node %s", class)
		}
		_, err := n.Run(ctx, args)
		return err
	}
	measure(b, host{
		nothing:  func() error { return run(ctx, "Nothing", node.Args{}) },
		negative: func() error { return run(ctx, "Negative", node.Args{"image": img}) },
		tree:     func(ctx context.Context) error { return run(prompt(ctx), "Tree", node.Args{}) },
	})
}

// BenchmarkExtism has no meter and no reset. It can end loops, not calls.
func BenchmarkExtism(b *testing.B) {
	ctx := b.Context()
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: build(b, "extism")}}, Timeout: 10_000}
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer compiled.Close(context.Background())
	kept, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		b.Fatal(err)
	}
	defer kept.Close(context.Background())
	fresh := func(ctx context.Context, name string) error {
		p, err := compiled.Instance(ctx, extism.PluginInstanceConfig{})
		if err != nil {
			return err
		}
		defer p.Close(context.Background())
		_, _, err = p.CallWithContext(ctx, name, nil)
		return err
	}
	in := make([]byte, side*side*3*4)
	call := func(name string, in []byte) error {
		_, _, err := kept.Call(name, in)
		return err
	}
	measure(b, host{
		nothing: func() error { return call("nothing", nil) }, kept: true,
		fresh:    func() error { return fresh(ctx, "nothing") },
		negative: func() error { return call("negative", in) },
		tree:     func(ctx context.Context) error { return fresh(ctx, "tree") },
	})
}

// BenchmarkWazero has no meter, no budget and no reset: what nobody should run who does not trust the guest. Where a call is to be
// ended the engine looks at the context, which it does in loops and at the entries of functions that have none before them.
func BenchmarkWazero(b *testing.B) {
	ctx, module := b.Context(), build(b, "plain")
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(context.Background())
	compiled, err := rt.CompileModule(ctx, module)
	if err != nil {
		b.Fatal(err)
	}
	m, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		b.Fatal(err)
	}
	in := make([]byte, side*side*3*4)
	at, ok := m.Memory().Grow(uint32(len(in)>>16) + 1)
	if !ok {
		b.Fatal("the memory does not grow")
	}
	nothing, negative := m.ExportedFunction("nothing"), m.ExportedFunction("negative")
	var out []byte // each call's is its own, as a picture is that goes on to other nodes
	defer func() { runtime.KeepAlive(out) }()
	measure(b, host{
		nothing: func() error { _, err := nothing.Call(ctx); return err }, kept: true,
		fresh: func() error {
			m, err := rt.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName(""))
			if err != nil {
				return err
			}
			defer m.Close(context.Background())
			_, err = m.ExportedFunction("nothing").Call(ctx)
			return err
		},
		negative: func() error {
			m.Memory().Write(at<<16, in)
			_, err := negative.Call(ctx, api.EncodeU32(at<<16), uint64(len(in)/4))
			got, _ := m.Memory().Read(at<<16, uint32(len(in)))
			out = bytes.Clone(got)
			return err
		},
		tree: func(ctx context.Context) error {
			rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))
			defer rt.Close(context.Background())
			m, err := rt.Instantiate(ctx, module)
			if err != nil {
				return err
			}
			_, err = m.ExportedFunction("tree").Call(ctx)
			return err
		},
	})
}
