package wasmhost

import (
	"bufio"
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/wasmtest"
)

// private is the memory that is this process's alone, in bytes; 0 where the system does not say.
func private() (n int64) {
	f, err := os.Open("/proc/self/smaps_rollup")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if fields := strings.Fields(s.Text()); len(fields) == 3 && strings.HasPrefix(fields[0], "Private_") {
			kb, _ := strconv.ParseInt(fields[1], 10, 64)
			n += kb << 10
		}
	}
	return n
}

// BenchmarkIdle is what a slot holds that has been called once and waits.
func BenchmarkIdle(b *testing.B) {
	for _, row := range []struct {
		name   string
		slots  int
		source func() Source
	}{
		{"tiny", 1000, func() Source { return tinySource(tiny(map[int32]any{1: tinyNode, 10: nil}, nil)) }},
		{"go", 100, func() Source { return basic(b) }},
	} {
		b.Run(row.name, func(b *testing.B) {
			h := newHost(b, Config{Keep: row.slots})
			e := load(b, h, row.source())
			c := e.newCall(b.Context(), e.limits.Execute)
			var most int64 // the first time round makes the slots, later ones find them
			for b.Loop() {
				debug.FreeOSMemory()
				before := private()
				slots := make([]slot.Slot, row.slots)
				for i := range slots {
					s, err := e.program.Get(b.Context(), 256*pagesPerMiB)
					if err != nil {
						b.Fatal(err)
					}
					s.SetFuel(1e9)
					if _, err := s.ABI(c); err != nil {
						b.Fatal(err)
					}
					slots[i] = s
				}
				for _, s := range slots {
					e.program.Put(context.Background(), s, false)
				}
				debug.FreeOSMemory()
				most = max(most, private()-before)
			}
			b.ReportMetric(float64(most)/float64(row.slots)/1024, "KiB/slot")
		})
	}
}

// BenchmarkGraph is an effect by t_graph in a guest, and the same program run by the server itself.
func BenchmarkGraph(b *testing.B) {
	h := newHost(b, Config{})
	m := *basic(b).Manifest
	m.ID, m.Capabilities = "example.glow-go", Capabilities{Tensor: &struct{}{}}
	load(b, h, Source{Manifest: &m, Grant: m.Capabilities.All(), Module: wasmtest.Go(b, "github.com/cocoonhq/cocoon/sdk-wasm/examples/go/glow")})
	img := ramp(1, 512, 512, 3)
	b.Run("guest", func(b *testing.B) {
		n, ctx := find(b, h, "ExampleGlowGo"), runCtx(b, "a", "1")
		for b.Loop() {
			if _, err := n.Run(ctx, node.Args{"image": img, "amount": 0.5, "size": int64(8)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("server", func(b *testing.B) {
		backend := cpu.New(cpu.Options{})
		defer backend.Close()
		for b.Loop() {
			if _, err := glow(b.Context(), backend, img, 0.5, 8); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// glow is the example's effect, recorded here.
func glow(ctx context.Context, backend tensor.Backend, img value.Image, amount float64, size int) (*tensor.Tensor, error) {
	s := img.Shape()
	g := tensor.NewGraph()
	op := func(kind uint16, a tensor.Attr, shape tensor.Shape, args ...tensor.Ref) tensor.Ref {
		return g.Op(tensor.Kind(kind), a, shape, args...)
	}
	affine := func(x tensor.Ref, scale, add float64) tensor.Ref {
		return op(abi.TensorAffine, tensor.Attr{F: []float64{scale, add}}, nil, x)
	}
	x := g.Input("x", tensor.F32, s...)
	const bilinear, area = 2, 4
	blurred := op(abi.TensorResize, tensor.Attr{I: []int{area}}, tensor.Shape{s[0], s[1] / size, s[2] / size, s[3]}, x)
	blurred = op(abi.TensorResize, tensor.Attr{I: []int{bilinear}}, s, blurred)
	light := op(abi.TensorMul, tensor.Attr{}, nil, affine(x, -1, 1), affine(blurred, -amount, 1))
	g.Output(op(abi.TensorClamp, tensor.Attr{F: []float64{0, 1}}, nil, affine(light, -1, 1)))
	outs, err := tensor.RunOnce(ctx, backend, g.Program(), img.Tensor)
	if err != nil {
		return nil, err
	}
	return outs[0], nil
}
