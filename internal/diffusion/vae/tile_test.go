package vae

import (
	"errors"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
)

func TestTilesRefused(t *testing.T) {
	v := &VAE{Channels: 4, Ratio: 8, net: &gaussian{enc: &encoder{}}}
	for _, tiles := range []Tiles{{}, {Width: 64, Height: 64, Overlap: 32}, {Width: 64, Height: 16, Overlap: 8}, {Width: 64, Height: 64, Overlap: -1}} {
		_, err := v.DecodeTiled(t.Context(), nil, tensor.New(tensor.F32, 1, 4, 200, 200), tiles)
		if !errors.Is(err, fault.BadRequest) {
			t.Errorf("%+v: %v, want a bad request", tiles, err)
		}
	}
}

func TestWrongShapes(t *testing.T) {
	v := &VAE{Channels: 4, Ratio: 8, net: &gaussian{enc: &encoder{}}}
	if _, err := v.Decode(t.Context(), nil, tensor.New(tensor.F32, 1, 16, 8, 8)); !errors.Is(err, fault.BadTensor) {
		t.Errorf("latent of 16 channels: %v", err)
	}
	if _, err := v.Encode(t.Context(), nil, tensor.New(tensor.F32, 1, 64, 64, 1)); !errors.Is(err, fault.BadTensor) {
		t.Errorf("grey picture: %v", err)
	}
	if _, err := v.Encode(t.Context(), nil, tensor.New(tensor.F32, 1, 7, 64, 3)); !errors.Is(err, fault.ValueTooSmall) {
		t.Errorf("picture 7 high: %v", err)
	}
}
