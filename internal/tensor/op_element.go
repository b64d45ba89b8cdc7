package tensor

// More kinds that compute element by element. The result is F32, as for all such kinds.
const (
	// One argument.
	KindExp2         Kind = 150 // 2 ** x
	KindLog2         Kind = 151
	KindLog10        Kind = 152
	KindLog1p        Kind = 153 // log(1 + x)
	KindExpm1        Kind = 154 // exp(x) - 1
	KindTrunc        Kind = 155 // towards 0
	KindFrac         Kind = 156 // x - trunc(x)
	KindAsin         Kind = 157
	KindAcos         Kind = 158
	KindAtan         Kind = 159
	KindSinh         Kind = 160
	KindCosh         Kind = 161
	KindAsinh        Kind = 162
	KindAcosh        Kind = 163
	KindAtanh        Kind = 164
	KindIsNaN        Kind = 165 // 1 or 0, as the next two
	KindIsInf        Kind = 166 // of either sign
	KindIsFinite     Kind = 167
	KindNanToNum     Kind = 168 // F[0] for NaN, F[1] for inf, F[2] for -inf
	KindSRGBToLinear Kind = 169 // x/12.92 up to 0.04045, else ((x+0.055)/1.055)**2.4; IEC 61966-2-1
	KindLinearToSRGB Kind = 170 // 12.92 x up to 0.0031308, else 1.055 x**(1/2.4) - 0.055
	KindPosterize    Kind = 171 // to F[0] levels, 2 to 65536, of 0..1: round(clamp(x, 0, 1) * (F[0]-1)) / (F[0]-1), half to even
	KindThreshold    Kind = 172 // x where it is above F[0], else F[1]
	KindSmoothStep   Kind = 173 // t*t*(3 - 2t) with t = (x-F[0])/(F[1]-F[0]) clamped to 0..1

	// Two arguments, broadcast. Truth is what is not 0, so NaN is true.
	KindGreater      Kind = 180
	KindGreaterEqual Kind = 181
	KindNotEqual     Kind = 182
	KindAnd          Kind = 183
	KindOr           Kind = 184
	KindXor          Kind = 185
	KindHypot        Kind = 186 // sqrt(x*x + y*y) without overflow
	KindFmod         Kind = 187 // x - y*trunc(x/y), the sign of x; torch's fmod
	KindFloorDiv     Kind = 188 // floor(x/y)
	KindCopySign     Kind = 189 // the magnitude of x with the sign of y
	KindBlend        Kind = 190 // x backdrop, y source; I[0]: a Blend… mode, formulas of W3C Compositing and Blending Level 1
)

// Modes of KindBlend, by number.
const (
	BlendMultiply = iota
	BlendScreen
	BlendOverlay
	BlendDarken
	BlendLighten
	BlendColorDodge
	BlendColorBurn
	BlendHardLight
	BlendSoftLight
	BlendDifference
	BlendExclusion
)

var elementRules = map[Kind]rule{
	KindExp2: unary("exp2", 0), KindLog2: unary("log2", 0), KindLog10: unary("log10", 0), KindLog1p: unary("log1p", 0),
	KindExpm1: unary("expm1", 0), KindTrunc: unary("trunc", 0), KindFrac: unary("frac", 0), KindAsin: unary("asin", 0),
	KindAcos: unary("acos", 0), KindAtan: unary("atan", 0), KindSinh: unary("sinh", 0), KindCosh: unary("cosh", 0),
	KindAsinh: unary("asinh", 0), KindAcosh: unary("acosh", 0), KindAtanh: unary("atanh", 0), KindIsNaN: unary("isnan", 0),
	KindIsInf: unary("isinf", 0), KindIsFinite: unary("isfinite", 0), KindNanToNum: unary("nan_to_num", 3),
	KindSRGBToLinear: unary("srgb_to_linear", 0), KindLinearToSRGB: unary("linear_to_srgb", 0),
	KindThreshold: unary("threshold", 2), KindSmoothStep: unary("smooth_step", 2),
	KindPosterize: {name: "posterize", min: 1, max: 1, floats: 1, infer: inferPosterize},

	KindGreater: broadcast("greater", 2), KindGreaterEqual: broadcast("greater_equal", 2), KindNotEqual: broadcast("not_equal", 2),
	KindAnd: broadcast("and", 2), KindOr: broadcast("or", 2), KindXor: broadcast("xor", 2), KindHypot: broadcast("hypot", 2),
	KindFmod: broadcast("fmod", 2), KindFloorDiv: broadcast("floor_div", 2), KindCopySign: broadcast("copysign", 2),
	KindBlend: {name: "blend", min: 2, max: 2, ints: 1, infer: inferBlend},
}

func inferPosterize(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	if n := o.Attr.F[0]; !(n >= 2 && n <= 65536) {
		return 0, nil, bad("%v levels", n)
	}
	return F32, args[0].Shape, nil
}

func inferBlend(o *Op, args []Value, want Shape) (DType, Shape, error) {
	if m := o.Attr.I[0]; m < BlendMultiply || m > BlendExclusion {
		return 0, nil, bad("mode %d", m)
	}
	return broadcast("", 2).infer(o, args, want)
}
