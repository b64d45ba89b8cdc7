package loaders

import "github.com/cocoonhq/cocoon/internal/fault"

// noEncoder tells what to do when a checkpoint brought no text encoder.
func noEncoder() error {
	return fault.New(fault.WrongModel, "the clip input is empty: the checkpoint holds no text encoder. "+
		"Load one with CLIPLoader, or choose a checkpoint that brings its own")
}
