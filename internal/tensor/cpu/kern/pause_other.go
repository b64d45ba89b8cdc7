//go:build !amd64

package kern

import "runtime"

// Pause waits a moment inside a loop that watches memory.
func Pause() { runtime.Gosched() }
