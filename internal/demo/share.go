package demo

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Share puts the checkpoint into the folders of its parts too: diffusion_models, text_encoders and vae below models, so that
// workflows which load the parts by nodes of their own have something to choose. That is done only where Install has put the
// checkpoint and while all these folders are without a model. The files are hard links where the disk has them, which take no
// room. Errors are Install's.
func Share(models string) error {
	source := filepath.Join(models, "checkpoints", Name)
	st, err := os.Stat(source)
	if err != nil || st.Size() != int64(len(Checkpoint)) {
		return nil // there is no demo
	}
	for _, dir := range []string{"diffusion_models", "unet", "text_encoders", "clip", "vae"} {
		if hasCheckpoint(filepath.Join(models, dir)) {
			return nil
		}
	}
	for _, name := range []string{"diffusion_models", "text_encoders", "vae"} {
		dir := filepath.Join(models, name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return cannotWrite(dir, err)
		}
		path := filepath.Join(dir, Name)
		err := os.Link(source, path)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			err = write(dir, path)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return cannotWrite(dir, err)
		}
	}
	return nil
}
