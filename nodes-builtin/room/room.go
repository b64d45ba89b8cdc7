// Package room makes tensors whose size a prompt chose, after a look at the memory: a number too large is an error that says
// how much it would need, not the end of the process.
package room

import (
	"fmt"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/tensor/sysmem"
)

// New makes a zeroed F32 tensor. what names it in the error: "A batch of 64 latents of 512 × 512". The error is
// fault.OutOfMemory when the memory that is free does not hold it.
func New(what string, shape ...int) (*tensor.Tensor, error) {
	if err := For(what, shape...); err != nil {
		return nil, err
	}
	return tensor.New(tensor.F32, shape...), nil
}

// For reports whether an F32 tensor of a shape fits the memory that is free.
func For(what string, shape ...int) error {
	n, ok := tensor.Shape(shape).TryElems()
	free, total := sysmem.Read()
	if ok && (total <= 0 || int64(n) <= free/4) {
		return nil
	}
	need := "more memory than any machine has"
	if ok && n < 1<<60 {
		need = sysmem.Spell(int64(n) * 4)
	}
	return fault.New(fault.OutOfMemory, "%s needs %s of memory, %s are free. Make it smaller or fewer at once.", what, need, sysmem.Spell(free))
}

// Batch names n pictures of a size, for errors.
func Batch(n, w, h int) string {
	if n == 1 {
		return fmt.Sprintf("A picture of %d × %d", w, h)
	}
	return fmt.Sprintf("A batch of %d pictures of %d × %d", n, w, h)
}
