package cpu_test

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"
	"github.com/cocoonhq/cocoon/internal/tensor/tensortest"
)

// levels are the instruction sets that work here.
func levels() []string {
	var names []string
	for l := isa.Portable; l <= isa.Best(); l++ {
		names = append(names, l.String())
	}
	return names
}

func TestBackend(t *testing.T) {
	for _, level := range levels() {
		t.Run(level, func(t *testing.T) {
			b := cpu.New(cpu.Options{Threads: 3, Level: level})
			defer b.Close()
			tensortest.Run(t, b)
		})
	}
}
