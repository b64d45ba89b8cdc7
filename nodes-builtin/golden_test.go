package nodes

import (
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/latent"
)

// goldenCase is one recorded call of a node.
type goldenCase struct {
	Name    string
	Inputs  map[string]any
	Outputs []any
	Error   string
	List    bool
}

func TestGoldenNodes(t *testing.T) {
	byClass := map[string]node.Node{}
	for _, n := range slices.Concat(Pure(), latent.WithVAE()) {
		byClass[n.Schema().ID] = n
	}
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "nodes-io"), "*.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, path := range files {
		n, ok := byClass[strings.TrimSuffix(filepath.Base(path), ".safetensors")]
		if !ok {
			continue
		}
		f := golden.Read(t, path)
		for _, c := range casesOf(t, f) {
			ran++
			t.Run(n.Schema().ID+"/"+c.Name, func(t *testing.T) { runCase(t, f, n, c) })
		}
	}
	if ran == 0 {
		t.Fatal("no case ran")
	}
}

func casesOf(t *testing.T, f *golden.File) []goldenCase {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(f.Metadata["cases"]))
	d.UseNumber()
	var cases []goldenCase
	if err := d.Decode(&cases); err != nil {
		t.Fatal(err)
	}
	return cases
}

func runCase(t *testing.T, f *golden.File, n node.Node, c goldenCase) {
	args := node.Args{}
	for _, in := range n.Schema().Inputs {
		if raw, ok := c.Inputs[in.Name]; ok && c.List {
			list := node.List{}
			for _, item := range raw.([]any) {
				list = append(list, toGo(t, f, in.Type, item))
			}
			args[in.Name] = list
		} else if ok {
			args[in.Name] = toGo(t, f, in.Type, raw)
		}
	}
	if c.Inputs["__vae8"] == true {
		args["vae"] = meanVAE{}
	}
	got, err := n.Run(t.Context(), args)
	if c.Error != "" {
		if err == nil {
			t.Fatalf("no error, want one like %s", c.Error)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Outputs) != len(c.Outputs) {
		t.Fatalf("%d outputs, want %d", len(got.Outputs), len(c.Outputs))
	}
	tol := tolerance(n.Schema().ID, c.Inputs)
	for i, want := range c.Outputs {
		same(t, f, tol, fromGo(got.Outputs[i]), want)
	}
}

// tolerance is what the goldens' README allows: exact but for filters on floats.
func tolerance(class string, in map[string]any) float64 {
	method, _ := in["upscale_method"].(string)
	latent := strings.HasPrefix(class, "Latent")
	switch {
	case method == "bislerp":
		return 1e-4
	case method == "lanczos" || method == "nearest-exact":
		return 0
	case method != "" && latent, class == "LatentBlend", class == "LatentComposite":
		return 1e-5
	case method != "", class == "ImageBatch", class == "VAEEncodeForInpaint", class == "InpaintModelConditioning":
		return 2e-6
	case strings.HasPrefix(class, "Conditioning"):
		return 1e-6 // sums of two products, whose order of rounding a compiler may choose
	}
	return 0
}

// toGo makes of a recorded input what a link of the type carries.
func toGo(t *testing.T, f *golden.File, typ node.Type, raw any) any {
	switch typ {
	case "IMAGE":
		return value.Image{Tensor: tensorOf(t, f, raw)}
	case "MASK":
		return value.Mask{Tensor: tensorOf(t, f, raw)}
	case "LATENT":
		return latentOf(t, f, raw.(map[string]any))
	case "CONDITIONING":
		return conditioningOf(t, f, raw.([]any))
	case node.Float:
		return number(t, raw, true)
	case node.Int:
		return number(t, raw, false)
	}
	return raw
}

func number(t *testing.T, raw any, float bool) any {
	v, ok := raw.(json.Number)
	if !ok {
		t.Fatalf("%v is no number", raw)
	}
	if !float {
		if i, err := v.Int64(); err == nil {
			return i
		}
	}
	x, err := v.Float64()
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func tensorOf(t *testing.T, f *golden.File, raw any) *tensor.Tensor {
	m, _ := raw.(map[string]any)
	key, ok := m["$t"].(string)
	if !ok {
		if raw == nil {
			return nil
		}
		t.Fatalf("%v is no tensor", raw)
	}
	data, shape := f.F32(key)
	return tensor.FromF32(data, shape...)
}

func latentOf(t *testing.T, f *golden.File, m map[string]any) value.Latent {
	l := value.Latent{}
	for k, v := range m {
		switch k {
		case "samples":
			l.Samples = tensorOf(t, f, v)
		case "noise_mask":
			l.NoiseMask = tensorOf(t, f, v)
		case "batch_index":
			for _, i := range v.([]any) {
				l.BatchIndex = append(l.BatchIndex, int(number(t, i, false).(int64)))
			}
		default:
			if l.Extra == nil {
				l.Extra = map[string]any{}
			}
			l.Extra[k] = v
		}
	}
	return l
}

func conditioningOf(t *testing.T, f *golden.File, list []any) value.Conditioning {
	var out value.Conditioning
	for _, item := range list {
		pair := item.([]any)
		c := value.Cond{Cross: tensorOf(t, f, pair[0])}
		for k, v := range pair[1].(map[string]any) {
			c = value.Set(c, value.Key[any](k), optionOf(t, f, v))
		}
		out = append(out, c)
	}
	return out
}

// optionOf is a cond's option: a tensor, none of one, or a plain value.
func optionOf(t *testing.T, f *golden.File, v any) any {
	if _, ok := v.(json.Number); ok {
		return number(t, v, true)
	}
	if _, ok := tensorKey(v); ok || v == nil {
		return tensorOf(t, f, v)
	}
	return v
}

// fromGo makes of a value what the recording would hold: tensors stay, the rest becomes JSON-like.
func fromGo(v any) any {
	switch x := v.(type) {
	case value.Image:
		return x.Tensor
	case value.Mask:
		return x.Tensor
	case value.Latent:
		m := map[string]any{"samples": x.Samples}
		if x.NoiseMask != nil {
			m["noise_mask"] = x.NoiseMask
		}
		if x.BatchIndex != nil {
			l := []any{}
			for _, i := range x.BatchIndex {
				l = append(l, int64(i))
			}
			m["batch_index"] = l
		}
		for k, e := range x.Extra {
			m[k] = e
		}
		return m
	case value.Conditioning:
		l := []any{}
		for _, c := range x {
			o := map[string]any{}
			for k, v := range c.Options() {
				o[k] = fromGo(v)
			}
			l = append(l, []any{c.Cross, o})
		}
		return l
	case node.List:
		l := []any{}
		for _, item := range x {
			l = append(l, fromGo(item))
		}
		return l
	case value.Area:
		if x.Percentage {
			return []any{"percentage", x.Height, x.Width, x.Y, x.X}
		}
		return []any{x.Height, x.Width, x.Y, x.X}
	}
	return v
}

// same compares by structure: numbers by value, tensors within the tolerance.
func same(t *testing.T, f *golden.File, tol float64, got, want any) {
	t.Helper()
	if key, ok := tensorKey(want); ok {
		data, shape := f.F32(key)
		sameTensor(t, tol, got, data, shape)
		return
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for k := range w {
			same(t, f, tol, g[k], w[k])
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i := range w {
			same(t, f, tol, g[i], w[i])
		}
	case json.Number:
		x, _ := w.Float64()
		if g, ok := asFloat(got); !ok || g != x {
			t.Errorf("got %v, want %v", got, want)
		}
	case nil:
		if tt, ok := got.(*tensor.Tensor); got != nil && (!ok || tt != nil) {
			t.Errorf("got %v, want none", got)
		}
	default:
		if got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func tensorKey(v any) (string, bool) {
	m, _ := v.(map[string]any)
	key, ok := m["$t"].(string)
	return key, ok
}

func asFloat(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int64:
		return float64(x), true
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	}
	return 0, false
}

func sameTensor(t *testing.T, tol float64, got any, want []float32, shape []int) {
	t.Helper()
	g, ok := got.(*tensor.Tensor)
	if !ok || g == nil || !g.Shape().Equal(shape) {
		t.Fatalf("got %v, want a tensor of shape %v", got, shape)
	}
	for i, v := range g.Dense().F32() {
		d := math.Abs(float64(v) - float64(want[i]))
		if math.IsNaN(float64(want[i])) && math.IsNaN(float64(v)) || v == want[i] {
			continue
		}
		if !(d <= tol) {
			t.Fatalf("element %d is %v, want %v within %v", i, v, want[i], tol)
		}
	}
}

// meanVAE compresses by 8 to the mean of each block, channel by channel: the stand-in that the goldens were recorded with.
type meanVAE struct{ latent.VAE }

func (meanVAE) Ratio() int { return 8 }

func (meanVAE) Encode(_ context.Context, p value.Image) (*tensor.Tensor, error) {
	b, h, w, c := p.Dim(0), p.Dim(1), p.Dim(2), p.Dim(3)
	out := tensor.New(tensor.F32, b, 3, h/8, w/8)
	dst, src := out.F32(), p.Dense().F32()
	for i := range dst {
		x, y, ch, n := i%(w/8), i/(w/8)%(h/8), i/(w/8)/(h/8)%3, i/(w/8)/(h/8)/3
		sum := 0.0
		for k := range 64 {
			sum += float64(src[((n*h+y*8+k/8)*w+x*8+k%8)*c+ch])
		}
		dst[i] = float32(sum / 64)
	}
	return out, nil
}
