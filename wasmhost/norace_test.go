//go:build !race

package wasmhost

// raced says that the race detector is off.
const raced = false
