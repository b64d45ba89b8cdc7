//go:build !amd64

package kern

import "github.com/cocoonhq/cocoon/internal/tensor/cpu/isa"

func assembly(isa.Level) *Set { return nil }
