//go:build race

package wasmhost

// raced says that the race detector is on: it slows compiling and calls beyond the budgets of time that guests have.
const raced = true
