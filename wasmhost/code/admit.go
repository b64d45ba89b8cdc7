package code

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

// Module is a module that was proved and metered, and what it can do, read from its bytes.
type Module struct {
	Hash         string   // SHA-256 of the module as it came, in hex
	Capabilities []string // that its imports ask for, sorted
	Imports      []string // "module.name"
	Metrics      wasm.Metrics
	MemoryPages  uint32       // at the start
	Metered      *fuel.Result `json:"-"`
}

// Contract is what modules may import, and how they are metered.
type Contract struct {
	Funcs map[string]Func // by "module.name"
	Depth int32           // of calls that nest
}

// Func is a function that modules may import.
type Func struct {
	Signature  string // as "iil:i": i is an i32, l an i64, f an f32, d an f64
	Capability string // that it needs; "" is none
}

// guestExports are what a guest must have: name → signature.
var guestExports = map[string]string{"cocoon_abi": ":i", "cocoon_buf": "i:i", "cocoon_call": "iii:i"}

// Admit proves a module, checks its imports and exports against the contract and meters it. Errors: fault.BadFile,
// fault.TooLarge, fault.Unsupported.
func Admit(module []byte, l wasm.Limits, c *Contract) (*Module, error) {
	m, err := wasm.Parse(module, l)
	if err != nil {
		return nil, err
	}
	a := &Module{Metrics: m.Metrics, MemoryPages: m.Memory.Min}
	if err := a.imports(m, c); err != nil {
		return nil, err
	}
	if err := checkExports(m); err != nil {
		return nil, err
	}
	if a.Metered, err = fuel.Rewrite(m, fuel.Options{Depth: c.Depth}); err != nil {
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

func (a *Module) imports(m *wasm.Module, c *Contract) error {
	for _, i := range m.Imports {
		name := i.Module + "." + i.Name
		f, ok := c.Funcs[name]
		if !ok {
			return fault.New(fault.Unsupported, "module imports %s, which version %d.%d of the contract %s does not have", name, abi.Major, abi.Minor, abi.Name)
		}
		if got := signature(m.Types[i.Type]); got != f.Signature {
			return fault.New(fault.BadFile, "module imports %s as (%s), which is (%s)", name, got, f.Signature)
		}
		a.Imports = append(a.Imports, name)
		if f.Capability != "" && !slices.Contains(a.Capabilities, f.Capability) {
			a.Capabilities = append(a.Capabilities, f.Capability)
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
