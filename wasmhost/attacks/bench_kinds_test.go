package attacks

import (
	"context"
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// oneKind is the t_graph of one op over as many inputs as it takes; their handles are left 0.
func oneKind(k tensor.Kind, attr tensor.Attr, want tensor.Shape, inputs int) []byte {
	le := binary.LittleEndian
	b := graphHead(uint32(inputs), 1, uint32(len(attr.I)+len(want)), uint32(len(attr.F)), uint32(inputs), 1)
	b = append(b, make([]byte, 8*inputs)...)
	i := instruction(uint16(k), byte(inputs), 255, 0, 0, uint16(len(attr.I)))
	le.PutUint16(i[abi.GraphInstrFloats:], uint16(len(attr.F)))
	if want != nil {
		i[abi.GraphInstrRank] = byte(len(want))
		le.PutUint32(i[abi.GraphInstrShapeAt:], uint32(len(attr.I)))
	}
	b = append(b, i...)
	for _, v := range append(attr.I[:len(attr.I):len(attr.I)], want...) {
		b = le.AppendUint64(b, uint64(v))
	}
	for _, f := range attr.F {
		b = le.AppendUint64(b, math.Float64bits(f))
	}
	for a := range inputs {
		b = le.AppendUint32(b, uint32(a))
	}
	return le.AppendUint32(b, uint32(inputs))
}

// computes makes a guest that computes an example again and again. F32 arguments are noise where the work depends on them.
func computes(e *tensortest.Example) []byte {
	const outAt = 48 << 10
	return build(func(g *guest) {
		g.need([3]string{tensors, "t_new", "iiid:l"}, [3]string{tensors, "t_graph", "iiii:l"}, [3]string{core, "h_drop", "l:"})
		run := func(b []byte) []byte {
			return asm.Code(g.bytes(b), asm.I32(outAt), asm.I32(64), g.call(tensors, "t_graph", "iiii:l"), []byte{0x1a})
		}
		result := asm.Code(asm.I32(outAt), []byte{0x29, 3, 0})
		graph := oneKind(e.Kind, e.Attr, e.Want, len(e.In))
		at := g.data
		op := run(graph)
		for i, a := range e.In {
			handle := asm.I32(at + abi.GraphHeadSize + int32(8*i))
			if a.DType == tensor.F32 && e.Kind >= tensor.KindArgMin && e.Kind <= tensor.KindTopKIndex {
				noise := run(oneKind(tensor.KindUniform, tensor.Attr{I: []int{1, 2, i}}, a.Shape, 0))
				g.execute = asm.Code(g.execute, noise, handle, result, []byte{0x37, 3, 0})
				continue
			}
			var dims []uint64
			for _, d := range a.Shape {
				dims = append(dims, uint64(d))
			}
			fill := 0.37
			if a.Below > 0 || a.DType != tensor.F32 { // ids, and dtypes that t_new does not fill
				fill = 0
			}
			g.execute = asm.Code(g.execute, handle, asm.I32(int32(a.DType)), asm.I32(int32(len(dims))), g.numbers(dims...), asm.F64(fill),
				g.call(tensors, "t_new", "iiid:l"), []byte{0x37, 3, 0})
		}
		g.execute = asm.Code(g.execute, loop(op, result, g.call(core, "h_drop", "l:")))
	})
}

func unlimited(s *wasmhost.Source) {
	l := &s.Limits.Execute
	l.Fuel, l.HostBytes, l.HostCalls, l.OutputBytes, l.Wall = 1<<50, 1<<60, 1<<40, 1<<50, time.Hour
}

// BenchmarkStopKinds measures the time from the deadline to the stop of guests that compute one large op of each kind, and
// names the five whose middle round is the worst: one round may have met with other work of the machine.
func BenchmarkStopKinds(b *testing.B) {
	const elems, rounds, work = 1 << 22, 5, 80 * time.Millisecond
	h := newHost(b, &world{})
	type lateness struct {
		name string
		late time.Duration
	}
	var all []lateness
	most := time.Duration(0)
	for b.Loop() {
		all = all[:0]
		for _, e := range tensortest.Examples(elems) {
			ext, err := load(b.Context(), h, computes(&e), unlimited)
			if err != nil {
				b.Fatal(e.Name, err)
			}
			var late [rounds]time.Duration
			for i := range rounds {
				ctx, cancel := context.WithTimeout(in(b.Context(), "t", nil), work)
				_, err := ext.Nodes()[0].Run(ctx, node.Args{})
				end, _ := ctx.Deadline()
				late[i] = time.Since(end)
				if cancel(); late[i] < 0 {
					b.Fatalf("%s ended by itself: %v", e.Name, err)
				}
			}
			slices.Sort(late[:])
			most = max(most, late[rounds-1])
			all = append(all, lateness{e.Name, late[rounds/2]})
		}
	}
	slices.SortFunc(all, func(x, y lateness) int { return int(y.late - x.late) })
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(all[len(all)/2].late), "stop-ms")
	b.ReportMetric(ms(all[0].late), "worst-kind-ms")
	b.ReportMetric(ms(most), "worst-ms")
	for _, x := range all[:5] {
		b.Logf("%s: %.2f ms", x.name, ms(x.late))
	}
}
