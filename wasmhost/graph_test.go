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
	_ = fuzzHost.h.gate.enter(t.Context(), c.tenant)
	defer fuzzHost.h.gate.leave(c.tenant)
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
