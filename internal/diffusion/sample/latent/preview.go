package latent

import "github.com/cocoonhq/cocoon/internal/tensor"

// Preview gives the picture that a latent roughly shows: RGB bytes, row by row, of the batch's first item and a video's first
// frame. t is the model's latent, F32 [batch, channels, height, width] or with frames before the height. It is false for a
// format without known colours and for a latent of another shape.
func (f Format) Preview(t *tensor.Tensor) (rgb []byte, width, height int, ok bool) {
	n := len(t.Shape())
	if f.RGB == nil || n < 4 || n > 5 || t.Elems() == 0 {
		return nil, 0, 0, false
	}
	channels, h, w := t.Dim(1), t.Dim(-2), t.Dim(-1)
	patch := 1
	if f.PatchedRGB {
		patch = 2
	}
	if channels != len(f.RGB)*patch*patch {
		return nil, 0, 0, false
	}
	stride := h * w // between channels
	if n == 5 {
		stride *= t.Dim(2)
	}
	v := t.Dense().F32()
	rgb = make([]byte, 0, 3*h*w*patch*patch)
	for y := range h * patch {
		for x := range w * patch {
			cell := y/patch*w + x/patch
			part := y%patch*patch + x%patch
			colour := f.RGBBias
			for c, mix := range f.RGB {
				value := v[(c*patch*patch+part)*stride+cell]
				for k := range colour {
					colour[k] += value * mix[k]
				}
			}
			rgb = append(rgb, level(colour[0]), level(colour[1]), level(colour[2]))
		}
	}
	return rgb, w * patch, h * patch, true
}

// level makes a byte of a value of -1 to 1.
func level(v float32) byte { return byte(min(max((v+1)/2, 0), 1) * 255) }
