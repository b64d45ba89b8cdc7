package imaging

import (
	"image"
	"io"

	"github.com/HugoSmits86/nativewebp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// EncodeWebP writes a picture as a lossless WebP. It cannot be stopped. Pictures that the encoder cannot write are
// fault.Unsupported: the lengths of its codes do not fit some noise, and it panics.
func EncodeWebP(w io.Writer, img image.Image) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case string:
			err = fault.New(fault.Unsupported, "this picture cannot be written as a WebP: %s", v)
		default:
			panic(v)
		}
	}()
	return nativewebp.Encode(w, img, nil)
}
