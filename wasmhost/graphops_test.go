package wasmhost

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// listedOp is an entry of the contract's list of ops.
type listedOp struct {
	Name  string
	Value uint16
}

// opRow is a row of the conformance kit: an op with inputs, written as "2x3", "2x3 pos" or "3 I64 = 0 2 1".
type opRow struct {
	Op    string
	In    []string
	I     []any
	F     []float64
	Shape []int
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func listedOps(t *testing.T) []listedOp {
	t.Helper()
	var c struct {
		TensorOps []listedOp `json:"tensor_ops"`
	}
	readJSON(t, "../sdk-wasm/abi/cocoon1.json", &c)
	return c.TensorOps
}

// TestContractNamesTensorOps: the contract lists every kind there is and no other, under its number and name.
func TestContractNamesTensorOps(t *testing.T) {
	listed := map[tensor.Kind]bool{}
	for _, op := range listedOps(t) {
		k := tensor.Kind(op.Value)
		listed[k] = true
		if got := strings.ToUpper(k.String()); got != op.Name {
			t.Errorf("%d is %s, not %s", op.Value, got, op.Name)
		}
	}
	for _, k := range tensor.Kinds() {
		if !listed[k] {
			t.Errorf("the contract does not list %v, number %d", k, k)
		}
	}
}

// TestEveryOpRuns: each op of the contract has a row, and t_graph computes each row as the reference does.
func TestEveryOpRuns(t *testing.T) {
	var rows []opRow
	readJSON(t, "../sdk-wasm/conformance/cases/ops.json", &rows)
	ran := map[string]bool{}
	kinds := map[string]tensor.Kind{}
	for _, op := range listedOps(t) {
		kinds[op.Name] = tensor.Kind(op.Value)
	}
	inCall(t, 0, func(c *call) {
		for i, row := range rows {
			t.Run(row.Op+" "+strconv.Itoa(i), func(t *testing.T) { row.check(t, c, kinds[row.Op]) })
			ran[row.Op] = true
		}
	})
	for name := range kinds {
		if !ran[name] {
			t.Errorf("the conformance kit has no row for the op %s", name)
		}
	}
}

func (row *opRow) check(t *testing.T, c *call, kind tensor.Kind) {
	g, in := tensor.NewGraph(), row.inputs(t)
	var refs []tensor.Ref
	var handles []int64
	for _, x := range in {
		refs = append(refs, g.Input("", x.DType(), x.Shape()...))
		handles = append(handles, c.put(abi.KindTensor, x))
	}
	attr := tensor.Attr{I: row.ints(), F: row.F}
	g.Output(g.Op(kind, attr, row.Shape, refs...))
	p := g.Program()
	want, err := tensor.RunOnce(t.Context(), interp.New(), p, in...)
	if err != nil {
		t.Fatal(err)
	}
	if cost := costOf(p); cost <= 0 || cost > 1<<30 {
		t.Errorf("costs %d", cost)
	}
	b := oneOp(uint16(kind), handles, attr, row.Shape)
	copy(c.bytes(8192, uint32(len(b))), b)
	if n := c.tGraph(8192, uint32(len(b)), 4096, 64); n != 8 {
		t.Fatalf("t_graph: %d", n)
	}
	handles = append(handles, int64(binary.LittleEndian.Uint64(c.bytes(4096, 8))))
	got := c.tensorOf(handles[len(in)])
	defer func() {
		for _, h := range handles {
			c.hDrop(h)
		}
	}()
	if got.DType() != want[0].DType() || !got.Shape().Equal(want[0].Shape()) {
		t.Fatalf("%v, want %v", got, want[0])
	}
	w := tensor.ToF64(want[0])
	for i, v := range tensor.ToF64(got) {
		if v != w[i] && (v == v || w[i] == w[i]) && !(math.Abs(v-w[i]) <= 1e-4*max(1, math.Abs(w[i]))) {
			t.Errorf("element %d is %v, want %v", i, v, w[i])
		}
	}
}

// oneOp is the t_graph of one instruction.
func oneOp(kind uint16, handles []int64, attr tensor.Attr, shape tensor.Shape) []byte {
	le := binary.LittleEndian
	var b []byte
	rank := byte(255)
	if shape != nil {
		rank = byte(len(shape))
	}
	for _, n := range []int{1, len(handles), 1, len(attr.I) + len(shape), len(attr.F), len(handles), 1, 0} {
		b = le.AppendUint32(b, uint32(n))
	}
	for _, h := range handles {
		b = le.AppendUint64(b, uint64(h))
	}
	instr := make([]byte, abi.GraphInstrSize)
	le.PutUint16(instr[abi.GraphInstrKind:], kind)
	instr[abi.GraphInstrArgs], instr[abi.GraphInstrRank] = byte(len(handles)), rank
	le.PutUint16(instr[abi.GraphInstrInts:], uint16(len(attr.I)))
	le.PutUint16(instr[abi.GraphInstrFloats:], uint16(len(attr.F)))
	le.PutUint32(instr[abi.GraphInstrShapeAt:], uint32(len(attr.I)))
	b = append(b, instr...)
	for _, v := range append(attr.I[:len(attr.I):len(attr.I)], shape...) {
		b = le.AppendUint64(b, uint64(v))
	}
	for _, f := range attr.F {
		b = le.AppendUint64(b, math.Float64bits(f))
	}
	for i := range handles {
		b = le.AppendUint32(b, uint32(i))
	}
	return le.AppendUint32(b, uint32(len(handles)))
}

// ints are the integers; a dtype is written by its name.
func (row *opRow) ints() []int {
	var out []int
	for _, v := range row.I {
		switch x := v.(type) {
		case float64:
			out = append(out, int(x))
		case string:
			dt, _ := tensor.ParseDType(strings.TrimPrefix(x, "@"))
			out = append(out, int(dt))
		}
	}
	return out
}

func (row *opRow) inputs(t *testing.T) (in []*tensor.Tensor) {
	for _, s := range row.In {
		head, written, _ := strings.Cut(s, " = ")
		words := strings.Fields(head)
		var shape tensor.Shape
		for _, d := range strings.Split(words[0], "x") {
			n, err := strconv.Atoi(d)
			if err != nil {
				t.Fatal(err)
			}
			shape = append(shape, n)
		}
		x, to := tensor.New(tensor.F32, shape...), tensor.F32
		for i := range x.F32() {
			x.F32()[i] = 0.25 + float32(i*5%13)/8
		}
		for _, w := range words[1:] {
			if dt, ok := tensor.ParseDType(w); ok {
				to = dt
			}
		}
		for i, w := range strings.Fields(written) {
			f, err := strconv.ParseFloat(w, 32)
			if err != nil {
				t.Fatal(err)
			}
			x.F32()[i] = float32(f)
		}
		in = append(in, tensor.Convert(x, to))
	}
	return in
}
