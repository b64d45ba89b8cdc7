package diffusion

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// EmbeddingRows reads the vectors of a textual-inversion file for an encoder ("clip_l", "clip_h", "clip_g"), one a token. A
// file that is not made for several encoders gives its vectors to any; their width tells whether they fit.
func EmbeddingRows(src weights.Source, encoder string) ([][]float32, error) {
	names := src.Names()
	if len(names) == 0 {
		return nil, fault.New(fault.BadFile, "the embedding file holds no tensors")
	}
	name := names[0]
	for _, n := range []string{encoder, "emb_params", "string_to_param.*"} {
		if _, ok := weights.Describe(src, n); ok {
			name = n
			break
		}
	}
	t, ok := src.Tensor(name)
	if !ok || t.Elems() == 0 || t.Elems() > 1<<24 {
		return nil, fault.New(fault.BadFile, "the embedding file's tensor %q holds no vectors", name)
	}
	all, width := tensor.ToF32(t), t.Shape().Last()
	rows := make([][]float32, 0, len(all)/width)
	for len(all) > 0 {
		rows = append(rows, all[:width:width])
		all = all[width:]
	}
	return rows, nil
}
