package param_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
)

type apply struct {
	Sigma           float32
	Input           []sampletest.Float `json:"calculate_input"`
	Denoised        []sampletest.Float `json:"calculate_denoised"`
	NoiseScaling    []sampletest.Float `json:"noise_scaling"`
	NoiseScalingMax []sampletest.Float `json:"noise_scaling_max"`
	Inverse         []sampletest.Float `json:"inverse_noise_scaling"`
}

type modelRow struct {
	Model           string
	Params          *sampletest.Params
	Count           int
	SigmasAt        [][2]float64 `json:"sigmas_at"`
	Sum             float64      `json:"sigma_table_sum_f64"`
	TimestepOfSigma [][2]float32 `json:"timestep_of_sigma"`
	SigmaOfTimestep [][2]float32 `json:"sigma_of_timestep"`
	PercentToSigma  [][2]float64 `json:"percent_to_sigma"`
	Apply           []apply
}

func TestGoldenModelSampling(t *testing.T) {
	var file struct {
		X      []float32
		Output []float32 `json:"model_output"`
		Latent []float32
		Models []modelRow
	}
	sampletest.JSON(t, "model_sampling.json.gz", &file)
	var kinds sampletest.SigmaFile
	sampletest.JSON(t, "sigmas.json.gz", &kinds)
	for _, m := range file.Models {
		name, _ := json.Marshal(m.Params)
		t.Run(fmt.Sprint(m.Model, string(name)), func(t *testing.T) {
			s := kinds.Sampling(t, m.Model, m.Params)
			checkSchedule(t, s, m)
			for _, a := range m.Apply {
				checkPrediction(t, s, a, file.X, file.Output, file.Latent)
			}
		})
	}
}

// checkSchedule allows one and a half units in the last place of a float32 exponential, and what a tangent near its pole
// makes of one.
func checkSchedule(t *testing.T, s param.Sampling, m modelRow) {
	one := func(what string, at, got, want, tol float64) {
		t.Helper()
		sampletest.Near(t, fmt.Sprint(what, " at ", at), []float32{float32(got)}, []float32{float32(want)}, tol, 1e-9)
	}
	table := s.Sigmas()
	if len(table) != m.Count {
		t.Fatalf("got %d sigmas, want %d", len(table), m.Count)
	}
	sum := 0.0
	for _, v := range table {
		sum += float64(v)
	}
	one("sum", 0, sum, m.Sum, 1e-6)
	for _, r := range m.SigmasAt {
		one("sigma", r[0], float64(table[int(r[0])]), r[1], 1e-6)
	}
	for _, r := range m.TimestepOfSigma {
		one("timestep", float64(r[0]), float64(s.Timestep(r[0])), float64(r[1]), 2e-6)
	}
	for _, r := range m.SigmaOfTimestep {
		tol := 1e-6
		if _, angle := s.Schedule.(param.ContinuousV); angle && r[0] > 0.9 {
			tol = 2e-4
		}
		if _, cosine := s.Schedule.(*param.Cascade); cosine {
			tol = 1e-5
		}
		one("sigma of timestep", float64(r[0]), float64(s.Sigma(r[0])), float64(r[1]), tol)
	}
	for _, r := range m.PercentToSigma {
		one("percent", r[0], s.PercentToSigma(r[0]), r[1], 1e-6)
	}
}

func checkPrediction(t *testing.T, s param.Sampling, a apply, x, output, latent []float32) {
	got := make([]float32, len(x))
	near := func(what string, want []sampletest.Float) {
		t.Helper()
		w := sampletest.F32(want)
		sampletest.Near(t, fmt.Sprint(what, " at ", a.Sigma), got, w, 1e-6, sampletest.Top(w))
	}
	s.Input(got, x, a.Sigma)
	near("input", a.Input)
	s.Denoised(got, output, x, a.Sigma)
	near("denoised", a.Denoised)
	s.AddNoise(got, x, latent, a.Sigma, false)
	near("noise", a.NoiseScaling)
	s.AddNoise(got, x, latent, a.Sigma, true)
	near("full noise", a.NoiseScalingMax)
	copy(got, latent)
	s.Finish(got, a.Sigma)
	near("finish", a.Inverse)
}
