package diffusion

import (
	"cmp"
	"fmt"

	"github.com/cocoonhq/cocoon/internal/diffusion/clip"
	"github.com/cocoonhq/cocoon/internal/diffusion/programs"
	"github.com/cocoonhq/cocoon/internal/diffusion/unet"
	"github.com/cocoonhq/cocoon/internal/diffusion/vae"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// Checkpoint is the parts of a checkpoint file. CLIP and VAE are nil where the file has none.
type Checkpoint struct {
	Family string // "Stable Diffusion 1"
	Model  *Model
	CLIP   *CLIP
	VAE    *VAE
}

// Load reads a checkpoint, to be run on a backend. What kind it is and how large is told from the names and shapes of its
// tensors. Errors: fault.WrongModel when the file is no checkpoint;
// fault.Unsupported when it is one of a family that is not known; fault.BadFile when tensors are missing or do not fit.
func Load(src weights.Source, b tensor.Backend) (Checkpoint, error) {
	root := weights.NewScope(src, "")
	if !root.HasSub(modelPrefix) {
		return Checkpoint{}, fault.New(fault.WrongModel, "this file is no checkpoint: it has no tensors below %q", modelPrefix)
	}
	f := detect(src, modelPrefix)
	if f == nil {
		return Checkpoint{}, fault.New(fault.Unsupported, "this checkpoint is of a family that is not supported")
	}
	run := programs.New(b)
	c := Checkpoint{Family: f.name}
	var err error
	if c.Model, err = newModel(src, f, run); err != nil {
		return Checkpoint{}, fmt.Errorf("read the denoiser: %w", err)
	}
	if c.CLIP, err = newCLIP(src, f, run); err != nil {
		return Checkpoint{}, fmt.Errorf("read the text encoder: %w", err)
	}
	if root.HasSub(vaePrefix) {
		if c.VAE, err = newVAE(src, vaePrefix, run); err != nil {
			return Checkpoint{}, fmt.Errorf("read the VAE: %w", err)
		}
		c.Model.format = ownColours(src, c.Model.format, c.VAE)
	}
	return c, nil
}

// Close gives back the compiled programs of all parts. Parts still in use stay usable.
func (c Checkpoint) Close() error { return c.Model.run.Close() }

func newModel(src weights.Source, f *family, run *programs.Cache) (*Model, error) {
	u, err := build(src, modelPrefix, func(s *weights.Scope) *unet.UNet { return unet.New(s, f.unet) })
	if err != nil {
		return nil, err
	}
	return &Model{net: u, run: run, family: f, sampling: f.sampling(src), format: f.format(src)}, nil
}

func newCLIP(src weights.Source, f *family, run *programs.Cache) (*CLIP, error) {
	c := &CLIP{run: run}
	for _, row := range f.text {
		prefix := row.prefix(src)
		if prefix == "" {
			return nil, nil
		}
		e, err := build(src, prefix, func(s *weights.Scope) *clip.Encoder { return clip.New(s, row.config) })
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, textPart{name: row.name, encoder: e, options: row.tokens})
	}
	return c, nil
}

// LoadVAE reads a VAE from a file of its own, or from a checkpoint's, to be run on a backend. Errors: fault.WrongModel when
// the file is something else; fault.BadFile when tensors are missing or do not fit.
func LoadVAE(src weights.Source, b tensor.Backend) (*VAE, error) {
	if vae.IsDiffusers(src) {
		src = vae.FromDiffusers(src)
	}
	for _, prefix := range []string{"", vaePrefix, "vae"} {
		if weights.NewScope(src, prefix).Has("decoder.conv_in.weight") {
			return newVAE(src, prefix, programs.New(b))
		}
	}
	return nil, fault.New(fault.WrongModel, "this file holds no VAE")
}

func newVAE(src weights.Source, prefix string, run *programs.Cache) (*VAE, error) {
	v, err := build(src, prefix, vae.New)
	if err != nil {
		return nil, err
	}
	return &VAE{net: v, run: run}, nil
}

// build makes a network of the tensors below a prefix and records it once: tensors may each have a possible shape and still
// not fit together, which recording finds by a panic.
func build[N interface{ Prove() }](src weights.Source, prefix string, make func(s *weights.Scope) N) (n N, err error) {
	s := weights.NewScope(src, prefix)
	defer func() {
		if r := recover(); r != nil {
			err = cmp.Or(s.Err(), error(fault.New(fault.BadFile, "the file's tensors do not fit together: %v", r)))
		}
	}()
	n = make(s)
	if err := s.Err(); err != nil {
		return n, err
	}
	n.Prove()
	return n, nil
}
