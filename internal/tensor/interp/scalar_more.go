package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// moreUnary gives the functions of the kinds from KindExp2 on, nil for any other kind.
func moreUnary(k tensor.Kind, f []float64) func(float64) float64 {
	switch k {
	case tensor.KindNanToNum:
		return func(x float64) float64 { return nanToNum(x, f) }
	case tensor.KindPosterize:
		top := f[0] - 1
		return func(x float64) float64 { return math.RoundToEven(min(max(x, 0), 1)*top) / top }
	case tensor.KindThreshold:
		return func(x float64) float64 {
			if x > f[0] || x != x {
				return x
			}
			return f[1]
		}
	case tensor.KindSmoothStep:
		return func(x float64) float64 {
			t := min(max((x-f[0])/(f[1]-f[0]), 0), 1)
			return t * t * (3 - 2*t)
		}
	case tensor.KindIsNaN:
		return func(x float64) float64 { return truth(x != x) }
	case tensor.KindIsInf:
		return func(x float64) float64 { return truth(math.IsInf(x, 0)) }
	case tensor.KindIsFinite:
		return func(x float64) float64 { return truth(x-x == 0) }
	case tensor.KindTrunc:
		return math.Trunc
	case tensor.KindFrac:
		return func(x float64) float64 { return x - math.Trunc(x) }
	case tensor.KindSRGBToLinear:
		return toLinear
	case tensor.KindLinearToSRGB:
		return toSRGB
	}
	return exponential(k)
}

func exponential(k tensor.Kind) func(float64) float64 {
	switch k {
	case tensor.KindExp2:
		return func(x float64) float64 { return math.Exp(x * math.Ln2) } // math.Exp2 takes four times as long
	case tensor.KindLog2:
		return math.Log2
	case tensor.KindLog10:
		return math.Log10
	case tensor.KindLog1p:
		return math.Log1p
	case tensor.KindExpm1:
		return math.Expm1
	case tensor.KindAsin:
		return math.Asin
	case tensor.KindAcos:
		return math.Acos
	case tensor.KindAtan:
		return math.Atan
	case tensor.KindSinh:
		return math.Sinh
	case tensor.KindCosh:
		return math.Cosh
	case tensor.KindAsinh:
		return math.Asinh
	case tensor.KindAcosh:
		return math.Acosh
	case tensor.KindAtanh:
		return math.Atanh
	}
	return nil
}

func nanToNum(x float64, f []float64) float64 {
	switch {
	case x != x:
		return f[0]
	case math.IsInf(x, 1):
		return f[1]
	case math.IsInf(x, -1):
		return f[2]
	}
	return x
}

func toLinear(x float64) float64 {
	if x <= 0.04045 {
		return x / 12.92
	}
	return power((x+0.055)/1.055, 2.4)
}

func toSRGB(x float64) float64 {
	if x <= 0.0031308 {
		return x * 12.92
	}
	return 1.055*power(x, 1/2.4) - 0.055
}

// power is x ** y for x above 0, as exact as a float32 needs and in a third of math.Pow's time.
func power(x, y float64) float64 { return math.Exp(y * math.Log(x)) }

// moreBinary gives the functions of the kinds from KindGreater on, nil for any other kind.
func moreBinary(k tensor.Kind) func(x, y float64) float64 {
	switch k {
	case tensor.KindGreater:
		return func(x, y float64) float64 { return truth(x > y) }
	case tensor.KindGreaterEqual:
		return func(x, y float64) float64 { return truth(x >= y) }
	case tensor.KindNotEqual:
		return func(x, y float64) float64 { return truth(x != y) }
	case tensor.KindAnd:
		return func(x, y float64) float64 { return truth(x != 0 && y != 0) }
	case tensor.KindOr:
		return func(x, y float64) float64 { return truth(x != 0 || y != 0) }
	case tensor.KindXor:
		return func(x, y float64) float64 { return truth((x != 0) != (y != 0)) }
	case tensor.KindHypot:
		return math.Hypot
	case tensor.KindFmod:
		return math.Mod
	case tensor.KindFloorDiv:
		return func(x, y float64) float64 { return math.Floor(x / y) }
	case tensor.KindCopySign:
		return math.Copysign
	}
	return nil
}

// Blend gives the function of a mode of KindBlend, of backdrop and source; nil for a mode that there is not.
func Blend(mode int) func(x, y float64) float64 {
	switch mode {
	case tensor.BlendMultiply:
		return func(x, y float64) float64 { return x * y }
	case tensor.BlendScreen:
		return screen
	case tensor.BlendOverlay:
		return func(x, y float64) float64 { return hardLight(y, x) }
	case tensor.BlendDarken:
		return func(x, y float64) float64 { return min(x, y) }
	case tensor.BlendLighten:
		return func(x, y float64) float64 { return max(x, y) }
	case tensor.BlendColorDodge:
		return dodge
	case tensor.BlendColorBurn:
		return burn
	case tensor.BlendHardLight:
		return hardLight
	case tensor.BlendSoftLight:
		return softLight
	case tensor.BlendDifference:
		return func(x, y float64) float64 { return math.Abs(x - y) }
	case tensor.BlendExclusion:
		return func(x, y float64) float64 { return x + y - 2*x*y }
	}
	return nil
}

func screen(x, y float64) float64 { return x + y - x*y }

func hardLight(x, y float64) float64 {
	if y <= 0.5 {
		return x * 2 * y
	}
	return screen(x, 2*y-1)
}

func dodge(x, y float64) float64 {
	switch {
	case x == 0:
		return 0
	case y >= 1:
		return 1
	}
	return min(1, x/(1-y))
}

func burn(x, y float64) float64 {
	switch {
	case x >= 1:
		return 1
	case y <= 0:
		return 0
	}
	return 1 - min(1, (1-x)/y)
}

func softLight(x, y float64) float64 {
	if y <= 0.5 {
		return x - (1-2*y)*x*(1-x)
	}
	d := math.Sqrt(x)
	if x <= 0.25 {
		d = ((16*x-12)*x + 4) * x
	}
	return x + (2*y-1)*(d-x)
}
