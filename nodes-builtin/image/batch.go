package image

import (
	"context"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/nodes-builtin/room"
)

const maxBatch = 4096

type repeatIn struct {
	imageIn
	Amount int
}

var repeatBatch = node.Def[repeatIn, imageOut]{
	ID: "RepeatImageBatch", Name: "Repeat Image Batch", Category: "image/batch", Module: "comfy_extras.nodes_images", V3: true,
	Help: "Repeats a batch of pictures.", Aliases: []string{"duplicate image", "clone image"},
	Ports: func(p *node.Ports, in *repeatIn, out *imageOut) {
		node.Link(p, "image", &in.Image)
		node.Number(p, "amount", &in.Amount, 1).Range(1, maxBatch)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(_ context.Context, in repeatIn) (imageOut, error) {
		shape := in.Image.Shape().Clone()
		shape[0] *= in.Amount
		out, err := room.New(room.Batch(shape[0], shape[2], shape[1]), shape...)
		if err != nil {
			return imageOut{}, err
		}
		dst, src := out.F32(), in.Image.Dense().F32()
		for i := range in.Amount {
			copy(dst[i*len(src):], src)
		}
		return imageOut{value.Image{Tensor: out}}, nil
	},
}

type fromBatchIn struct {
	imageIn
	Index, Length int
}

var fromBatch = node.Def[fromBatchIn, imageOut]{
	ID: "ImageFromBatch", Name: "Get Image from Batch", Category: "image/batch", Module: "comfy_extras.nodes_images", V3: true,
	Help:    "Takes some pictures out of a batch; a negative index counts from its end.",
	Aliases: []string{"select image", "pick from batch", "extract image"},
	Ports: func(p *node.Ports, in *fromBatchIn, out *imageOut) {
		node.Link(p, "image", &in.Image)
		node.Number(p, "batch_index", &in.Index, 0).Range(-maxResolution, maxResolution)
		node.Number(p, "length", &in.Length, 1).Range(1, maxBatch)
		node.Result(p, "IMAGE", &out.Image)
	},
	Do: func(_ context.Context, in fromBatchIn) (imageOut, error) {
		n, from := in.Image.Dim(0), in.Index
		if from < 0 {
			from += n
		}
		from = max(0, min(n-1, from))
		return imageOut{value.Image{Tensor: in.Image.Slice(0, from, from+min(n-from, in.Length)).Clone()}}, nil
	},
}

type rebatchIn struct {
	Images []value.Image
	Size   []int64
}

type rebatchOut struct{ Images node.List }

var rebatch = node.Def[rebatchIn, rebatchOut]{
	ID: "RebatchImages", Name: "Rebatch Images", Category: "image/batch", Module: "comfy_extras.nodes_rebatch", V3: true,
	InputIsList: true, Help: "Divides pictures anew into batches of a size.",
	Ports: func(p *node.Ports, in *rebatchIn, out *rebatchOut) {
		node.Links(p, "images", "IMAGE", &in.Images)
		node.Links(p, "batch_size", node.Int, &in.Size).Set("default", int64(1)).Range(1, maxBatch)
		node.Result(p, "IMAGE", &out.Images).List()
	},
	Do: func(_ context.Context, in rebatchIn) (rebatchOut, error) {
		if len(in.Size) == 0 || in.Size[0] < 1 {
			return rebatchOut{}, fault.New(fault.ValueTooSmall, "batch_size must be at least 1")
		}
		var single []*tensor.Tensor
		for _, img := range in.Images {
			for i := range img.Dim(0) {
				single = append(single, img.Slice(0, i, i+1))
			}
		}
		out := rebatchOut{Images: node.List{}}
		for len(single) > 0 {
			n := min(len(single), int(in.Size[0]))
			img, err := stack(single[:n]...)
			if err != nil {
				return rebatchOut{}, err
			}
			out.Images, single = append(out.Images, img), single[n:]
		}
		return out, nil
	},
}

// stack puts batches of pictures of one size and number of channels behind each other.
func stack(batches ...*tensor.Tensor) (value.Image, error) {
	shape := batches[0].Shape().Clone()
	for _, t := range batches[1:] {
		if !t.Shape()[1:].Equal(shape[1:]) {
			return value.Image{}, fault.New(fault.BadTensor, "pictures of shapes %v and %v do not fit into one batch; resize them first",
				shape[1:], t.Shape()[1:])
		}
		shape[0] += t.Dim(0)
	}
	out := tensor.New(tensor.F32, shape...)
	at := 0
	for _, t := range batches {
		at += copy(out.F32()[at:], t.Dense().F32())
	}
	return value.Image{Tensor: out}, nil
}
