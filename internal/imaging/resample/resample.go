// Package resample changes the size of pictures and latents as torch and Pillow do it, to the last bit where they work in
// integers.
package resample

import (
	"context"
	"math"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Method names a way to resize. The names are the ones that nodes offer.
type Method string

// The methods. Lanczos works on bytes, as Pillow does; the others on floats.
const (
	Nearest      Method = "nearest"       // floor(x·scale)
	NearestExact Method = "nearest-exact" // the pixel under the centre
	Bilinear     Method = "bilinear"
	Area         Method = "area" // the mean of all pixels that are touched
	Bicubic      Method = "bicubic"
	Bislerp      Method = "bislerp" // bilinear along the great circle between channel vectors
	Lanczos      Method = "lanczos"
)

// Names lists the methods for pictures in the order that nodes show.
func Names() []string {
	return []string{string(NearestExact), string(Bilinear), string(Area), string(Bicubic), string(Lanczos)}
}

// LatentNames lists the methods for latents in the order that nodes show.
func LatentNames() []string {
	return []string{string(NearestExact), string(Bilinear), string(Area), string(Bicubic), string(Bislerp)}
}

// Crop says what happens when the aspect ratio changes.
type Crop string

// The crops.
const (
	Disabled Crop = "disabled" // stretch
	Center   Crop = "center"   // cut equally from both sides first
)

// Planes is a batch of pictures in torch's order [N, C, T, H, W], W fastest. T is 1 for pictures and the number of frames
// for videos; each frame is resized by itself. len(Pix) is N·C·T·H·W.
type Planes struct {
	N, C, T, H, W int
	Pix           []float32
}

// planes is the number of H×W planes.
func (p Planes) planes() int { return p.N * p.C * p.T }

// maxSide bounds a result's width and height; the reference's nodes stop at 16384.
const maxSide = 1 << 20

// maxValues bounds the number of values of a result.
const maxValues = 1 << 34

// To resizes a batch to width×height after the crop. The result is a new one. Errors: ctx's; fault.BadRequest for an empty
// crop, a size under 1 or an unknown name; fault.TooLarge; fault.Unsupported for lanczos of over 4 channels.
//
// Compat: ComfyUI's common_upscale, with the rules of torch's interpolate.
func To(ctx context.Context, in Planes, width, height int, m Method, crop Crop) (Planes, error) {
	if width < 1 || height < 1 {
		return Planes{}, fault.New(fault.BadRequest, "cannot resize to %d×%d: both sides must be at least 1", width, height)
	}
	if width > maxSide || height > maxSide || in.planes() > maxValues/(width*height) {
		return Planes{}, fault.New(fault.TooLarge, "resizing %d planes to %d×%d is too large", in.planes(), width, height)
	}
	r, err := cropRect(in, width, height, crop)
	if err != nil {
		return Planes{}, err
	}
	out := Planes{N: in.N, C: in.C, T: in.T, H: height, W: width}
	if m == Lanczos && in.C > 4 {
		return Planes{}, fault.New(fault.Unsupported, "lanczos works on 1 to 4 channels, not %d: use another upscale method", in.C)
	}
	resize, ok := methods()[m]
	if !ok {
		return Planes{}, fault.New(fault.BadRequest, "unknown upscale method %q", string(m))
	}
	out.Pix = make([]float32, in.planes()*height*width)
	return out, resize(ctx, out, r)
}

func methods() map[Method]func(context.Context, Planes, view) error {
	return map[Method]func(context.Context, Planes, view) error{
		Nearest:      func(ctx context.Context, out Planes, in view) error { return nearest(ctx, out, in, nearestIndex) },
		NearestExact: func(ctx context.Context, out Planes, in view) error { return nearest(ctx, out, in, nearestExactIndex) },
		Bilinear:     bilinear,
		Bicubic:      bicubic,
		Area:         area,
		Bislerp:      bislerp,
		Lanczos:      lanczos,
	}
}

// view is a rectangle of every plane of a batch: H and W are its size, x and y where it starts in planes of side stride.
type view struct {
	Planes
	x, y          int
	stride, pitch int // values between rows, between planes
}

// row gives one row of one plane.
func (v *view) row(plane, y int) []float32 {
	at := plane*v.pitch + (v.y+y)*v.stride + v.x
	return v.Pix[at : at+v.W]
}

// cropRect gives the part of in that has the aspect ratio of width×height. Compat: what is cut from a side is rounded half
// to even.
func cropRect(in Planes, width, height int, crop Crop) (view, error) {
	v := view{Planes: in, stride: in.W, pitch: in.H * in.W}
	switch crop {
	case Disabled:
	case Center:
		oldAspect, newAspect := float64(in.W)/float64(in.H), float64(width)/float64(height)
		if oldAspect > newAspect {
			v.x = margin(in.W, newAspect/oldAspect)
		} else if oldAspect < newAspect {
			v.y = margin(in.H, oldAspect/newAspect)
		}
	default:
		return view{}, fault.New(fault.BadRequest, "unknown crop %q", string(crop))
	}
	v.W -= 2 * v.x
	v.H -= 2 * v.y
	if v.W < 1 || v.H < 1 {
		return view{}, fault.New(fault.BadRequest, "cropping %d×%d to the shape of %d×%d leaves nothing", in.W, in.H, width, height)
	}
	return v, nil
}

func margin(side int, keep float64) int {
	s := float64(side)
	return int(math.RoundToEven((s - s*keep) / 2))
}
