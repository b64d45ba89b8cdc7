//go:build !linux

package wasmhost

const workersHere = false
