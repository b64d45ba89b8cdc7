package server

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// preview is a picture of unfinished work and how to get it encoded, once for all sockets.
type preview struct {
	of      *node.Preview
	encoded func() encoded
}

// encoded is a picture as bytes.
type encoded struct {
	kind  uint32 // 1 JPEG, 2 PNG
	mime  string
	bytes []byte
}

// encode makes a picture fit its box, as large as that allows, and encodes it.
func encode(p *node.Preview) encoded {
	img := p.Image
	if w, h := img.Bounds().Dx(), img.Bounds().Dy(); p.MaxSide > 0 && w > 0 && h > 0 {
		// Compat: small previews are made larger too, keeping their aspect.
		longest := max(w, h)
		nw, nh := max(1, rounded(w*p.MaxSide, longest)), max(1, rounded(h*p.MaxSide, longest))
		if nw != w || nh != h {
			out := image.NewRGBA(image.Rect(0, 0, nw, nh))
			draw.BiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
			img = out
		}
	}
	var b bytes.Buffer
	if p.Format == "PNG" {
		if (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img) == nil {
			return encoded{2, "image/png", b.Bytes()}
		}
		return encoded{}
	}
	if jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}) == nil {
		return encoded{1, "image/jpeg", b.Bytes()}
	}
	return encoded{}
}

// rounded is a/b to the nearest whole number.
func rounded(a, b int) int { return (a + b/2) / b }

// frame makes a binary message: a type, then the data.
func frame(kind uint32, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(data)), kind), data...)
}

// previewFrame is an encoded picture as a binary message, with or without its metadata.
func previewFrame(form uint32, meta engine.PreviewMeta, e encoded) []byte {
	if form == engine.FramePicture {
		return frame(form, append(binary.BigEndian.AppendUint32(nil, e.kind), e.bytes...))
	}
	meta.ImageType = e.mime
	m, _ := json.Marshal(meta) // strings always encode
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(m)+len(e.bytes)), uint32(len(m)))
	return frame(form, append(append(b, m...), e.bytes...))
}
