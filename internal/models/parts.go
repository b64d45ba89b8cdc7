package models

import (
	"context"
	"strings"

	"github.com/cocoonhq/cocoon/internal/diffusion"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Model loads a file of the folder diffusion_models; a whole checkpoint there gives its diffusion model. A model of a family
// that cannot be run yet is a fault.Unsupported that says which.
func (l *Library) Model(_ context.Context, name string) (*diffusion.Model, error) {
	e, err := l.load("diffusion_models", name, func(e *entry) error {
		r := Inspect(e.file)
		if err := r.Want(name, DiffusionModel, Checkpoint); err != nil {
			return err
		}
		switch {
		case r.UNet == nil || r.Family == SVD || r.Family == Cascade || r.Family == X4 || r.Family == Lotus:
			return fault.New(fault.Unsupported, "%s is %v; models of this family cannot be run yet: Stable Diffusion 1, 2 and XL can", name, r)
		case r.UNet.Diffusers:
			return fault.New(fault.Unsupported, "%s is %v with the names of diffusers; get the file with the names of the original", name, r)
		}
		var err error
		e.model, err = diffusion.LoadModel(e.file, strings.TrimSuffix(r.UNetPrefix, "."), l.backend)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.model, nil
}

// Text loads a file of the folder text_encoders; a whole checkpoint there gives its text encoders. An encoder that cannot be
// run yet is a fault.Unsupported that says which it is.
func (l *Library) Text(_ context.Context, name string) (*diffusion.CLIP, error) {
	e, err := l.load("text_encoders", name, func(e *entry) error {
		r := Inspect(e.file)
		if err := r.Want(name, TextEncoderFile, Checkpoint); err != nil {
			return err
		}
		if len(r.Text) == 0 {
			return fault.New(fault.WrongModel, "%s is %v without a text encoder", name, r)
		}
		var err error
		if r.Kind == Checkpoint {
			e.text, err = diffusion.LoadTexts(e.file, l.backend)
			return err
		}
		t := r.Text[0]
		kind, ok := strings.CutPrefix(t.Kind, "clip_")
		if !ok || len(r.Text) > 1 {
			return fault.New(fault.Unsupported, "%s is %v; encoders of this kind cannot be run yet: CLIP L, H and G alone can", name, r)
		}
		place := strings.TrimSuffix(strings.TrimSuffix(t.Prefix, "text_model."), ".")
		e.text, err = diffusion.LoadText(e.file, kind, place, l.backend)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.text, nil
}
