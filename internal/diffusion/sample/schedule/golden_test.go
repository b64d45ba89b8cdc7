package schedule_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/sampletest"
	"github.com/cocoonhq/cocoon/internal/diffusion/sample/schedule"
)

func TestGoldenSigmas(t *testing.T) {
	var f sampletest.SigmaFile
	sampletest.JSON(t, "sigmas.json.gz", &f)
	samplings := map[string]param.Sampling{}
	for _, r := range append(f.Rows, f.Discard...) {
		params, _ := json.Marshal(r.Params)
		model := r.Model + string(params)
		s, ok := samplings[model]
		if !ok {
			s = f.Sampling(t, r.Model, r.Params)
			samplings[model] = s
		}
		t.Run(fmt.Sprint(model, r.Sampler, r.Scheduler, r.Steps, r.Denoise), func(t *testing.T) {
			got, err := schedule.Denoised(r.Scheduler, s, r.Steps, r.Denoise, schedule.DropsLast(r.Sampler))
			if err != nil {
				t.Fatal(err)
			}
			tolerance := 1e-6
			if r.Scheduler == "beta" {
				tolerance = 1e-5
			}
			want := sampletest.F32(r.Sigmas)
			if _, cosine := s.Schedule.(*param.Cascade); cosine && len(got) == len(want) {
				allowUlp(got, want)
			}
			sampletest.Near(t, r.Scheduler, got, want, tolerance, 1e-9)
		})
	}
}

// allowUlp takes want for got where a unit in the last place of Cascade's cosine explains the difference: torch's own
// cosine is off by as much at a few angles, and a level sigma = sqrt(1/a - 1) turns an error of a into (1+sigma²)²/(2·sigma)
// times it. The square doubles the error of the cosine and a shift by s multiplies it by s² at most (2 here).
func allowUlp(got, want []float32) {
	const ulp = 1.0 / (1 << 24)
	for i, w := range want {
		s := float64(w)
		spread := (1 + s*s) * (1 + s*s) / (2 * s)
		if math.Abs(float64(got[i])-s) <= 4*2*ulp*spread+1e-6*s {
			got[i] = w
		}
	}
}
