package sample_test

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/rng"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// expr is one expression of guidance.json.gz: a node, or a literal by the name of its only key.
type expr struct {
	Node    string
	Inputs  map[string]json.RawMessage
	Out     int
	Tokens  [][]float32
	Model   string
	Sigmas  *[]float32
	Latent  *latentSpec
	MaskOf  *maskSpec `json:"mask"`
	Literal json.RawMessage
}

type latentSpec struct {
	Shape      []int
	Seed       *json.Number
	NoiseMask  *maskSpec `json:"noise_mask"`
	BatchIndex []int     `json:"batch_index"`
}

type maskSpec struct {
	Kind    string
	H, W, B int
	Rect    []int
}

func (m maskSpec) tensor(t *testing.T) *tensor.Tensor {
	plane := make([]float32, m.H*m.W)
	for i := range plane {
		y, x := i/m.W, i%m.W
		switch m.Kind {
		case "rect":
			if r := m.Rect; y >= r[0] && y < r[1] && x >= r[2] && x < r[3] {
				plane[i] = 1
			}
		case "ramp":
			plane[i] = float32(x+y) / float32(m.H+m.W-2)
		case "zero":
		default:
			t.Fatalf("unknown kind of mask %q", m.Kind)
		}
	}
	n := max(m.B, 1)
	var all []float32
	for range n {
		all = append(all, plane...)
	}
	return tensor.FromF32(all, n, m.H, m.W)
}

func (l latentSpec) value(t *testing.T) value.Latent {
	out := value.Latent{Samples: tensor.New(tensor.F32, l.Shape...), BatchIndex: l.BatchIndex}
	if l.Seed != nil {
		seed, err := strconv.ParseUint(l.Seed.String(), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v := out.Samples.F32()
		rng.New(seed).Randn(v)
		for i := range v {
			v[i] *= 0.5
		}
	}
	if l.NoiseMask != nil {
		out.NoiseMask = l.NoiseMask.tensor(t)
	}
	return out
}

// eval evaluates expressions of one case.
type eval struct {
	*testing.T
	kinds sampletest.SigmaFile
}

// inputs reads a node's inputs.
type inputs struct {
	e  eval
	in map[string]json.RawMessage
}

func parse(t *testing.T, raw json.RawMessage) expr {
	t.Helper()
	var x expr
	if err := json.Unmarshal(raw, &x); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return x
}

func literal[T any](i inputs, name string) T {
	i.e.Helper()
	var v T
	if raw, ok := i.in[name]; ok {
		if err := json.Unmarshal(raw, &v); err != nil {
			i.e.Fatalf("%s: %v", name, err)
		}
	}
	return v
}

func (i inputs) has(name string) bool      { _, ok := i.in[name]; return ok }
func (i inputs) float(name string) float64 { return literal[float64](i, name) }
func (i inputs) f32(name string) float32   { return float32(i.float(name)) }
func (i inputs) int(name string) int       { return literal[int](i, name) }
func (i inputs) seed(name string) uint64   { return literal[uint64](i, name) }
func (i inputs) text(name string) string   { return literal[string](i, name) }
func (i inputs) bool(name string) bool     { return literal[bool](i, name) }
func (i inputs) sub(name string) expr      { i.e.Helper(); return parse(i.e.T, i.in[name]) }
func (i inputs) model(name string) sample.Source {
	return i.e.model(i.sub(name))
}
func (i inputs) cond(name string) value.Conditioning { return i.e.cond(i.sub(name)) }
func (i inputs) latent(name string) value.Latent     { return i.e.latent(i.sub(name)) }
func (i inputs) mask(name string) *tensor.Tensor     { return i.sub(name).MaskOf.tensor(i.e.T) }

func (e eval) of(x expr) inputs { return inputs{e, x.Inputs} }

func TestGoldenGuidance(t *testing.T) {
	var file struct {
		Cases []struct {
			Name      string
			Expr      json.RawMessage
			NonFinite bool `json:"non_finite"`
		}
	}
	sampletest.JSON(t, "guidance.json.gz", &file)
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "guidance.safetensors"))
	all := kinds(t)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			want, _ := f.F32(c.Name)
			got := eval{t, all}.latent(parse(t, c.Expr))
			// The recorded samplers agree with double precision to 1e-4; what is not finite must be not finite in the same places.
			sampletest.Near(t, c.Name, got.Samples.F32(), want, guidanceTolerance(c.Name), sampletest.Top(want))
		})
	}
}
