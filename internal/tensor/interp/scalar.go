package interp

import (
	"math"

	"github.com/cocoonhq/cocoon/internal/tensor"
)

// Unary gives the function of a kind of one argument, with the op's constants; nil for any other kind.
func Unary(k tensor.Kind, f []float64) func(float64) float64 {
	if g := plain(k); g != nil {
		return g
	}
	switch k {
	case tensor.KindLeakyReLU:
		return func(x float64) float64 {
			if x < 0 {
				return x * f[0]
			}
			return x
		}
	case tensor.KindELU:
		return func(x float64) float64 {
			if x > 0 {
				return x
			}
			return f[0] * math.Expm1(x)
		}
	case tensor.KindAffine:
		return func(x float64) float64 { return x*f[0] + f[1] }
	case tensor.KindClamp:
		return func(x float64) float64 {
			if x < f[0] {
				x = f[0]
			}
			if x > f[1] {
				x = f[1]
			}
			return x
		}
	case tensor.KindPowScalar:
		return func(x float64) float64 { return math.Pow(x, f[0]) }
	}
	return moreUnary(k, f)
}

func plain(k tensor.Kind) func(float64) float64 {
	switch k {
	case tensor.KindNeg:
		return func(x float64) float64 { return -x }
	case tensor.KindAbs:
		return math.Abs
	case tensor.KindExp:
		return math.Exp
	case tensor.KindLog:
		return math.Log
	case tensor.KindSqrt:
		return math.Sqrt
	case tensor.KindRsqrt:
		return func(x float64) float64 { return 1 / math.Sqrt(x) }
	case tensor.KindRecip:
		return func(x float64) float64 { return 1 / x }
	case tensor.KindSquare:
		return func(x float64) float64 { return x * x }
	case tensor.KindSin:
		return math.Sin
	case tensor.KindCos:
		return math.Cos
	case tensor.KindTan:
		return math.Tan
	case tensor.KindFloor:
		return math.Floor
	case tensor.KindCeil:
		return math.Ceil
	case tensor.KindRound:
		return math.RoundToEven
	case tensor.KindSign:
		return sign
	case tensor.KindNot:
		return func(x float64) float64 { return truth(x == 0) }
	}
	return activation(k)
}

func activation(k tensor.Kind) func(float64) float64 {
	switch k {
	case tensor.KindTanh:
		return math.Tanh
	case tensor.KindErf:
		return math.Erf
	case tensor.KindSigmoid:
		return sigmoid
	case tensor.KindSiLU:
		return silu
	case tensor.KindGELU:
		return gelu
	case tensor.KindGELUTanh:
		return geluTanh
	case tensor.KindQuickGELU:
		return func(x float64) float64 { return x * sigmoid(1.702*x) }
	case tensor.KindReLU:
		return func(x float64) float64 {
			if x < 0 {
				return 0
			}
			return x
		}
	case tensor.KindSoftplus:
		return softplus
	case tensor.KindHardSwish:
		return func(x float64) float64 { return x * min(max(x+3, 0), 6) / 6 }
	case tensor.KindMish:
		return func(x float64) float64 { return x * math.Tanh(softplus(x)) }
	}
	return nil
}

// Binary gives the function of a kind of two arguments; nil for any other kind.
func Binary(k tensor.Kind) func(x, y float64) float64 {
	switch k {
	case tensor.KindAdd:
		return func(x, y float64) float64 { return x + y }
	case tensor.KindSub:
		return func(x, y float64) float64 { return x - y }
	case tensor.KindMul:
		return func(x, y float64) float64 { return x * y }
	case tensor.KindDiv:
		return func(x, y float64) float64 { return x / y }
	case tensor.KindMin:
		return func(x, y float64) float64 { return min(x, y) }
	case tensor.KindMax:
		return func(x, y float64) float64 { return max(x, y) }
	case tensor.KindPow:
		return math.Pow
	case tensor.KindMod:
		return remainder
	case tensor.KindAtan2:
		return math.Atan2
	case tensor.KindLess:
		return func(x, y float64) float64 { return truth(x < y) }
	case tensor.KindLessEqual:
		return func(x, y float64) float64 { return truth(x <= y) }
	case tensor.KindEqual:
		return func(x, y float64) float64 { return truth(x == y) }
	}
	return moreBinary(k)
}

// remainder is what is left of x over y with the sign of y, as torch's remainder has it: between a finite x and an infinite y of the
// other sign lies an infinite one.
func remainder(x, y float64) float64 {
	r := math.Mod(x, y)
	if r != 0 && (r < 0) != (y < 0) { // a NaN stays one
		r += y
	}
	return r
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
func silu(x float64) float64    { return x / (1 + math.Exp(-x)) }
func gelu(x float64) float64    { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }

func geluTanh(x float64) float64 {
	return x / (1 + math.Exp(-2*math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
}

func softplus(x float64) float64 {
	if x > 0 {
		return x + math.Log1p(math.Exp(-x))
	}
	return math.Log1p(math.Exp(x))
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
