package diffusion

import (
	"errors"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/diffusion/diffusiontest"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights"
)

// TestLoadMissing loses each tensor of a checkpoint in turn: none may go unnoticed, as the picture would be of a smaller model.
func TestLoadMissing(t *testing.T) {
	src, b := openDemo(t), diffusiontest.CPU(t)
	for _, lost := range src.Names() {
		c, err := Load(weights.Rename(src, func(n string) (string, bool) { return n, n != lost }), b)
		switch {
		case err == nil:
			t.Errorf("without %s: a checkpoint of the family %q", lost, c.Family)
		case !errors.Is(err, fault.BadFile) && !errors.Is(err, fault.Unsupported):
			t.Errorf("without %s: code %v, want bad_file", lost, fault.CodeOf(err))
		case errors.Is(err, fault.BadFile) && !strings.Contains(err.Error(), lost):
			t.Errorf("without %s: %v, which does not name it", lost, err)
		}
	}
}
