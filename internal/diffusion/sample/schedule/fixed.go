package schedule

import (
	"math"
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// AlignYourSteps is the schedule of arXiv:2404.14507 for "SD1", "SDXL" or "SVD". Other numbers of steps than its own ten
// are interpolated; denoise keeps its last part. It fails for another kind.
func AlignYourSteps(kind string, steps int, denoise float64) ([]float32, error) {
	levels := map[string][]float64{
		"SD1": {
			14.6146412293, 6.4745760956, 3.8636745985, 2.6946151520, 1.8841921177, 1.3943805092, 0.9642583904, 0.6523686016,
			0.3977456272, 0.1515232662, 0.0291671582,
		},
		"SDXL": {
			14.6146412293, 6.3184485287, 3.7681790315, 2.1811480769, 1.3405244945, 0.8620721141, 0.5550693289, 0.3798540708,
			0.2332364134, 0.1114188177, 0.0291671582,
		},
		"SVD": {700, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002},
	}[kind]
	return resampled(kind, levels, steps, denoise)
}

// OptimalSteps is the schedule of arXiv:2503.21774 for "FLUX", "Wan" or "Chroma", as AlignYourSteps otherwise.
func OptimalSteps(kind string, steps int, denoise float64) ([]float32, error) {
	levels := map[string][]float64{
		"FLUX": {0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001},
		"Wan": {
			1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946, 0.927, 0.902, 0.864,
			0.776, 0.539, 0.208, 0.001,
		},
		"Chroma": {
			0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9, 0.881, 0.858, 0.832,
			0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355, 0.311, 0.27, 0.232, 0.199, 0.169, 0.143,
			0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001,
		},
	}[kind]
	return resampled(kind, levels, steps, denoise)
}

func resampled(kind string, levels []float64, steps int, denoise float64) ([]float32, error) {
	if levels == nil {
		return nil, fault.New(fault.BadRequest, "there is no schedule for models of kind %q", kind)
	}
	if err := checkSteps(steps, denoise); err != nil {
		return nil, err
	}
	if steps+1 != len(levels) {
		levels = logInterpolate(levels, steps+1)
	}
	return lastPart(levels, steps, denoise), nil
}

// GITS is the schedule of arXiv:2405.11326 for a coefficient of 0.80 to 1.50 in steps of 0.05.
//
// Compat: one step is the end of the schedule of twenty.
func GITS(coefficient float64, steps int, denoise float64) ([]float32, error) {
	row := math.Round((coefficient - 0.8) / 0.05)
	if !(row >= 0 && row <= 14) || math.Abs(coefficient-(0.8+row*0.05)) > 0.005 {
		return nil, fault.New(fault.BadRequest, "coeff is %v: must be 0.80 to 1.50 in steps of 0.05", coefficient)
	}
	if err := checkSteps(steps, denoise); err != nil {
		return nil, err
	}
	table, rows := gitsLevels(), gitsRows(int(row))
	pick := rows[len(rows)-1]
	if steps >= 2 && steps <= 20 {
		pick = rows[steps-2]
	}
	levels := make([]float64, len(pick))
	for i, at := range pick {
		levels[i] = table[at]
	}
	if steps > 20 {
		levels = logInterpolate(levels, steps+1)
	}
	return lastPart(levels, steps, denoise), nil
}

func checkSteps(steps int, denoise float64) error {
	if steps < 1 || steps > MaxSteps || math.IsNaN(denoise) {
		return fault.New(fault.BadRequest, "%d steps with denoise %v: must be 1 to %d, and a number", steps, denoise, MaxSteps)
	}
	return nil
}

// lastPart keeps the last denoise·steps steps of a schedule, which then ends in 0.
func lastPart(levels []float64, steps int, denoise float64) []float32 {
	if denoise <= 0 {
		return nil
	}
	if denoise < 1 {
		steps = int(math.RoundToEven(float64(steps) * denoise))
	}
	levels = levels[max(0, len(levels)-(steps+1)):]
	out := make([]float32, len(levels))
	for i, v := range levels {
		out[i] = float32(v)
	}
	out[len(out)-1] = 0
	return out
}

// logInterpolate makes n levels by linear interpolation of the logarithms.
func logInterpolate(levels []float64, n int) []float64 {
	up := slices.Clone(levels)
	slices.Reverse(up)
	out := make([]float64, n)
	for i := range out {
		at := float64(i) / float64(n-1) * float64(len(up)-1)
		low := min(int(at), len(up)-2)
		a, b := math.Log(up[low]), math.Log(up[low+1])
		out[n-1-i] = math.Exp(a + (b-a)*(at-float64(low)))
	}
	return out
}
