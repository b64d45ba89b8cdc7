package wasmhost

import (
	"context"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// wildInts and wildFloats are constants that ops have trouble with.
var (
	wildInts   = []int64{-1, 0, 1, 2, 3, 4, 5, 7, 16, 255, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64, -2, 100}
	wildFloats = []float64{0, 1, -1, 0.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 1e-300, 255, math.Copysign(0, -1)}
)

// wildTensors are what a graph takes: numbers that are none, places that are not there, and nothing at all.
func wildTensors() []*tensor.Tensor {
	img := tensor.New(tensor.F32, 1, 4, 4, 3)
	for i := range img.F32() {
		img.F32()[i] = float32(wildFloats[i%len(wildFloats)])
	}
	ids := tensor.New(tensor.I64, 4)
	copy(ids.I64(), []int64{0, -1, 1 << 40, math.MinInt64})
	few := tensor.New(tensor.F32, 4, 3)
	for i := range few.F32() {
		few.F32()[i] = 0.25
	}
	return []*tensor.Tensor{img, ids, few, few, tensor.New(tensor.F32, 3), tensor.New(tensor.F32, 2, 3, 3, 3), tensor.New(tensor.F32, 0, 4), tensor.New(tensor.U8, 2, 2),
		tensor.New(tensor.F16, 1, 2, 2, 1), img.Permute(0, 2, 1, 3), tensor.New(tensor.F32)}
}

// wildGraph makes a t_graph of bytes: whatever they are, its form is right.
func wildGraph(src []byte, inputs int) []byte {
	next := func(n int) int {
		if len(src) == 0 {
			return 0
		}
		c := int(src[0])
		src = src[1:]
		return c % n
	}
	le := binary.LittleEndian
	var instrs, args []byte
	count, kinds := 1+next(3), tensor.Kinds()
	nargs := 0
	for i := range count {
		kind, n := kinds[next(len(kinds))], next(4)
		b := append(le.AppendUint16(nil, uint16(kind)), byte(n), 255)
		b = le.AppendUint32(le.AppendUint32(b, uint32(nargs)), uint32(next(40)))
		b = le.AppendUint16(le.AppendUint16(b, uint16(next(11))), uint16(next(4)))
		b = le.AppendUint64(le.AppendUint32(le.AppendUint32(b, uint32(next(8))), uint32(next(40))), 0)
		if next(2) == 0 {
			b[abi.GraphInstrRank] = byte(next(6))
		}
		instrs = append(instrs, b...)
		for range n {
			args = le.AppendUint32(args, uint32(next(inputs+i)))
			nargs++
		}
	}
	const ints, floats = 64, 16
	var b []byte
	for _, n := range []uint32{1, uint32(inputs), uint32(count), ints, floats, uint32(nargs), 1, 0} {
		b = le.AppendUint32(b, n)
	}
	for i := range inputs {
		b = le.AppendUint64(b, 1<<32|uint64(i))
	}
	b = append(b, instrs...)
	for i := range ints {
		v := int64(next(6))
		if i%3 == 0 || next(3) == 0 {
			v = wildInts[next(len(wildInts))]
		}
		b = le.AppendUint64(b, uint64(v))
	}
	for range floats {
		b = le.AppendUint64(b, math.Float64bits(wildFloats[next(len(wildFloats))]))
	}
	b = append(b, args...)
	return le.AppendUint32(b, uint32(inputs+count-1))
}

// graphHost runs graphs on a real backend.
type graphHost struct {
	h *Host
	e *Extension
}

func newGraphHost(t testing.TB) *graphHost {
	t.Helper()
	b := cpu.New(cpu.Options{Threads: 1})
	h, err := New(context.Background(), Config{Backend: b, CodeDir: codeDir})
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.Load(context.Background(), tinySource(tiny(map[int32]any{1: tinyNode}, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = h.Close(context.Background())
		_ = b.Close()
	})
	return &graphHost{h, e}
}

// run gives what t_graph said, or the code of its trap. Other panics are the host's slips.
func (g *graphHost) run(t testing.TB, src []byte) (n int64, code fault.Code) {
	t.Helper()
	l := g.e.limits.Execute
	l.OutputBytes, l.HostBytes = 8*mib, 64*mib
	c := g.e.newCall(node.WithRun(context.Background(), node.Run{PromptID: "p", NodeID: "n"}), l)
	s, err := g.e.program.Get(context.Background(), 256*pagesPerMiB)
	if err != nil {
		t.Fatal(err)
	}
	defer g.e.program.Put(context.Background(), s, false)
	c.slot = s
	_ = g.h.gate.enter(context.Background(), c.tenant)
	defer g.h.gate.leave(c.tenant)
	defer c.release()
	defer func() {
		r := recover()
		trap, ours := r.(*fault.Error)
		if ours {
			code = trap.Code
		} else if r != nil {
			panic(r)
		}
	}()
	list := wildTensors()
	for _, x := range list {
		c.put(abi.KindTensor, x)
	}
	b := wildGraph(src, len(list))
	copy(c.bytes(64<<10, uint32(len(b))), b)
	return c.tGraph(64<<10, uint32(len(b)), 4096, 1024), ""
}

// FuzzGraphRuns: a graph whose form is right is refused or computed, and never breaks the host.
func FuzzGraphRuns(f *testing.F) {
	g := newGraphHost(f)
	f.Add([]byte{0, 0, 1, 2, 3, 4, 5})
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		f.Add(randomBytes(r, 120))
	}
	f.Fuzz(func(t *testing.T, src []byte) { g.run(t, src) })
}

func randomBytes(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestRandomGraphs runs many small graphs; some of them must be computed, or nothing was tested.
func TestRandomGraphs(t *testing.T) {
	g := newGraphHost(t)
	r := rand.New(rand.NewPCG(3, 4))
	computed := 0
	for range 20_000 {
		if n, code := g.run(t, randomBytes(r, 120)); n > 0 && code == "" {
			computed++
		}
	}
	if computed < 100 {
		t.Errorf("%d graphs were computed", computed)
	}
	t.Log(computed)
}
