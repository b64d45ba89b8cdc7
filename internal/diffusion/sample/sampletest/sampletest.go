// Package sampletest reads the recorded facts of sampling for the tests of the packages below sample. Only tests import it.
package sampletest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/golden"
)

// Float is a float of a golden file, which may be "nan", "inf" or "-inf".
type Float float64

// UnmarshalJSON reads a number or one of the three words.
func (f *Float) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"nan"`:
		*f = Float(math.NaN())
	case `"inf"`:
		*f = Float(math.Inf(1))
	case `"-inf"`:
		*f = Float(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(f))
	}
	return nil
}

// F32 gives the values as float32.
func F32(v []Float) []float32 {
	out := make([]float32, len(v))
	for i, x := range v {
		out[i] = float32(x)
	}
	return out
}

// JSON reads a golden JSON file, which may be compressed, into into.
func JSON(t testing.TB, name string, into any) {
	t.Helper()
	f, err := os.Open(filepath.Join(golden.Dir(t, "sampling"), name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dec := json.NewDecoder(f)
	if filepath.Ext(name) == ".gz" {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		dec = json.NewDecoder(z)
	}
	if err := dec.Decode(into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Kind says what a model of the goldens is.
type Kind struct {
	Type     string
	Settings struct {
		Shift, Multiplier *float64
		Data              *float64 `json:"sigma_data"`
		Low               float64  `json:"sigma_min"`
		High              float64  `json:"sigma_max"`
		ZeroSNR           bool     `json:"zsnr"`
		LinearStart       float64  `json:"linear_start"`
		LinearEnd         float64  `json:"linear_end"`
		BetaSchedule      string   `json:"beta_schedule"`
		Timesteps         int
	}
}

// Sampling makes the parameterisation of the kind.
func (k Kind) Sampling(t testing.TB) param.Sampling {
	t.Helper()
	or := func(p *float64, otherwise float64) float64 {
		if p == nil {
			return otherwise
		}
		return *p
	}
	s := k.Settings
	betas := param.Betas{Kind: s.BetaSchedule, Start: 0.00085, End: 0.012, Steps: 1000, ZeroSNR: s.ZeroSNR}
	if s.LinearEnd > 0 {
		betas.Start, betas.End = s.LinearStart, s.LinearEnd
	}
	if s.Timesteps > 0 {
		betas.Steps = s.Timesteps
	}
	switch k.Type {
	case "EPS":
		return param.NewEps(betas)
	case "V_PREDICTION":
		return param.NewV(betas)
	case "V_PREDICTION_EDM":
		return param.NewVContinuous(s.Low, s.High, or(s.Data, 1))
	case "EDM":
		return param.NewEDM(s.Low, s.High, or(s.Data, 1))
	case "FLOW":
		return param.NewFlow(or(s.Shift, 1), or(s.Multiplier, 1000))
	case "FLUX":
		return param.NewFlux(or(s.Shift, 1.15))
	case "FLOW_COSMOS":
		return param.NewCosmos(s.Low, s.High)
	case "STABLE_CASCADE":
		return param.NewStableCascade(or(s.Shift, 1))
	case "V_PREDICTION_CONTINUOUS":
		return param.NewAngle(s.Low, s.High)
	case "V_PREDICTION_DDPM":
		return param.NewDDPM(betas)
	case "IMG_TO_IMG":
		return param.NewEdit(betas)
	case "IMG_TO_IMG_FLOW":
		return param.NewEditFlow(betas)
	}
	t.Fatalf("unknown type of model %q", k.Type)
	return param.Sampling{}
}

// Params are the inputs of a ModelSampling node.
type Params struct {
	Sampling      string
	ZeroSNR       bool `json:"zsnr"`
	Shift         float64
	High          float64 `json:"sigma_max"`
	Low           float64 `json:"sigma_min"`
	MaxShift      float64 `json:"max_shift"`
	BaseShift     float64 `json:"base_shift"`
	Width, Height int
}

// Patched makes the parameterisation that a ModelSampling node makes.
func Patched(t testing.TB, node string, p Params) param.Sampling {
	t.Helper()
	betas := param.StableDiffusion()
	betas.ZeroSNR = p.ZeroSNR
	switch node + "/" + p.Sampling {
	case "ModelSamplingDiscrete/eps":
		return param.NewEps(betas)
	case "ModelSamplingDiscrete/v_prediction":
		return param.NewV(betas)
	case "ModelSamplingDiscrete/lcm":
		return param.NewLCM(betas)
	case "ModelSamplingDiscrete/x0":
		return param.NewX0(betas)
	case "ModelSamplingDiscrete/img_to_img":
		return param.NewEdit(betas)
	case "ModelSamplingDiscrete/img_to_img_flow":
		return param.NewEditFlow(betas)
	case "ModelSamplingSD3/":
		return param.NewFlow(p.Shift, 1000)
	case "ModelSamplingAuraFlow/":
		return param.NewFlow(p.Shift, 1)
	case "ModelSamplingFlux/":
		return param.NewFlux(param.FluxShift(p.MaxShift, p.BaseShift, p.Width, p.Height))
	case "ModelSamplingContinuousEDM/v_prediction":
		return param.NewVContinuous(p.Low, p.High, 1)
	case "ModelSamplingContinuousEDM/edm_playground_v2.5", "ModelSamplingContinuousEDM/edm":
		return param.NewEDM(p.Low, p.High, 0.5)
	case "ModelSamplingContinuousEDM/eps":
		return param.Sampling{Prediction: param.Eps{Data: 1}, Schedule: param.NewContinuous(p.Low, p.High)}
	case "ModelSamplingContinuousEDM/cosmos_rflow":
		return param.NewCosmos(p.Low, p.High)
	case "ModelSamplingContinuousV/v_prediction":
		return param.NewAngle(p.Low, p.High)
	case "ModelSamplingStableCascade/":
		return param.NewStableCascade(p.Shift)
	}
	t.Fatalf("unknown node %s, sampling %q", node, p.Sampling)
	return param.Sampling{}
}

// SigmaFile is what sigmas.json.gz holds.
type SigmaFile struct {
	Kinds   map[string]Kind
	Rows    []SigmaRow
	Discard []SigmaRow `json:"discard_penultimate"`
}

// SigmaRow is one schedule.
type SigmaRow struct {
	Model, Sampler, Scheduler string
	Params                    *Params
	Steps                     int
	Denoise                   float64
	Sigmas                    []Float
}

// Sampling makes the parameterisation of a row: of a kind, or of a node with its params.
func (f SigmaFile) Sampling(t testing.TB, model string, p *Params) param.Sampling {
	t.Helper()
	if p != nil {
		return Patched(t, model, *p)
	}
	k, ok := f.Kinds[model]
	if !ok {
		t.Fatalf("unknown model %q", model)
	}
	return k.Sampling(t)
}

// Near fails the test where got is further from want than tolerance times the larger of |want| and scale. NaN is near NaN.
func Near(t testing.TB, what string, got, want []float32, tolerance, scale float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d values, want %d: %v, %v", what, len(got), len(want), head(got), head(want))
		return
	}
	worst, at := 0.0, -1
	for i := range want {
		g, w := float64(got[i]), float64(want[i])
		if g == w || math.IsNaN(g) && math.IsNaN(w) {
			continue
		}
		d := math.Abs(g-w) / max(math.Abs(w), scale)
		if !(d <= tolerance) && !(d <= worst) {
			worst, at = d, i
			if math.IsNaN(d) {
				break
			}
		}
	}
	if at >= 0 {
		t.Errorf("%s: off by %.3g at %d: got %v, want %v (tolerance %g)", what, worst, at, got[at], want[at], tolerance)
	}
}

func head(v []float32) string {
	if len(v) > 12 {
		return fmt.Sprint(v[:12], "…")
	}
	return fmt.Sprint(v)
}

// Top is the largest finite magnitude in v.
func Top(v []float32) float64 {
	top := 0.0
	for _, x := range v {
		if a := math.Abs(float64(x)); a > top && !math.IsInf(a, 0) {
			top = a
		}
	}
	return top
}
