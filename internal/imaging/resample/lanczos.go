package resample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/imaging/rows"
)

// lanczos resizes by way of bytes, in Pillow's mode of that many channels. Values outside 0..1 are clipped.
func lanczos(ctx context.Context, out Planes, in view) error {
	src := Bytes{W: in.W, H: in.H, C: in.C, Pix: make([]byte, in.W*in.H*in.C)}
	for frame := range in.N * in.T {
		n, t := frame/in.T, frame%in.T
		err := rows.Do(ctx, in.H, in.W*in.C, func(lo, hi int) {
			for y := lo; y < hi; y++ {
				for c := range in.C {
					row := in.row((n*in.C+c)*in.T+t, y)
					at := y*in.W*in.C + c
					for _, v := range row {
						src.Pix[at] = ToByte(v)
						at += in.C
					}
				}
			}
		})
		if err != nil {
			return err
		}
		got, err := src.Resize(ctx, out.W, out.H, PilLanczos)
		if err != nil {
			return err
		}
		for c := range in.C {
			plane := ((n*in.C+c)*in.T + t) * out.H * out.W
			dst := out.Pix[plane : plane+out.H*out.W]
			for i := range dst {
				dst[i] = float32(got.Pix[i*in.C+c]) / 255
			}
		}
	}
	return nil
}

// ToByte is the byte of a channel value: 255·v in float32, clipped and cut, never rounded. NaN gives 0.
//
// Compat: 0.5 gives 127 and 0.99999994 gives 254; i/255 gives i for every byte.
func ToByte(v float32) byte {
	v *= 255
	if !(v > 0) {
		return 0
	}
	if v >= 255 {
		return 255
	}
	return byte(v)
}
