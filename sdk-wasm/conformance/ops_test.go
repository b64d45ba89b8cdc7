package conformance

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/interp"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// opCase is an op of a graph with inputs: "2x3" has values around 0, "2x3 pos" positive ones, "3 I64 = 0 2 1" those written.
type opCase struct {
	Op    string
	In    []string
	I     []any
	F     []float64
	Shape []int

	inputs []*tensor.Tensor
	kind   tensor.Kind
	ints   []int
}

func readOps(t testing.TB, n *notation) []*opCase {
	t.Helper()
	b, err := caseFiles.ReadFile("cases/ops.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []*opCase
	decodeJSON(t, b, &all)
	for _, x := range all {
		x.kind = tensor.Kind(n.text("@T_" + x.Op).(int64))
		for _, s := range x.In {
			x.inputs = append(x.inputs, parseTensor(t, s, n))
		}
		for _, v := range x.I {
			x.ints = append(x.ints, int(n.value(v).(int64)))
		}
	}
	return all
}

func parseTensor(t testing.TB, s string, n *notation) *tensor.Tensor {
	t.Helper()
	head, written, _ := strings.Cut(s, " = ")
	parts := strings.Fields(head)
	var shape []int
	for _, d := range strings.Split(parts[0], "x") {
		k, err := strconv.Atoi(d)
		if err != nil {
			t.Fatal(err)
		}
		shape = append(shape, k)
	}
	x := tensor.New(tensor.F32, shape...)
	for i := range x.F32() {
		x.F32()[i] = float32((i*7)%17-8) / 4
	}
	to := tensor.F32
	for _, p := range parts[1:] {
		if p == "pos" {
			for i := range x.F32() {
				x.F32()[i] = 0.25 + float32((i*5)%13)/8
			}
			continue
		}
		to = tensor.DType(n.text("@" + p).(int64))
	}
	for i, v := range strings.Fields(written) {
		f, err := strconv.ParseFloat(v, 32)
		if err != nil {
			t.Fatal(err)
		}
		x.F32()[i] = float32(f)
	}
	return tensor.Convert(x, to)
}

// request is the op as a guest gets it: a graph of one instruction, its dtype and shape, its bytes.
func (x *opCase) request() (map[string]any, node.Args) {
	args, refs, order := node.Args{}, []any{}, []any{}
	for i, t := range x.inputs {
		name := "in" + strconv.Itoa(i)
		args[name] = t
		refs = append(refs, abi.Tag{Number: abi.TagLink, Value: []any{name, int64(0)}})
		order = append(order, int64(i))
	}
	ints, floats, shape := []any{}, []any{}, any(nil)
	for _, v := range x.ints {
		ints = append(ints, int64(v))
	}
	for _, v := range x.F {
		floats = append(floats, v)
	}
	if x.Shape != nil {
		l := []any{}
		for _, d := range x.Shape {
			l = append(l, int64(d))
		}
		shape = l
	}
	instr := []any{int64(x.kind), order, ints, floats, shape}
	result := abi.Tag{Number: abi.TagLink, Value: []any{"g", int64(0)}}
	return map[string]any{"steps": []any{
		[]any{"t_graph", "g", true, refs, []any{instr}, []any{int64(len(refs))}},
		[]any{"t_info", "", false, result},
		[]any{"t_read", "", false, result, int64(0), int64(1 << 20)},
	}}, args
}

// want is what the reply must be, computed without a guest on the same backend, and held to the reference in double
// precision.
func (x *opCase) want(t testing.TB, b tensor.Backend) []byte {
	t.Helper()
	g := tensor.NewGraph()
	var refs []tensor.Ref
	for i, in := range x.inputs {
		refs = append(refs, g.Input(strconv.Itoa(i), in.DType(), in.Shape()...))
	}
	out, err := g.TryOp(x.kind, tensor.Attr{I: x.ints, F: x.F}, x.Shape, refs...)
	if err != nil {
		t.Fatal(err)
	}
	g.Output(out)
	p := g.Program()
	got, err := tensor.RunOnce(t.Context(), b, p, x.inputs...)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := interp.Values(t.Context(), p, x.inputs...)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range tensor.ToF64(got[0]) {
		if r := ref[p.Outputs[0]][i]; math.Abs(v-r) > 2e-3*max(1, math.Abs(r)) {
			t.Errorf("element %d is %v, the reference says %v", i, v, r)
		}
	}
	shape := []any{}
	for _, d := range got[0].Shape() {
		shape = append(shape, int64(d))
	}
	msg, err := abi.Append(nil, []any{nil, map[string]any{"dtype": int64(got[0].DType()), "shape": shape, "bytes": int64(len(got[0].Bytes())),
		"kind": int64(abi.KindTensor), "contiguous": true}, got[0].Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// name tells rows of one op apart.
func (x *opCase) name() string {
	b, _ := json.Marshal([]any{x.In, x.I, x.F, x.Shape})
	return x.Op + "/" + string(b)
}

// TestOps runs every op of a graph in every language.
func TestOps(t *testing.T) {
	backend := cpu.New(cpu.Options{})
	defer backend.Close()
	c := readContract(t)
	ops := readOps(t, newNotation(t, c, ""))
	wants := make([][]byte, len(ops))
	for i, x := range ops {
		t.Run("reference/"+x.name(), func(t *testing.T) { wants[i] = x.want(t, backend) })
	}
	each(t, func(t *testing.T, g *guest) {
		e := newBench(t, c, g.module(t), false).loaded[""]
		for i, x := range ops {
			request, args := x.request()
			reply, err := e.Selftest(tenant.With(t.Context(), "ops"), wasmhost.ExecuteLimits(), request, args)
			if err != nil || !bytes.Equal(reply, wants[i]) {
				t.Errorf("%s: %v, replies\n%s\nwant\n%s", x.name(), err, show(reply), show(wants[i]))
			}
		}
	})
}

// TestEveryOpHasACase holds the kit to the contract: an op without a row is a failure.
func TestEveryOpHasACase(t *testing.T) {
	c := readContract(t)
	have := map[string]bool{}
	for _, x := range readOps(t, newNotation(t, c, "")) {
		have[x.Op] = true
	}
	for _, op := range c.TensorOps {
		if !have[op.Name] {
			t.Errorf("cases/ops.json has no row for the op %s", op.Name)
		}
	}
}
