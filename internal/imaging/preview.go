package imaging

import "math"

// PreviewSize fits a picture of w×h into a square of side most, growing it too. Compat: the shorter side is rounded half to
// even and may become 0.
func PreviewSize(w, h, most int) (width, height int) {
	switch {
	case w > h:
		return most, int(math.RoundToEven(float64(h) / float64(w) * float64(most)))
	case w < h:
		return int(math.RoundToEven(float64(w) / float64(h) * float64(most))), most
	}
	return most, most
}
