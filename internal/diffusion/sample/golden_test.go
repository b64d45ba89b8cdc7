package sample_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/schedule"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/solver"
	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// runKey is a name like sd1/euler/karras/20/cfg7.5/b1/seed42.
type runKey struct {
	kind, sampler, scheduler string
	steps, batch             int
	cfg                      float64
	seed                     uint64
}

func parseKey(t *testing.T, key string) runKey {
	t.Helper()
	p := strings.Split(key, "/")
	if len(p) < 7 {
		t.Fatalf("unknown key %q", key)
	}
	k := runKey{kind: p[0], sampler: p[1], scheduler: p[2]}
	var errs [4]error
	k.steps, errs[0] = strconv.Atoi(p[3])
	k.cfg, errs[1] = strconv.ParseFloat(strings.TrimPrefix(p[4], "cfg"), 64)
	k.batch, errs[2] = strconv.Atoi(strings.TrimPrefix(p[5], "b"))
	k.seed, errs[3] = strconv.ParseUint(strings.TrimPrefix(p[6], "seed"), 10, 64)
	for _, err := range errs {
		if err != nil {
			t.Fatalf("key %q: %v", key, err)
		}
	}
	return k
}

func (k runKey) request(t testing.TB, kinds sampletest.SigmaFile) (sample.Request, *analytic) {
	m := &analytic{sampling: kinds.Sampling(t, k.kind, nil)}
	return sample.Request{
		Source:   sample.Source{Model: m},
		Positive: positive(), Negative: negative(),
		Latent: value.Latent{Samples: tensor.New(tensor.F32, k.batch, 4, 8, 8)},
		Seed:   k.seed, Steps: k.steps, CFG: k.cfg, Sampler: k.sampler, Scheduler: k.scheduler,
		Denoise: 1, EndStep: sample.ToEnd, AddNoise: true,
	}, m
}

func TestGoldenSamplers(t *testing.T) {
	all, tolerances := kinds(t), readTolerances(t)
	for _, name := range []string{"samplers_sd1", "samplers_sd3_flow3"} {
		f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), name+".safetensors"))
		for _, key := range f.Names() {
			t.Run(key, func(t *testing.T) {
				want, _ := f.F32(key)
				k := parseKey(t, key)
				r, _ := k.request(t, all)
				got, err := sample.Run(t.Context(), r)
				if err != nil {
					t.Fatal(err)
				}
				top := sampletest.Top(want)
				tolerances.settle(k, got.F32(), want)
				sampletest.Near(t, key, got.F32(), want, tolerances.of(k, top), top)
			})
		}
	}
}

func TestGoldenTrajectories(t *testing.T) {
	all, tolerances := kinds(t), readTolerances(t)
	f := golden.Read(t, filepath.Join(golden.Dir(t, "sampling"), "trajectories.safetensors"))
	for _, key := range f.Names() {
		key, ok := strings.CutSuffix(key, "/final")
		if !ok {
			continue
		}
		t.Run(key, func(t *testing.T) {
			k := parseKey(t, key)
			r, _ := k.request(t, all)
			sampler, err := sample.SamplerByName(k.sampler)
			if err != nil {
				t.Fatal(err)
			}
			var xs, denoised []float32
			base := sampler.Solve
			sampler.Solve = func(ctx context.Context, r *solver.Run, x []float32) ([]float32, error) {
				r.Step = func(_ int, x, d []float32) error {
					xs, denoised = append(xs, x...), append(denoised, d...)
					return nil
				}
				return base(ctx, r, x)
			}
			got, err := sample.RunCustom(t.Context(), custom(t, r, sampler))
			if err != nil {
				t.Fatal(err)
			}
			for what, have := range map[string][]float32{"final": got.Samples.F32(), "denoised": denoised, "x": xs} {
				want, _ := f.F32(key + "/" + what)
				top := sampletest.Top(want)
				sampletest.Near(t, what, have, want, tolerances.of(k, top), top)
			}
		})
	}
}

// custom is a request's run with every part by itself.
func custom(t *testing.T, r sample.Request, sampler sample.Sampler) sample.Custom {
	t.Helper()
	sigmas, err := schedule.Denoised(r.Scheduler, r.Sampling(), r.Steps, r.Denoise, schedule.DropsLast(r.Sampler))
	if err != nil {
		t.Fatal(err)
	}
	return sample.Custom{
		Guider:  sample.CFG{Source: r.Source, Positive: r.Positive, Negative: r.Negative, Scale: r.CFG},
		Sampler: sampler, Sigmas: sigmas, Noise: sample.RandomNoise{Seed: r.Seed}, Latent: r.Latent, Seed: r.Seed,
	}
}

// trace is what was recorded of a sampler's run.
type trace struct {
	Kind, Sampler, Scheduler string
	Steps                    int
	CFG                      float64
	Sigmas                   []float32
	Calls                    []float32 `json:"model_calls"`
	CallBatch                []int     `json:"model_call_batch"`
	Callbacks                [][2]int
	Progress                 [][2]int
}

func TestGoldenTraces(t *testing.T) {
	all := kinds(t)
	var file struct{ Rows []trace }
	sampletest.JSON(t, "traces.json.gz", &file)
	for _, row := range file.Rows {
		t.Run(fmt.Sprint(row.Kind, "/", row.Sampler, "/", row.Scheduler), func(t *testing.T) {
			k := runKey{row.Kind, row.Sampler, row.Scheduler, row.Steps, 1, row.CFG, 42}
			r, m := k.request(t, all)
			var calls [][2]int
			r.Progress = func(step, total int, _ *tensor.Tensor) error {
				calls = append(calls, [2]int{step, total})
				return nil
			}
			if _, err := sample.Run(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			if fmt.Sprint(calls) != fmt.Sprint(row.Callbacks) {
				t.Errorf("callbacks: got %v, want %v", calls, row.Callbacks)
			}
			tolerance := 1e-5
			if row.Sampler == "dpm_adaptive" {
				tolerance = 2e-3 // its step size reacts to rounding
			}
			sampletest.Near(t, "model calls", m.sigmas, row.Calls, tolerance, 1e-9)
			for i, n := range m.items {
				if want := row.CallBatch[min(i, len(row.CallBatch)-1)]; n != want {
					t.Errorf("call %d: got a batch of %d, want %d", i, n, want)
				}
			}
			for i, c := range calls {
				if want := row.Progress[i]; min(c[0]+1, c[1]) != want[0] || c[1] != want[1] {
					t.Errorf("progress %d: got %v, want %v", i, c, want)
				}
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	all := kinds(t)
	for _, c := range []struct {
		name   string
		change func(*sample.Request)
	}{
		{"unknown sampler", func(r *sample.Request) { r.Sampler = "eulr" }},
		{"unknown scheduler", func(r *sample.Request) { r.Scheduler = "" }},
		{"no steps", func(r *sample.Request) { r.Steps = 0 }},
		{"too many steps", func(r *sample.Request) { r.Steps = sample.MaxSteps + 1 }},
		{"cfg is no number", func(r *sample.Request) { r.CFG = math.NaN() }},
		{"denoise is no number", func(r *sample.Request) { r.Denoise = math.NaN() }},
		{"no model", func(r *sample.Request) { r.Model = nil }},
		{"no latent", func(r *sample.Request) { r.Latent.Samples = nil }},
		{"seed without successor", func(r *sample.Request) { r.Sampler, r.Seed = "euler_ancestral", math.MaxUint64 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, _ := runKey{"sd1", "euler", "normal", 2, 1, 4, 1}.request(t, all)
			c.change(&r)
			if got, err := sample.Run(t.Context(), r); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}
