package wasmhost

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/fuel"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// Admitted is a module that was proved and metered, and what it can do, read from its bytes.
type Admitted struct {
	Hash         string   // SHA-256 of the module as it came, in hex
	Capabilities []string // that its imports ask for, sorted
	Imports      []string // "module.name"
	Metrics      wasm.Metrics
	MemoryPages  uint32 // at the start
	result       *fuel.Result
}

// guestExports are what a guest must have: name → signature.
var guestExports = map[string]string{"cocoon_abi": ":i", "cocoon_buf": "i:i", "cocoon_call": "iii:i"}

// Admit proves a module, checks its imports and exports against the contract and meters it.
func Admit(module []byte, l wasm.Limits) (*Admitted, error) {
	m, err := wasm.Parse(module, l)
	if err != nil {
		return nil, err
	}
	a := &Admitted{Metrics: m.Metrics, MemoryPages: m.Memory.Min}
	if err := a.imports(m); err != nil {
		return nil, err
	}
	if err := checkExports(m); err != nil {
		return nil, err
	}
	if a.result, err = fuel.Rewrite(m, fuel.Options{Depth: depthLimit}); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(module)
	a.Hash = hex.EncodeToString(sum[:])
	return a, nil
}

func signature(t wasm.FuncType) string {
	var b strings.Builder
	write := func(ts []wasm.ValType) {
		for _, t := range ts {
			c := map[wasm.ValType]byte{wasm.I32: 'i', wasm.I64: 'l', wasm.F32: 'f', wasm.F64: 'd'}[t]
			if c == 0 {
				c = '?'
			}
			b.WriteByte(c)
		}
	}
	write(t.Params)
	b.WriteByte(':')
	write(t.Results)
	return b.String()
}

// known gives the signature of each function that can be imported, and the capability that it needs.
func known() (sigs, caps map[string]string) {
	sigs, caps = map[string]string{}, map[string]string{}
	letter := map[string]string{"i32": "i", "i64": "l", "f64": "d", "": ""}
	for _, f := range abi.Functions() {
		sig := ""
		for _, p := range f.Params {
			sig += letter[p]
		}
		sigs[f.Module+"."+f.Name] = sig + ":" + letter[f.Result]
		caps[f.Module+"."+f.Name] = f.Capability
	}
	for _, f := range wasiFuncs() {
		sigs[wasiModule+"."+f.name] = f.params + ":" + f.result
	}
	return sigs, caps
}

func (a *Admitted) imports(m *wasm.Module) error {
	sigs, caps := known()
	for _, i := range m.Imports {
		name := i.Module + "." + i.Name
		want, ok := sigs[name]
		if !ok {
			return fault.New(fault.Unsupported, "module imports %s, which version %d.%d of the contract %s does not have", name, abi.Major, abi.Minor, abi.Name)
		}
		if got := signature(m.Types[i.Type]); got != want {
			return fault.New(fault.BadFile, "module imports %s as (%s), which is (%s)", name, got, want)
		}
		a.Imports = append(a.Imports, name)
		if c := caps[name]; c != "" && !slices.Contains(a.Capabilities, c) {
			a.Capabilities = append(a.Capabilities, c)
		}
	}
	slices.Sort(a.Capabilities)
	return nil
}

func checkExports(m *wasm.Module) error {
	if !m.HasMemory() {
		return fault.New(fault.BadFile, "module has no memory of its own")
	}
	for _, e := range m.Exports {
		_, ours := guestExports[e.Name]
		switch {
		case strings.HasPrefix(e.Name, fuel.Reserved), strings.HasPrefix(e.Name, "cocoon") && !ours:
			return fault.New(fault.BadFile, "module exports %q; names that start with cocoon and %s are reserved", e.Name, fuel.Reserved)
		case e.Name == "_initialize":
			if t, ok := m.FuncType(e.Index); e.Kind != wasm.ExportFunc || !ok || signature(t) != ":" {
				return fault.New(fault.BadFile, "module exports _initialize as something else than a function without values")
			}
		case e.Name == "_start":
			return fault.New(fault.BadFile, "module is a command (it exports _start); build it as a reactor")
		}
	}
	if e, ok := m.Export("memory"); !ok || e.Kind != wasm.ExportMemory {
		return fault.New(fault.BadFile, "module does not export its memory as memory")
	}
	for name, sig := range guestExports {
		e, ok := m.Export(name)
		if !ok || e.Kind != wasm.ExportFunc {
			return fault.New(fault.BadFile, "module lacks the export %s, a function (%s)", name, sig)
		}
		if t, _ := m.FuncType(e.Index); signature(t) != sig {
			return fault.New(fault.BadFile, "module exports %s as (%s), which is (%s)", name, signature(t), sig)
		}
	}
	return nil
}
