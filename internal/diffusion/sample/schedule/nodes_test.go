package schedule_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/schedule"
)

// inputs are a scheduler node's.
type inputs struct {
	Steps, Width, Height, Step       int
	High                             float64 `json:"sigma_max"`
	Low                              float64 `json:"sigma_min"`
	Rho, Mu, Std, Beta, Alpha, Coeff float64
	BetaD                            float64 `json:"beta_d"`
	BetaMin                          float64 `json:"beta_min"`
	Eps                              float64 `json:"eps_s"`
	Kind                             string  `json:"model_type"`
	Denoise, Terminal, Sigma         float64
	MaxShift                         float64 `json:"max_shift"`
	BaseShift                        float64 `json:"base_shift"`
	Stretch                          bool
	Shape                            []int `json:"latent_shape"`
	Scheduler, Model, Spacing        string
	Percent                          float64 `json:"sampling_percent"`
	Actual                           bool    `json:"return_actual_sigma"`
	Sigmas                           json.RawMessage
	Start                            float64 `json:"start_at_sigma"`
	End                              float64 `json:"end_at_sigma"`
}

// run gives a node's outputs; sigma values are lists of one.
func (i inputs) run(t *testing.T, node string, model func(string) param.Sampling) ([][]float32, error) {
	t.Helper()
	switch node {
	case "KarrasScheduler":
		return one(schedule.Karras(i.Steps, i.Low, i.High, i.Rho))
	case "ExponentialScheduler":
		return one(schedule.Exponential(i.Steps, i.Low, i.High))
	case "PolyexponentialScheduler":
		s, err := schedule.Polyexponential(i.Steps, i.Low, i.High, i.Rho)
		return one(s, err)
	case "LaplaceScheduler":
		return one(schedule.Laplace(i.Steps, i.Low, i.High, i.Mu, i.Beta))
	case "VPScheduler":
		return one(schedule.VP(i.Steps, i.BetaD, i.BetaMin, i.Eps))
	case "Flux2Scheduler":
		return one(schedule.Flux2(i.Steps, i.Width, i.Height))
	case "Ideogram4Scheduler":
		return one(schedule.Ideogram4(i.Steps, i.Width, i.Height, i.Mu, i.Std))
	case "AlignYourStepsScheduler":
		s, err := schedule.AlignYourSteps(i.Kind, i.Steps, i.Denoise)
		return one(s, err)
	case "OptimalStepsScheduler":
		s, err := schedule.OptimalSteps(i.Kind, i.Steps, i.Denoise)
		return one(s, err)
	case "GITSScheduler":
		s, err := schedule.GITS(i.Coeff, i.Steps, i.Denoise)
		return one(s, err)
	case "LTXVScheduler":
		return one(schedule.LTXV(i.Steps, i.MaxShift, i.BaseShift, i.Stretch, i.Terminal, i.tokens()))
	}
	return i.ofModel(t, node, model)
}

// one gives a single output.
func one(s []float32, err ...error) ([][]float32, error) {
	for _, e := range err {
		if e != nil {
			return nil, e
		}
	}
	return [][]float32{s}, nil
}

// ofModel runs the nodes that ask a model.
func (i inputs) ofModel(t *testing.T, node string, model func(string) param.Sampling) ([][]float32, error) {
	t.Helper()
	switch node {
	case "BasicScheduler":
		s, err := schedule.Basic(i.Scheduler, model(i.Model), i.Steps, i.Denoise)
		return one(s, err)
	case "BetaSamplingScheduler":
		return one(schedule.Beta(model(i.Model), i.Steps, i.Alpha, i.Beta))
	case "SDTurboScheduler":
		return one(schedule.Turbo(model(i.Model), i.Steps, i.Denoise))
	case "SamplingPercentToSigma":
		return one([]float32{float32(schedule.PercentToSigma(model(i.Model), i.Percent, i.Actual))})
	}
	return i.edit(t, node)
}

// edit runs the nodes that change schedules.
func (i inputs) edit(t *testing.T, node string) ([][]float32, error) {
	t.Helper()
	if node == "ManualSigmas" {
		var text string
		if err := json.Unmarshal(i.Sigmas, &text); err != nil {
			t.Fatal(err)
		}
		s, err := schedule.Manual(text)
		return [][]float32{s}, err
	}
	var list []sampletest.Float
	if err := json.Unmarshal(i.Sigmas, &list); err != nil {
		t.Fatal(err)
	}
	sigmas := sampletest.F32(list)
	switch node {
	case "SplitSigmas":
		high, low := schedule.Split(sigmas, i.Step)
		return [][]float32{high, low}, nil
	case "SplitSigmasDenoise":
		high, low := schedule.SplitDenoise(sigmas, i.Denoise)
		return [][]float32{high, low}, nil
	case "FlipSigmas":
		return [][]float32{schedule.Flip(sigmas)}, nil
	case "SetFirstSigma":
		s, err := schedule.SetFirst(sigmas, i.Sigma)
		return [][]float32{s}, err
	case "ExtendIntermediateSigmas":
		s, err := schedule.Extend(sigmas, i.Steps, i.Start, i.End, i.Spacing)
		return [][]float32{s}, err
	}
	t.Fatalf("unknown node %q", node)
	return nil, nil
}

func (i inputs) tokens() int {
	if i.Shape == nil {
		return 4096
	}
	n := 1
	for _, d := range i.Shape[2:] {
		n *= d
	}
	return n
}

func TestGoldenSchedulerNodes(t *testing.T) {
	var kinds sampletest.SigmaFile
	sampletest.JSON(t, "sigmas.json.gz", &kinds)
	samplings := map[string]param.Sampling{}
	model := func(name string) param.Sampling {
		if _, ok := samplings[name]; !ok {
			samplings[name] = kinds.Sampling(t, name, nil)
		}
		return samplings[name]
	}
	var file struct {
		Rows []struct {
			Node    string
			Inputs  json.RawMessage
			Outputs []json.RawMessage
			Error   string
		}
	}
	sampletest.JSON(t, "schedulers.json.gz", &file)
	for n, r := range file.Rows {
		t.Run(fmt.Sprint(r.Node, "/", n), func(t *testing.T) {
			var in inputs
			if err := json.Unmarshal(r.Inputs, &in); err != nil {
				t.Fatalf("%s: %v", r.Inputs, err)
			}
			got, err := in.run(t, r.Node, model)
			if (err != nil) != (r.Error != "") {
				t.Fatalf("%s: got error %v, want %q", r.Inputs, err, r.Error)
			}
			if err != nil {
				return
			}
			if len(got) != len(r.Outputs) {
				t.Fatalf("got %d outputs, want %d", len(got), len(r.Outputs))
			}
			for i, raw := range r.Outputs {
				sampletest.Near(t, string(r.Inputs), got[i], floats(t, raw), nodeTolerance(r.Node, in.Scheduler), 1e-9)
			}
		})
	}
}

// nodeTolerance is the README's.
func nodeTolerance(node, scheduler string) float64 {
	if node == "PolyexponentialScheduler" || node == "BetaSamplingScheduler" || scheduler == "beta" {
		return 1e-5
	}
	return 1e-6
}

func floats(t *testing.T, raw json.RawMessage) []float32 {
	t.Helper()
	var list []sampletest.Float
	if err := json.Unmarshal(raw, &list); err != nil {
		var one sampletest.Float
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		list = []sampletest.Float{one}
	}
	return sampletest.F32(list)
}

func FuzzManual(f *testing.F) {
	f.Add("14.6,7.5 ,0.3, 0")
	f.Add("1..5 +-3 e9 0x1p-2")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Manual(text)
		if err == nil && len(s) > len(text) {
			t.Errorf("%d levels of %d bytes", len(s), len(text))
		}
	})
}
