package wasmhost

import (
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/code"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// Admit proves a module, checks its imports and exports against the contract and meters it.
func Admit(module []byte, l wasm.Limits) (*code.Module, error) {
	return code.Admit(module, l, contract())
}

// contract is what guests may import: the functions of the contract, and the WASI that language runtimes need.
func contract() *code.Contract {
	c := &code.Contract{Funcs: map[string]code.Func{}, Depth: depthLimit}
	letter := map[string]string{"i32": "i", "i64": "l", "f64": "d", "": ""}
	for _, f := range abi.Functions() {
		params := ""
		for _, p := range f.Params {
			params += letter[p]
		}
		c.Funcs[f.Module+"."+f.Name] = code.Func{Signature: params + ":" + letter[f.Result], Capability: f.Capability}
	}
	for _, f := range wasiFuncs() {
		c.Funcs[wasiModule+"."+f.name] = code.Func{Signature: f.params + ":" + f.result}
	}
	return c
}
