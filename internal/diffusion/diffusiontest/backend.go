package diffusiontest

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
)

// CPU is a backend on this machine's processor, closed at the end of the test.
func CPU(t testing.TB) *cpu.Backend {
	b := cpu.New(cpu.Options{})
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}
