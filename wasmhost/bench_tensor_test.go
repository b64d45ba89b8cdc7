package wasmhost

import (
	"context"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// BenchmarkWindow is a 768 MiB batch appearing in a guest's memory, under a grant of 1 GiB: the two host calls that open and close
// the window, and a whole run of a node in C that looks at its first number.
func BenchmarkWindow(b *testing.B) {
	big, err := newShared(tensor.F32, tensor.Shape{4, 4096, 4096, 3})
	if err != nil {
		b.Skip(err)
	}
	b.Run("map", func(b *testing.B) {
		inCall(b, 0, func(c *call) {
			growTo(b, c, 800*pagesPerMiB)
			x := c.put(abi.KindImage, value.Image{Tensor: big})
			const at = 16 << 20
			perCall(b, func() error {
				c.hostBytes, c.hostCalls = 0, 0
				if n := c.tMap(x, at, 768<<20); n != 768<<20 {
					b.Fatal(n)
				}
				if c.tUnmap(at) != 0 {
					b.Fatal("unmap")
				}
				return nil
			})
		})
	})
	b.Run("node", func(b *testing.B) {
		s := cGuest(b, "bench.c", "compare/guests/bench.c")
		s.Limits = DefaultLimitSet()
		s.Limits.Execute.MemoryPages = 1024 * pagesPerMiB
		h := newHost(b, Config{})
		load(b, h, s)
		n, ctx := find(b, h, "BenchCorner"), runCtx(b, "a", "1")
		perCall(b, func() error {
			_, err := n.Run(ctx, node.Args{"image": value.Image{Tensor: big}})
			return err
		})
	})
}

// BenchmarkGraph is 1 - blur(image)*0.5 of a picture of 1024² by t_graph in a guest, as three nodes of the server's own, each of
// which makes a picture, and as one program that the server itself runs. The ratios are of the best, taken in turns.
func BenchmarkGraph(b *testing.B) {
	h := newHost(b, Config{})
	load(b, h, cGuest(b, "bench.c", "compare/guests/bench.c"))
	n, ctx := find(b, h, "BenchBlur"), runCtx(b, "a", "1")
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	img := ramp(1, 1024, 1024, 3)
	runs := []func() error{
		func() error { _, err := n.Run(ctx, node.Args{"image": img}); return err },
		func() error {
			return chain(ctx, img, own(backend, blurOp), own(backend, halfOp), own(backend, negativeOp))
		},
		func() error { return chain(ctx, img, own(backend, blurOp, halfOp, negativeOp)) },
	}
	best := make([]time.Duration, len(runs))
	for b.Loop() {
		for i, run := range runs {
			from := time.Now()
			if err := run(); err != nil {
				b.Fatal(err)
			}
			if d := time.Since(from); best[i] == 0 || d < best[i] {
				best[i] = d
			}
		}
	}
	b.ReportMetric(float64(best[0].Microseconds())/1000, "guest-ms")
	b.ReportMetric(float64(best[0])/float64(best[1]), "of-nodes")
	b.ReportMetric(float64(best[0])/float64(best[2]), "of-program")
	b.ReportMetric(0, "ns/op")
}

// pictureOp adds an op to a program.
type pictureOp func(g *tensor.Graph, x tensor.Ref) tensor.Ref

func blurOp(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Op(tensor.KindGaussianBlur, tensor.Attr{I: []int{9, 9, 1}, F: []float64{2, 2}}, nil, x)
}

func halfOp(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Op(tensor.Kind(abi.TensorAffine), tensor.Attr{F: []float64{0.5, 0}}, nil, x)
}

func negativeOp(g *tensor.Graph, x tensor.Ref) tensor.Ref {
	return g.Op(tensor.Kind(abi.TensorAffine), tensor.Attr{F: []float64{-1, 1}}, nil, x)
}

type pictureIn struct{ Image value.Image }

// own is a node of the server's own that runs a program of ops.
func own(backend tensor.Backend, ops ...pictureOp) node.Node {
	return node.Def[pictureIn, pictureIn]{
		ID: "Own",
		Ports: func(p *node.Ports, in, out *pictureIn) {
			node.Link(p, "image", &in.Image)
			node.Result(p, "IMAGE", &out.Image)
		},
		Do: func(ctx context.Context, in pictureIn) (pictureIn, error) {
			g := tensor.NewGraph()
			x := g.Input("x", tensor.F32, in.Image.Shape()...)
			for _, op := range ops {
				x = op(g, x)
			}
			g.Output(x)
			outs, err := tensor.RunOnce(ctx, backend, g.Program(), in.Image.Tensor)
			if err != nil {
				return pictureIn{}, err
			}
			return pictureIn{value.Image{Tensor: outs[0]}}, nil
		},
	}.Node()
}

// chain runs nodes one after the other.
func chain(ctx context.Context, img value.Image, nodes ...node.Node) error {
	for _, n := range nodes {
		r, err := n.Run(ctx, node.Args{"image": img})
		if err != nil {
			return err
		}
		img = r.Outputs[0].(value.Image)
	}
	return nil
}
