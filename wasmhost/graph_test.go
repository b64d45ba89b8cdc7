package wasmhost

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// affineGraph is the t_graph of x*scale + shift.
func affineGraph(h int64, scale, shift float64) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, n := range []uint32{1, 1, 1, 0, 2, 1, 1, 0} {
		b = le.AppendUint32(b, n)
	}
	b = le.AppendUint64(b, uint64(h))
	b = append(le.AppendUint16(b, abi.TensorAffine), 1, 255)
	b = le.AppendUint32(le.AppendUint32(b, 0), 0)
	b = le.AppendUint16(le.AppendUint16(b, 0), 2)
	b = le.AppendUint64(le.AppendUint32(le.AppendUint32(b, 0), 0), 0)
	b = le.AppendUint64(le.AppendUint64(b, math.Float64bits(scale)), math.Float64bits(shift))
	return le.AppendUint32(le.AppendUint32(b, 0), 1)
}

func TestGraph(t *testing.T) {
	inCall(t, 0, func(c *call) {
		x := c.put(abi.KindImage, ramp(1, 4, 4, 3))
		b := affineGraph(x, -1, 1)
		copy(c.bytes(8192, uint32(len(b))), b)
		if n := c.tGraph(8192, uint32(len(b)), 4096, 64); n != 8 {
			t.Fatalf("graph: %d", n)
		}
		y := c.tensorOf(int64(binary.LittleEndian.Uint64(c.bytes(4096, 8))))
		for i, v := range y.F32() {
			if want := 1 - float32(i%256)/255; math.Abs(float64(v-want)) > 1e-6 {
				t.Fatalf("element %d is %v, want %v", i, v, want)
			}
		}
	})
}

// TestGraphCost: what takes long costs much, before it runs; what needs room beside its result counts it.
func TestGraphCost(t *testing.T) {
	type given struct {
		kind tensor.Kind
		attr tensor.Attr
		in   []tensor.Shape
		want tensor.Shape
	}
	picture := tensor.Shape{1, 512, 512, 3}
	window := func(k tensor.Kind, side int) given {
		return given{k, tensor.Attr{I: []int{side, side, 0}, F: []float64{2, 2}}, []tensor.Shape{picture}, nil}
	}
	for _, c := range []struct {
		name           string
		given          given
		least, most    int64 // cost
		scratch, under int64 // bytes beside the result
	}{
		{"affine", given{tensor.KindAffine, tensor.Attr{F: []float64{1, 0}}, []tensor.Shape{picture}, nil}, 6e6, 7e6, 0, 1},
		{"blur by 255", window(tensor.KindGaussianBlur, 255), 400e6, 500e6, 6e6, 8e6},
		{"blur by 5", window(tensor.KindBoxBlur, 5), 20e6, 40e6, 6e6, 8e6},
		{"median by 31", window(tensor.KindMedianFilter, 31), 18e9, 20e9, 3e6, 4e6},
		{"filter by 101", given{tensor.KindFilter2D, tensor.Attr{I: []int{0}}, []tensor.Shape{picture, {101, 101}}, nil}, 7e9, 9e9, 1e5, 2e5},
		{"sort", given{tensor.KindSort, tensor.Attr{I: []int{0, 0}}, []tensor.Shape{{1 << 20}}, nil}, 150e6, 200e6, 28 << 20, 28<<20 + 1},
		{"fft by Bluestein", given{tensor.KindFFT, tensor.Attr{I: []int{1, 0}}, []tensor.Shape{{4, 65000, 2}}, nil}, 400e6, 500e6, 70e6, 90e6},
		{"transposed conv", given{tensor.KindConvTranspose2D, tensor.Attr{I: []int{1, 1, 0, 0, 0, 0, 1, 1, 1}}, []tensor.Shape{{1, 64, 64, 64}, {64, 64, 99, 9}}, nil}, 20e9, 30e9, 14e6, 15e6},
		{"resize to many", given{tensor.KindResizeAA, tensor.Attr{I: []int{2}}, []tensor.Shape{{1, 1 << 16, 1, 1}}, tensor.Shape{1, 1, 1 << 14, 1}}, 60e9, 90e9, 1 << 32, 1<<32 + 1},
		{"noise", given{tensor.KindNormal, tensor.Attr{I: []int{1, 2, 3}}, nil, picture}, 70e6, 90e6, 0, 1},
	} {
		g := tensor.NewGraph()
		var refs []tensor.Ref
		for _, s := range c.given.in {
			refs = append(refs, g.Input("", tensor.F32, s...))
		}
		g.Output(g.Op(c.given.kind, c.given.attr, c.given.want, refs...))
		p := g.Program()
		if cost := costOf(p); cost < c.least || cost > c.most {
			t.Errorf("%s costs %d, want %d to %d", c.name, cost, c.least, c.most)
		}
		if n := peakOf(p) - int64(p.Values[p.Outputs[0]].Shape.Elems())*4; n < c.scratch || n >= c.under {
			t.Errorf("%s needs %d bytes beside its result, want %d to %d", c.name, n, c.scratch, c.under)
		}
	}
}

// FuzzGraph: whatever bytes a guest sends as a graph, the host traps or answers, and does not panic of its own.
func FuzzGraph(f *testing.F) {
	f.Add(affineGraph(1<<32, -1, 1))
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 32<<10 {
			return
		}
		inFuzzCall(t, func(c *call) {
			c.put(abi.KindImage, ramp(1, 4, 4, 3))
			copy(c.bytes(64<<10, uint32(len(b))), b)
			defer func() {
				if r := recover(); r != nil {
					if _, ours := r.(*fault.Error); !ours {
						panic(r)
					}
				}
			}()
			c.tGraph(64<<10, uint32(len(b)), 4096, 1024)
		})
	})
}

// fuzzHost is shared by a fuzz worker's inputs: a host takes longer to start than a graph to read.
var fuzzHost struct {
	h *Host
	e *Extension
}

func inFuzzCall(t *testing.T, do func(c *call)) {
	if fuzzHost.h == nil {
		h, err := New(t.Context(), Config{Backend: fuzzBackend{}, CodeDir: codeDir})
		if err != nil {
			t.Fatal(err)
		}
		e, err := h.Load(t.Context(), tinySource(tiny(map[int32]any{1: tinyNode}, nil)))
		if err != nil {
			t.Fatal(err)
		}
		fuzzHost.h, fuzzHost.e = h, e
	}
	c := fuzzHost.e.newCall(node.WithRun(t.Context(), node.Run{PromptID: "p", NodeID: "n"}), fuzzHost.e.limits.Execute)
	s, err := fuzzHost.e.program.Get(t.Context(), 256*pagesPerMiB)
	if err != nil {
		t.Fatal(err)
	}
	defer fuzzHost.e.program.Put(t.Context(), s, false)
	c.slot = s
	_ = fuzzHost.h.gate.enter(t.Context())
	defer fuzzHost.h.gate.leave()
	do(c)
}

// fuzzBackend refuses every program: what is fuzzed is what comes before.
type fuzzBackend struct{ tensor.Backend }

// Name is for messages.
func (fuzzBackend) Name() string { return "none" }

// Compile refuses.
func (fuzzBackend) Compile(*tensor.Program) (tensor.Executable, error) {
	return nil, fault.New(fault.Unsupported, "no programs here")
}
