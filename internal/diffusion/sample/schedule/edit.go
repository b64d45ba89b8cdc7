package schedule

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/internal/diffusion/sample/param"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Basic is Denoised as the node BasicScheduler has it: whole for a denoise of exactly 1.
func Basic(name string, s param.Sampling, steps int, denoise float64) ([]float32, error) {
	total := steps
	switch {
	case math.IsNaN(denoise):
		return nil, fault.New(fault.BadRequest, "denoise is not a number")
	case denoise <= 0:
		return nil, nil
	case denoise < 1:
		total = int(min(float64(steps)/denoise, MaxSteps+1))
	}
	sigmas, err := Of(name, s, total)
	if err != nil {
		return nil, err
	}
	return sigmas[max(0, len(sigmas)-(steps+1)):], nil
}

// Split cuts a schedule after step steps; the level between is in both parts.
func Split(sigmas []float32, step int) (high, low []float32) {
	step = max(step, 0)
	return slices.Clone(sigmas[:min(step+1, len(sigmas))]), slices.Clone(sigmas[min(step, len(sigmas)):])
}

// SplitDenoise cuts a schedule so that denoise of its steps are in the second part.
//
// Compat: with no step in the second part the first is empty, and the second is the last level.
func SplitDenoise(sigmas []float32, denoise float64) (high, low []float32) {
	n := len(sigmas)
	total := int(math.RoundToEven(float64(max(n-1, 0)) * denoise))
	if total > 0 {
		high = slices.Clone(sigmas[:max(n-total, 0)])
	}
	return high, slices.Clone(sigmas[max(n-total-1, 0):])
}

// Flip turns a schedule around, for sampling towards noise. A level of 0 to start from becomes 0.0001.
func Flip(sigmas []float32) []float32 {
	out := slices.Clone(sigmas)
	slices.Reverse(out)
	if len(out) > 0 && out[0] == 0 {
		out[0] = 0.0001
	}
	return out
}

// SetFirst sets the level to start from. It fails for a schedule without levels.
func SetFirst(sigmas []float32, sigma float64) ([]float32, error) {
	if len(sigmas) == 0 {
		return nil, fault.New(fault.BadRequest, "a schedule without levels has no first one to set")
	}
	out := slices.Clone(sigmas)
	out[0] = float32(sigma)
	return out, nil
}

// Extend puts steps-1 levels between neighbours whose upper level lies from end to start (below 0: no upper bound), spaced
// "linear", by "cosine" or by "sine". It fails for another spacing.
func Extend(sigmas []float32, steps int, start, end float64, spacing string) ([]float32, error) {
	if start < 0 {
		start = math.Inf(1)
	}
	at := linspace(0, 1, max(steps, 1)+1)
	for i, x := range at {
		switch spacing {
		case "linear":
		case "cosine":
			at[i] = float32(math.Sin(float64(x * math.Pi / 2)))
		case "sine":
			at[i] = 1 - float32(math.Cos(float64(x*math.Pi/2)))
		default:
			return nil, fault.New(fault.BadRequest, "there is no spacing %q", spacing)
		}
	}
	if len(sigmas)*len(at) > MaxSteps {
		return nil, fault.New(fault.TooLarge, "a schedule of %d levels is too long to extend by %d", len(sigmas), steps)
	}
	var out []float32
	for i, s := range sigmas {
		out = append(out, s)
		if i+1 < len(sigmas) && float32(end) <= s && s <= float32(start) {
			for _, f := range at[1 : len(at)-1] {
				out = append(out, f*(sigmas[i+1]-s)+s)
			}
		}
	}
	return out, nil
}

// Manual reads levels from a text: every number in it, whatever stands between, in the digits of any script. Exponents are
// not read.
func Manual(text string) ([]float32, error) {
	text = strings.Map(latinDigit, text)
	var out []float32
	for _, w := range regexp.MustCompile(`[-+]?(?:\d*\.*\d+)`).FindAllString(text, MaxSteps) {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil, fault.Wrap(err, fault.BadRequest, "%q is not a number", w)
		}
		out = append(out, float32(v))
	}
	return out, nil
}

// latinDigit gives 0 to 9 for a decimal digit of any script, and every other character itself. Unicode has the digits of a
// script in order, ten in a row.
func latinDigit(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}
