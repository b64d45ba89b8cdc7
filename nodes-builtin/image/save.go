package image

import (
	"context"
	stdimage "image"
	"io"
	"math"
	"math/rand/v2"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/value"
)

type saveIn struct {
	Images value.Image
	Prefix string
	Prompt any // JSON-like
	Extra  any // JSON-like: an object by key of the text
}

type saveOut struct {
	Images value.Image
	UI     node.UI
}

// The levels at which the pictures are packed. Compat.
const (
	saveLevel    = 4
	previewLevel = 1
)

func saveImage(c Config) node.Node {
	return node.Def[saveIn, saveOut]{
		ID: "SaveImage", Name: "Save Image", Category: "image", Essentials: "Basics", OutputNode: true,
		Help:    "Saves pictures in the output folder, with the workflow that made them inside.",
		Aliases: []string{"save", "save image", "export image", "output image", "write image", "download"},
		Ports: func(p *node.Ports, in *saveIn, out *saveOut) {
			node.Link(p, "images", &in.Images).Help("The pictures to save.")
			node.Text(p, "filename_prefix", &in.Prefix, "ComfyUI").
				Help("How the files' names begin. May hold a folder, %date:yyyy-MM-dd%, or %Node.input% of another node.")
			savePorts(p, in, out)
		},
		Do: func(ctx context.Context, in saveIn) (saveOut, error) { return c.save(ctx, in, "output", saveLevel) },
	}.Node()
}

func previewImage(c Config) node.Node {
	return node.Def[saveIn, saveOut]{
		ID: "PreviewImage", Name: "Preview Image", Category: "image", Essentials: "Basics", OutputNode: true,
		Help:    "Shows pictures without keeping them: they go with the next start.",
		Aliases: []string{"preview", "preview image", "show image", "view image", "display image", "image viewer"},
		Ports: func(p *node.Ports, in *saveIn, out *saveOut) {
			node.Link(p, "images", &in.Images)
			savePorts(p, in, out)
		},
		Do: func(ctx context.Context, in saveIn) (saveOut, error) {
			in.Prefix = "ComfyUI_temp_" + letters(5)
			return c.save(ctx, in, "temp", previewLevel)
		},
	}.Node()
}

func savePorts(p *node.Ports, in *saveIn, out *saveOut) {
	node.Fill(p, "prompt", node.Prompt, &in.Prompt)
	node.Fill(p, "extra_pnginfo", node.ExtraPNGInfo, &in.Extra)
	node.Result(p, "IMAGE", &out.Images).Named("images")
	node.Show(p, &out.UI)
}

func (c Config) save(ctx context.Context, in saveIn, kind string, level int) (saveOut, error) {
	n, h, w, ch := in.Images.Dim(0), in.Images.Dim(1), in.Images.Dim(2), in.Images.Dim(3)
	store, err := c.For(ctx)
	if err != nil {
		return saveOut{}, err
	}
	subfolder, stem, err := store.Resolve(in.Prefix, w, h)
	if err != nil {
		return saveOut{}, err
	}
	opts := imaging.PNGOptions{Level: level}
	if c.Metadata {
		opts.Text = metadata(in.Prompt, in.Extra)
	}
	files := make([]any, 0, n)
	pix := in.Images.Dense().F32()
	for i := range n {
		b, err := imaging.ToBytes(ctx, pix[i*h*w*ch:(i+1)*h*w*ch], h, w, ch)
		if err != nil {
			return saveOut{}, err
		}
		claim := func(ticket string) error { return node.Reserve(ctx, ticket) }
		name, err := store.Save(kind, subfolder, stem, ".png", i, claim, func(out io.Writer) error {
			return imaging.EncodePNG(ctx, out, b, opts)
		})
		if err != nil {
			return saveOut{}, err
		}
		files = append(files, node.File{Filename: name, Subfolder: subfolder, Type: kind})
	}
	return saveOut{in.Images, node.UI{"images": files}}, nil
}

// metadata makes the texts of a picture: the prompt, then one text for each key of extra_pnginfo.
func metadata(prompt, extra any) []imaging.Text {
	var out []imaging.Text
	if prompt != nil {
		out = append(out, imaging.Text{Key: "prompt", Value: spaced(doc.Append(nil, prompt))})
	}
	if o, ok := extra.(*doc.Object); ok {
		for i := range o.Len() {
			k, v := o.At(i)
			out = append(out, imaging.Text{Key: k, Value: spaced(doc.Append(nil, v))})
		}
	}
	return out
}

type websocketIn struct{ Images value.Image }
type nothing struct{}

func saveWebsocket() node.Node {
	return node.Def[websocketIn, nothing]{
		ID: "SaveImageWebsocket", Name: "Save Image (Websocket)", Category: "image", OutputNode: true,
		Module: "custom_nodes.websocket_image_save",
		Help:   "Sends finished pictures as PNG to the client that asked, and writes no file.",
		Ports: func(p *node.Ports, in *websocketIn, _ *nothing) {
			node.Link(p, "images", &in.Images)
		},
		Do: func(ctx context.Context, in websocketIn) (nothing, error) {
			n, h, w, ch := in.Images.Dim(0), in.Images.Dim(1), in.Images.Dim(2), in.Images.Dim(3)
			pix := in.Images.Dense().F32()
			for i := range n {
				b, err := imaging.ToBytes(ctx, pix[i*h*w*ch:(i+1)*h*w*ch], h, w, ch)
				if err != nil {
					return nothing{}, err
				}
				img, err := picture(b)
				if err != nil {
					return nothing{}, err
				}
				node.ProgressPreview(ctx, i, n, &node.Preview{Image: img, Format: "PNG"})
			}
			return nothing{}, nil
		},
		// Compat: it runs every time, since what it sends is not kept.
		Changed: func(context.Context, websocketIn) (any, error) { return math.NaN(), nil },
	}.Node()
}

// picture is bytes of 1, 3 or 4 channels as an image.
func picture(b imaging.Bytes) (stdimage.Image, error) {
	out := stdimage.NewNRGBA(stdimage.Rect(0, 0, b.W, b.H))
	for i := range b.W * b.H {
		px := b.Pix[i*b.C : (i+1)*b.C]
		switch b.C {
		case 1:
			copy(out.Pix[4*i:], []byte{px[0], px[0], px[0], 0xff})
		case 3:
			copy(out.Pix[4*i:], []byte{px[0], px[1], px[2], 0xff})
		case 4:
			copy(out.Pix[4*i:], px)
		default:
			return nil, fault.New(fault.BadTensor, "a picture of %d channels cannot be sent; it needs 1, 3 or 4", b.C)
		}
	}
	return out, nil
}

func letters(n int) string {
	const from = "abcdefghijklmnopqrstupvxyz" // Compat: the reference's letters
	b := make([]byte, n)
	for i := range b {
		b[i] = from[rand.IntN(len(from))]
	}
	return string(b)
}
