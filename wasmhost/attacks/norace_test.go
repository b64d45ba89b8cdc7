//go:build !race

package attacks

// mayGrow is how many KiB the process may grow by while the corpus runs; the race detector keeps memory of its own.
const mayGrow = 64 << 10
