package wasmhost

const workersHere = true
