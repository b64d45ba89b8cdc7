package latent

import (
	"context"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/google/go-cmp/cmp"
)

// counting is a tensor whose values count up from the first.
func counting(first float32, shape ...int) *tensor.Tensor {
	t := tensor.New(tensor.F32, shape...)
	for i := range t.F32() {
		t.F32()[i] = first + float32(i)
	}
	return t
}

func latentOf(t *tensor.Tensor) value.Latent { return value.Latent{Samples: t} }

// run gives the values and the shape of a node's latent, or nil for a tensor that does not fit.
func run(t *testing.T, n node.Node, args node.Args) (values []float32, shape []int) {
	t.Helper()
	r, err := n.Run(t.Context(), args)
	if fault.CodeOf(err) == fault.BadTensor {
		return nil, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	l := r.Outputs[0].(value.Latent).Samples
	return l.Dense().F32(), l.Shape()
}

func TestBlendOfUnequalBatches(t *testing.T) {
	for _, row := range []struct {
		name  string
		a, b  *tensor.Tensor
		want  []float32
		shape []int
	}{
		{"the second serves for all", counting(0, 2, 1, 1, 2), counting(10, 1, 1, 1, 2), []float32{5, 6, 6, 7}, []int{2, 1, 1, 2}},
		{"the first serves for all", counting(0, 1, 1, 1, 2), counting(10, 2, 1, 1, 2), []float32{5, 6, 6, 7}, []int{2, 1, 1, 2}},
		{"one channel serves for all", counting(0, 1, 1, 1, 1), counting(10, 1, 3, 1, 1), []float32{5, 5.5, 6}, []int{1, 3, 1, 1}},
		{"two and three", counting(0, 2, 1, 1, 1), counting(0, 3, 1, 1, 1), nil, nil},
		{"four channels and three", counting(0, 1, 4, 1, 1), counting(0, 1, 3, 1, 1), nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, shape := run(t, blend.Node(), node.Args{"samples1": latentOf(row.a), "samples2": latentOf(row.b), "blend_factor": 0.5})
			if d := cmp.Diff(row.want, got) + cmp.Diff(row.shape, shape); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestCompositeAtAndBeyondTheEdge(t *testing.T) {
	ground := []float32{0, 1, 2, 3}
	for _, row := range []struct {
		name    string
		from    *tensor.Tensor
		x, y    int64
		feather int64
		want    []float32
	}{
		{"inside", counting(10, 1, 1, 1, 1), 8, 8, 0, []float32{0, 1, 2, 10}},
		{"cut at the edge", counting(10, 1, 1, 2, 2), 8, 0, 0, []float32{0, 10, 2, 12}},
		{"at the edge", counting(10, 1, 1, 2, 2), 0, 16, 0, ground},
		{"beyond, one row left", counting(10, 1, 1, 2, 2), 0, 24, 8, ground},
		{"beyond, more left", counting(10, 1, 1, 4, 2), 0, 24, 0, nil},
		{"other channels", counting(10, 1, 2, 1, 1), 0, 0, 0, nil},
		{"other batch", counting(10, 2, 1, 1, 1), 0, 0, 0, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, _ := run(t, composite.Node(), node.Args{"samples_to": latentOf(counting(0, 1, 1, 2, 2)), "samples_from": latentOf(row.from),
				"x": row.x, "y": row.y, "feather": row.feather})
			if d := cmp.Diff(row.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
	got, _ := run(t, composite.Node(), node.Args{"samples_to": latentOf(counting(0, 1, 2, 1, 1)), "samples_from": latentOf(counting(9, 1, 1, 1, 1))})
	if d := cmp.Diff([]float32{9, 9}, got); d != "" {
		t.Errorf("one channel for two: -want +got\n%s", d)
	}
}

// blank encodes anything to nothing.
type blank struct{ VAE }

func (blank) Ratio() int { return 8 }

func (blank) Encode(_ context.Context, p value.Image) (*tensor.Tensor, error) {
	return tensor.New(tensor.F32, p.Dim(0), 1, p.Dim(1)/8, p.Dim(2)/8), nil
}

func TestInpaintMasksFitThePictures(t *testing.T) {
	for _, row := range []struct {
		name            string
		pictures, masks int
		side            int
		ok              bool
	}{
		{"one for one", 1, 1, 8, true},
		{"one for all", 3, 1, 8, true},
		{"one each", 3, 3, 9, true},
		{"two for three", 3, 2, 8, false},
		{"two for one", 1, 2, 8, false},
		{"smaller than a cell", 1, 1, 4, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			args := node.Args{"pixels": value.Image{Tensor: tensor.New(tensor.F32, row.pictures, row.side, row.side, 3)},
				"mask": value.Mask{Tensor: tensor.New(tensor.F32, row.masks, 5, 5)}, "vae": blank{}, "grow_mask_by": int64(6), "noise_mask": true}
			for _, n := range []node.Node{vaeEncodeForInpaint.Node(), inpaintConditioning.Node()} {
				_, err := n.Run(t.Context(), args)
				if (err == nil) != row.ok || err != nil && fault.CodeOf(err) != fault.BadTensor {
					t.Errorf("%s: error %v, want none: %v", n.Schema().ID, err, row.ok)
				}
			}
		})
	}
}
