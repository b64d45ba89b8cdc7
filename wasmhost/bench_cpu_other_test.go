//go:build !unix

package wasmhost

import "time"

// processorTime is not known here.
func processorTime() time.Duration { return 0 }
