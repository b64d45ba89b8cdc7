package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

const maxFile = 1 << 30 // bytes of a picture file

type loadIn struct{ Image string }

type loadOut struct {
	Image value.Image
	Mask  value.Mask
}

func loadImage(c Config) node.Node {
	d := node.Def[loadIn, loadOut]{
		ID: "LoadImage", Name: "Load Image", Category: "image", Essentials: "Basics",
		Help:    "Loads a picture from the input folder, and its transparency as a mask.",
		Aliases: []string{"load image", "open image", "import image", "image input", "upload image", "read image", "image loader"},
		Ports: func(p *node.Ports, in *loadIn, out *loadOut) {
			node.Files(p, "image", &in.Image, c.pictures()).Set("image_upload", true)
			node.Result(p, "IMAGE", &out.Image)
			node.Result(p, "MASK", &out.Mask)
		},
		Do: func(ctx context.Context, in loadIn) (loadOut, error) { return c.load(ctx, in.Image) },
	}
	return c.reading(d).Node()
}

func loadOutput(c Config) node.Node {
	d := node.Def[loadIn, loadOut]{
		ID: "LoadImageOutput", Name: "Load Image (from Outputs)", Category: "image", Essentials: "Basics", Experimental: true,
		Help:    "Loads a picture from the output folder; refreshing chooses the newest.",
		Aliases: []string{"output image", "previous generation"},
		Ports: func(p *node.Ports, in *loadIn, out *loadOut) {
			node.Linked(p, "image", node.Combo, &in.Image).Set("image_upload", true).Set("image_folder", "output").
				Set("remote", map[string]any{"route": "/internal/files/output", "refresh_button": true, "control_after_refresh": "first"})
			node.Result(p, "IMAGE", &out.Image)
			node.Result(p, "MASK", &out.Mask)
		},
		Do: func(ctx context.Context, in loadIn) (loadOut, error) { return c.load(ctx, in.Image) },
	}
	return c.reading(d).Node()
}

// reading gives a node that reads a picture its check and its fingerprint.
func (c Config) reading(d node.Def[loadIn, loadOut]) node.Def[loadIn, loadOut] {
	d.Checked = []string{"image"}
	d.Check = func(ctx context.Context, in loadIn) error { return c.exists(ctx, in.Image) }
	d.Changed = func(ctx context.Context, in loadIn) (any, error) { return c.hash(ctx, in.Image) }
	return d
}

type loadMaskIn struct{ Image, Channel string }
type maskOut struct{ Mask value.Mask }

func loadMask(c Config) node.Node {
	return node.Def[loadMaskIn, maskOut]{
		ID: "LoadImageMask", Name: "Load Image (as Mask)", Category: "image", Essentials: "Image Tools",
		Help:    "Loads one channel of a picture as a mask.",
		Aliases: []string{"import mask", "alpha mask", "channel mask"},
		Ports: func(p *node.Ports, in *loadMaskIn, out *maskOut) {
			node.Files(p, "image", &in.Image, c.pictures()).Set("image_upload", true)
			node.Choice(p, "channel", &in.Channel, "alpha", "red", "green", "blue")
			node.Result(p, "MASK", &out.Mask)
		},
		Do: func(ctx context.Context, in loadMaskIn) (maskOut, error) {
			pic, err := c.read(ctx, in.Image)
			if err != nil {
				return maskOut{}, err
			}
			return maskOut{maskOf(pic, in.Channel)}, nil
		},
		Checked: []string{"image"},
		Check:   func(ctx context.Context, in loadMaskIn) error { return c.exists(ctx, in.Image) },
		Changed: func(ctx context.Context, in loadMaskIn) (any, error) { return c.hash(ctx, in.Image) },
	}.Node()
}

func maskOf(pic *imaging.Picture, channel string) value.Mask {
	i := strings.Index("rgb", channel[:1])
	if i < 0 {
		pix, n, h, w := pic.Mask()
		return value.Mask{Tensor: tensor.FromF32(pix, n, h, w)}
	}
	return value.Mask{Tensor: tensor.FromF32(pic.Channel(i), pic.N, pic.H, pic.W)}
}

func (c Config) load(ctx context.Context, name string) (loadOut, error) {
	pic, err := c.read(ctx, name)
	if err != nil {
		return loadOut{}, err
	}
	pix, n, h, w := pic.Mask()
	return loadOut{
		value.Image{Tensor: tensor.FromF32(pic.Pix, pic.N, pic.H, pic.W, 3)},
		value.Mask{Tensor: tensor.FromF32(pix, n, h, w)},
	}, nil
}

func (c Config) read(ctx context.Context, name string) (*imaging.Picture, error) {
	kind, file := kindOf(name)
	f, err := c.open(ctx, kind, file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "cannot read %q", name)
	}
	if len(b) > maxFile {
		return nil, fault.New(fault.TooLarge, "%q has over %d bytes; pictures are smaller", name, maxFile)
	}
	pic, err := imaging.Decode(ctx, b, imaging.Limits{MaxPixels: c.MaxPixels})
	if err != nil {
		return nil, fault.Wrap(err, fault.CodeOf(err), "cannot load %q", name)
	}
	return pic, nil
}

func (c Config) exists(ctx context.Context, name string) error {
	kind, file := kindOf(name)
	f, err := c.open(ctx, kind, file)
	if errors.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "Invalid image file: %s. It is not in the %s folder; upload it or choose another", name, kind)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func (c Config) hash(ctx context.Context, name string) (string, error) {
	kind, file := kindOf(name)
	f, err := c.open(ctx, kind, file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fault.Wrap(err, fault.BadFile, "cannot read %q", name)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// pictures lists the files of the input folder that look like pictures.
func (c Config) pictures() fileList {
	return func(ctx context.Context) []string {
		files, err := c.For(ctx)
		if err != nil {
			return nil
		}
		names, err := files.Files("input")
		if err != nil {
			return nil
		}
		out := names[:0]
		for _, n := range names {
			switch strings.ToLower(path.Ext(n)) {
			case ".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".exr", ".avif", ".heic", ".ico":
				out = append(out, n)
			}
		}
		return out
	}
}
