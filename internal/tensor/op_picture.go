package tensor

import "math"

// More kinds on pictures, [b, h, w, c] where nothing else is said.
const (
	KindConvTranspose2D Kind = 223 // x [b, h, w, c], w [c, o/groups, kh, kw], optional bias [o]; I: stride y, x, pad y, x, output pad y, x, dilation y, x, groups; torch's conv_transpose2d
	KindResizeAA        Kind = 224 // to the result's height and width with antialiasing; I[0]: 0 bilinear, 1 bicubic (a -0.5), 2 Lanczos (3 lobes), 3 box, 4 Hamming; torch's interpolate with antialias, Pillow's resize
	KindFilter2D        Kind = 225 // x, kernel [kh, kw]: the same correlation on each channel; I[0]: border (as KindPad's mode); the middle is (kh-1)/2, (kw-1)/2
	KindGaussianBlur    Kind = 226 // I: kernel y, x (odd), border; F: sigma y, x; weights exp(-(d/sigma)**2/2) of sum 1; torchvision's gaussian_blur has border 1
	KindBoxBlur         Kind = 227 // I: kernel y, x (odd), border: the mean of the window
	KindMedianFilter    Kind = 228 // I: kernel y, x (odd, to 31), border: the middle of the window; NaN if any is
	KindDilate          Kind = 229 // I: kernel y, x (odd), shape (0 rectangle, 1 cross): the greatest of the window within the picture
	KindErode           Kind = 230 // as KindDilate: the least
	KindGridSample      Kind = 231 // x, grid [b, oh, ow, 2] of x, y in -1..1; I: filter (0 bilinear, 1 nearest, 2 bicubic), outside (0 zeros, 1 border, 2 reflection), align_corners (0 or 1); torch's grid_sample
	KindHistogram       Kind = 232 // x of any shape; I[0]: bins, to 65536; F: from, to: [bins] counts; to counts in the last bin, what is outside in none; torch's histc
	KindFFT             Kind = 233 // x [..., n, ..., 2] of real and imaginary parts; I: axis (not the last), inverse (0 or 1): by exp(-2πi jk/n), inverse with 1/n; n to 65536

	// Colours: x [..., 3], or [..., 4] whose fourth channel stays; RGB in 0..1.
	KindRGBToHSV  Kind = 234 // hue in 0..1, saturation, value
	KindHSVToRGB  Kind = 235 // hue wraps around
	KindRGBToYUV  Kind = 236 // Y' in 0..1, Cb and Cr around 0.5, full range, by BT.601, as JPEG
	KindYUVToRGB  Kind = 237
	KindRGBToLab  Kind = 238 // sRGB to CIE L*a*b*, D65: L in 0..100
	KindLabToRGB  Kind = 239
	KindLuminance Kind = 240 // to [..., 1]; I[0]: 0 BT.709, 1 BT.601, 2 the mean
	KindOver      Kind = 241 // top [..., 4] over bottom [..., 4], straight alpha, broadcast; Porter and Duff 1984
)

// Filters of KindResizeAA, by number.
const (
	AABilinear = iota
	AABicubic
	AALanczos
	AABox
	AAHamming
)

// Borders of filters, by number as KindPad's modes.
const (
	BorderZero = iota
	BorderReflect
	BorderReplicate
	BorderCircular
)

var pictureRules = map[Kind]rule{
	KindConvTranspose2D: {name: "conv_transpose2d", min: 2, max: 3, ints: 9, infer: inferConvTranspose},
	KindResizeAA:        {name: "resize_aa", min: 1, max: 1, ints: 1, infer: inferResizeAA},
	KindFilter2D:        {name: "filter2d", min: 2, max: 2, ints: 1, infer: inferFilter},
	KindGaussianBlur:    {name: "gaussian_blur", min: 1, max: 1, ints: 3, floats: 2, infer: inferGaussian},
	KindBoxBlur:         {name: "box_blur", min: 1, max: 1, ints: 3, infer: inferBlur},
	KindMedianFilter:    {name: "median_filter", min: 1, max: 1, ints: 3, infer: inferMedianFilter},
	KindDilate:          {name: "dilate", min: 1, max: 1, ints: 3, infer: inferMorphology},
	KindErode:           {name: "erode", min: 1, max: 1, ints: 3, infer: inferMorphology},
	KindGridSample:      {name: "grid_sample", min: 2, max: 2, ints: 3, infer: inferGridSample},
	KindHistogram:       {name: "histogram", min: 1, max: 1, ints: 1, floats: 2, infer: inferHistogram},
	KindFFT:             {name: "fft", min: 1, max: 1, ints: 2, infer: inferFFT},

	KindRGBToHSV: colour("rgb_to_hsv"), KindHSVToRGB: colour("hsv_to_rgb"), KindRGBToYUV: colour("rgb_to_yuv"), KindYUVToRGB: colour("yuv_to_rgb"),
	KindRGBToLab: colour("rgb_to_lab"), KindLabToRGB: colour("lab_to_rgb"),
	KindLuminance: {name: "luminance", min: 1, max: 1, ints: 1, infer: inferLuminance},
	KindOver:      {name: "over", min: 2, max: 2, infer: inferOver},
}

// Bounds of windows, so that what one pixel costs and what a thread needs beside is little.
const (
	maxKernel = 256     // a side
	maxMedian = 31      // a side of what is sorted
	maxRow    = 1 << 22 // elements of a row with its borders
	maxFFT    = 1 << 16 // elements of a transform
	maxSide   = 1 << 18 // pixels a side of what is convolved backwards
)

func kernelFits(kh, kw int) bool { return min(kh, kw) >= 1 && max(kh, kw) < maxKernel }

func oddKernel(kh, kw int) bool { return kernelFits(kh, kw) && kh&1 == 1 && kw&1 == 1 }

// borderFits reports whether picture x has the pixels that a border of a window repeats.
func borderFits(x Shape, kh, kw, border int) bool {
	if len(x) != 4 || min(x[1], x[2]) < 1 || border < BorderZero || border > BorderCircular || (x[2]+kw) > maxRow/max(x[3], 1) {
		return false
	}
	switch border {
	case BorderReflect:
		return kh/2 < x[1] && kw/2 < x[2]
	case BorderCircular:
		return kh/2 <= x[1] && kw/2 <= x[2]
	}
	return true
}

func inferBlur(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	if i := o.Attr.I; !oddKernel(i[0], i[1]) || !borderFits(args[0].Shape, i[0], i[1], i[2]) {
		return 0, nil, bad("%v by %v", args[0].Shape, i)
	}
	return F32, args[0].Shape, nil
}

func inferGaussian(o *Op, args []Value, want Shape) (DType, Shape, error) {
	for _, s := range o.Attr.F[:2] {
		if !(s > 1e-6 && s < 1e6) {
			return 0, nil, bad("sigma %v", s)
		}
	}
	return inferBlur(o, args, want)
}

func inferMedianFilter(o *Op, args []Value, want Shape) (DType, Shape, error) {
	kh, kw := o.Attr.I[0], o.Attr.I[1]
	if x := args[0].Shape; max(kh, kw) > maxMedian || len(x) != 4 || kh < 1 || (x[2]+kw) > maxRow/max(x[3], 1)/kh {
		return 0, nil, bad("%v by %v", x, o.Attr.I)
	}
	return inferBlur(o, args, want)
}

func inferFilter(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, k := args[0].Shape, args[1].Shape
	if len(k) != 2 || !kernelFits(k[0], k[1]) || !borderFits(x, k[0], k[1], o.Attr.I[0]) {
		return 0, nil, bad("%v by %v with border %d", x, k, o.Attr.I[0])
	}
	return F32, x, nil
}

func inferMorphology(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	if i := o.Attr.I; !oddKernel(i[0], i[1]) || !borderFits(args[0].Shape, i[0], i[1], BorderZero) || i[2]&^1 != 0 {
		return 0, nil, bad("%v by %v", args[0].Shape, i)
	}
	return F32, args[0].Shape, nil
}

func inferConvTranspose(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, w, i := args[0].Shape, args[1].Shape, o.Attr.I
	if len(x) != 4 || len(w) != 4 || !kernelFits(w[2], w[3]) || min(x[1], x[2]) < 1 {
		return 0, nil, bad("%v by %v", x, w)
	}
	groups := i[8]
	if groups < 1 || x[3] != w[0] || w[0]%groups != 0 || min(i[0], i[1], i[6], i[7]) < 1 || min(i[2], i[3], i[4], i[5]) < 0 ||
		max(i[0], i[1], i[6], i[7]) > maxKernel || max(x[1], x[2], i[2], i[3]) > maxSide || w[1] > maxAttr/groups {
		return 0, nil, bad("%v by %v with %v", x, w, i)
	}
	if len(args) == 3 && !args[2].Shape.Equal(Shape{w[1] * groups}) {
		return 0, nil, bad("bias %v", args[2].Shape)
	}
	if (i[4] >= i[0] && i[4] >= i[6]) || (i[5] >= i[1] && i[5] >= i[7]) {
		return 0, nil, bad("output pad %d, %d is not under stride or dilation", i[4], i[5])
	}
	h, wd := (x[1]-1)*i[0]-2*i[2]+i[6]*(w[2]-1)+i[4]+1, (x[2]-1)*i[1]-2*i[3]+i[7]*(w[3]-1)+i[5]+1
	if min(h, wd) < 1 {
		return 0, nil, bad("%v by %v with %v", x, w, i)
	}
	return F32, Shape{x[0], h, wd, w[1] * groups}, nil
}

func inferResizeAA(o *Op, args []Value, want Shape) (DType, Shape, error) {
	x := args[0].Shape
	if len(x) != 4 || len(want) != 4 || want[0] != x[0] || want[3] != x[3] || min(want[1], want[2], x[1], x[2]) < 1 ||
		o.Attr.I[0] < AABilinear || o.Attr.I[0] > AAHamming {
		return 0, nil, bad("%v to %v by filter %d", x, want, o.Attr.I[0])
	}
	return F32, want, nil
}

func inferGridSample(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, g, i := args[0].Shape, args[1].Shape, o.Attr.I
	if len(x) != 4 || len(g) != 4 || g[0] != x[0] || g[3] != 2 || min(x[1], x[2]) < 1 || i[0] < 0 || i[0] > 2 || i[1] < 0 || i[1] > 2 || i[2]&^1 != 0 {
		return 0, nil, bad("%v at %v with %v", x, g, i)
	}
	return F32, Shape{x[0], g[1], g[2], x[3]}, nil
}

func inferHistogram(o *Op, _ []Value, _ Shape) (DType, Shape, error) {
	lo, hi := o.Attr.F[0], o.Attr.F[1]
	if n := o.Attr.I[0]; n < 1 || n > 1<<16 || !(hi > lo) || math.IsInf(hi-lo, 0) {
		return 0, nil, bad("%d bins of %v..%v", n, lo, hi)
	}
	return F32, Shape{o.Attr.I[0]}, nil
}

func inferFFT(o *Op, args []Value, _ Shape) (DType, Shape, error) {
	x, axis := args[0].Shape, o.Attr.I[0]
	if len(x) < 2 || x.Last() != 2 || axis < 0 || axis >= len(x)-1 || x[axis] > maxFFT || o.Attr.I[1]&^1 != 0 {
		return 0, nil, bad("%v with %v", x, o.Attr.I)
	}
	return F32, x, nil
}

func colour(name string) rule {
	return rule{name: name, min: 1, max: 1, infer: func(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
		if x := args[0].Shape; len(x) < 1 || (x.Last() != 3 && x.Last() != 4) {
			return 0, nil, bad("%v has no colours", x)
		}
		return F32, args[0].Shape, nil
	}}
}

func inferLuminance(o *Op, args []Value, want Shape) (DType, Shape, error) {
	dt, s, err := colour("").infer(o, args, want)
	if m := o.Attr.I[0]; err == nil && (m < 0 || m > 2) {
		err = bad("weights %d", m)
	}
	if err != nil {
		return 0, nil, err
	}
	return dt, append(s[:len(s)-1:len(s)-1].Clone(), 1), nil
}

func inferOver(_ *Op, args []Value, _ Shape) (DType, Shape, error) {
	s, ok := Broadcast(args[0].Shape, args[1].Shape)
	if !ok || len(args[0].Shape) < 1 || len(args[1].Shape) < 1 || args[0].Shape.Last() != 4 || args[1].Shape.Last() != 4 {
		return 0, nil, bad("%v over %v", args[0].Shape, args[1].Shape)
	}
	return F32, s, nil
}
