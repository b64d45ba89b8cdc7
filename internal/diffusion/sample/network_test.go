package sample_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/latent"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// network is the model of the goldens at network level: F(xc, t) = 0.9·tanh(xc·(0.6 + 0.4·cos u) + m) + 0.1·sin 3u.
type network struct {
	sampling param.Sampling
	scale    float64 // u = t/scale
	steps    []float32
}

func (n *network) Sampling() param.Sampling { return n.sampling }
func (n *network) Format() latent.Format    { return latent.Default() }

func (n *network) Apply(_ context.Context, x *tensor.Tensor, t []float32, b *sample.Batch) (*tensor.Tensor, error) {
	n.steps = append(n.steps, t[0])
	out := tensor.New(tensor.F32, x.Shape()...)
	h, w := x.Dim(2), x.Dim(3)
	for i, v := range x.F32() {
		item, c, yy, xx := i/(4*h*w), i/(h*w)%4, i/w%h, i%w
		m := mu(b, item, c) * (1 + 0.25*cos32(0.7*float32(yy)+0.3*float32(xx)))
		u := t[item] / float32(n.scale)
		out.F32()[i] = 0.9*tanh32(v*(0.6+0.4*cos32(u))+m) + 0.1*sin32(3*u)
	}
	return out, nil
}

func TestGoldenNetworkLevel(t *testing.T) {
	all := kinds(t)
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "network_level.safetensors"))
	var rows []struct {
		Key    string
		TScale float64
		T      []float32
	}
	if err := json.Unmarshal([]byte(f.Metadata["index"]), &rows); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		t.Run(r.Key, func(t *testing.T) {
			p := strings.Split(r.Key, "/")
			steps, _ := strconv.Atoi(p[3])
			net := &network{sampling: all.Sampling(t, p[0], nil), scale: r.TScale}
			q := sample.Request{
				Source: sample.Source{Model: net}, Positive: positive(), Negative: negative(), Seed: 42, Steps: steps, CFG: 4,
				Sampler: p[1], Scheduler: p[2], Denoise: 1, EndStep: sample.ToEnd, AddNoise: true,
				Latent: value.Latent{Samples: tensor.New(tensor.F32, 1, 4, 8, 8)},
			}
			if denoise, ok := strings.CutPrefix(p[5], "img2img"); ok {
				v, shape := f.F32("latent_image")
				q.Latent.Samples = tensor.FromF32(v, shape...)
				q.Denoise, _ = strconv.ParseFloat(denoise, 64)
			}
			got, err := sample.Run(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := f.F32(r.Key)
			sampletest.Near(t, "latent", got.F32(), want, 1e-4, sampletest.Top(want))
			sampletest.Near(t, "timesteps", net.steps, r.T, 1e-5, 1e-3)
		})
	}
}

func TestGoldenFormatSample(t *testing.T) {
	all := kinds(t)
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "latent_formats.safetensors"))
	for _, name := range f.Names() {
		p := strings.Split(name, "/")
		if p[0] != "sample" || !strings.HasPrefix(p[2], "denoise") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			l, ok := latent.ByName(p[1])
			if !ok {
				t.Fatalf("unknown format %q", p[1])
			}
			v, shape := f.F32("sample/" + p[1] + "/latent")
			denoise, _ := strconv.ParseFloat(strings.TrimPrefix(p[2], "denoise"), 64)
			source := sample.Source{Model: &analytic{sampling: all.Sampling(t, "sd1", nil)}}.With(func(o *sample.Options) { o.Format = &l })
			got, err := sample.Run(t.Context(), sample.Request{
				Source: source, Positive: positive(), Negative: negative(), Seed: 42, Steps: 6, CFG: 3,
				Sampler: "euler", Scheduler: "normal", Denoise: denoise, EndStep: sample.ToEnd, AddNoise: true,
				Latent: value.Latent{Samples: tensor.FromF32(v, shape...)},
			})
			if err != nil {
				t.Fatal(err)
			}
			want, _ := f.F32(name)
			sampletest.Near(t, "latent", got.F32(), want, 1e-4, sampletest.Top(want))
		})
	}
}
