//go:build race

package attacks

const (
	// mayGrow is how many KiB the process may grow by while the corpus runs, and mayMap how many mappings; the race detector
	// keeps memory of its own.
	mayGrow = 1 << 20
	mayMap  = 256
	// patience is how many times as long answers may take; the race detector makes them slow.
	patience = 4
)
