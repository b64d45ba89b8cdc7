package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// colour runs the kinds on colours.
func (c *call) colour() {
	x := c.args[0]
	n := x.shape.Last()
	switch c.op.Kind {
	case tensor.KindLuminance:
		f := Luminance(c.int(0))
		for i := range c.out.v {
			c.out.v[i] = f[0]*x.v[i*n] + f[1]*x.v[i*n+1] + f[2]*x.v[i*n+2]
		}
	case tensor.KindOver:
		c.over()
	default:
		f := Colour(c.op.Kind)
		copy(c.out.v, x.v)
		for i := 0; i < len(x.v); i += n {
			c.out.v[i], c.out.v[i+1], c.out.v[i+2] = f(x.v[i], x.v[i+1], x.v[i+2])
		}
	}
}

func (c *call) over() {
	x, y := c.args[0], c.args[1]
	each(c.out.shape[:len(c.out.shape)-1], func(i int, at []int) {
		t, b := broadcastIndex(x.shape[:len(x.shape)-1], at)*4, broadcastIndex(y.shape[:len(y.shape)-1], at)*4
		under := y.v[b+3] * (1 - x.v[t+3])
		a := x.v[t+3] + under
		c.out.v[4*i+3] = a
		for k := range 3 {
			if a != 0 {
				c.out.v[4*i+k] = (x.v[t+k]*x.v[t+3] + y.v[b+k]*under) / a
			}
		}
	})
}

// Luminance gives the weights of KindLuminance.
func Luminance(mode int) [3]float64 {
	return [][3]float64{{0.2126, 0.7152, 0.0722}, {0.299, 0.587, 0.114}, {1.0 / 3, 1.0 / 3, 1.0 / 3}}[mode]
}

// Colour gives the function of a kind that turns three channels into three; nil for any other kind.
func Colour(k tensor.Kind) func(a, b, c float64) (float64, float64, float64) {
	switch k {
	case tensor.KindRGBToHSV:
		return rgbToHSV
	case tensor.KindHSVToRGB:
		return hsvToRGB
	case tensor.KindRGBToYUV:
		return func(r, g, b float64) (y, u, v float64) {
			y = 0.299*r + 0.587*g + 0.114*b
			return y, (b-y)/1.772 + 0.5, (r-y)/1.402 + 0.5
		}
	case tensor.KindYUVToRGB:
		return func(y, u, v float64) (r, g, b float64) {
			r, b = y+1.402*(v-0.5), y+1.772*(u-0.5)
			return r, (y - 0.299*r - 0.114*b) / 0.587, b
		}
	case tensor.KindRGBToLab:
		return rgbToLab
	case tensor.KindLabToRGB:
		return labToRGB
	}
	return nil
}

// rgbToHSV: Smith, "Color Gamut Transform Pairs", SIGGRAPH 1978.
func rgbToHSV(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	d := v - min(r, g, b)
	if d == 0 {
		return 0, 0, v
	}
	switch v {
	case r:
		h = (g - b) / d
	case g:
		h = (b-r)/d + 2
	default:
		h = (r-g)/d + 4
	}
	h /= 6
	if v != 0 {
		s = d / v
	}
	return h - math.Floor(h), s, v
}

func hsvToRGB(h, s, v float64) (r, g, b float64) {
	h = (h - math.Floor(h)) * 6
	channel := func(n float64) float64 {
		k := math.Mod(n+h, 6)
		return v - v*s*max(0, min(k, 4-k, 1))
	}
	return channel(5), channel(3), channel(1)
}

// The D65 white point and sRGB's primaries: IEC 61966-2-1.
const whiteX, whiteZ = 0.95047, 1.08883

func rgbToLab(r, g, b float64) (l, a, bb float64) {
	r, g, b = toLinear(r), toLinear(g), toLinear(b)
	x := labCurve((0.4124564*r + 0.3575761*g + 0.1804375*b) / whiteX)
	y := labCurve(0.2126729*r + 0.7151522*g + 0.0721750*b)
	z := labCurve((0.0193339*r + 0.1191920*g + 0.9503041*b) / whiteZ)
	return 116*y - 16, 500 * (x - y), 200 * (y - z)
}

func labToRGB(l, a, bb float64) (r, g, b float64) {
	fy := (l + 16) / 116
	x, y, z := labInverse(fy+a/500)*whiteX, labInverse(fy), labInverse(fy-bb/200)*whiteZ
	return toSRGB(3.2404542*x - 1.5371385*y - 0.4985314*z),
		toSRGB(-0.9692660*x + 1.8760108*y + 0.0415560*z),
		toSRGB(0.0556434*x - 0.2040259*y + 1.0572252*z)
}

// labKnee is where CIE's curve becomes straight: the cube of 6/29.
const labKnee = 216.0 / 24389

func labCurve(t float64) float64 {
	if t > labKnee {
		return math.Cbrt(t)
	}
	return (24389.0/27*t + 16) / 116
}

func labInverse(t float64) float64 {
	if t*t*t > labKnee {
		return t * t * t
	}
	return (116*t - 16) * 27 / 24389
}
