package wasmhost

import (
	"slices"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// sinceWhen holds a module's imports to the version of the contract that its manifest asks for: a module that needs a later one would
// fail on a server of the version that it says is enough. Errors: fault.Unsupported.
func sinceWhen(m *Manifest, imports []string, functions []abi.Function) error {
	least, err := m.LeastMinor()
	if err != nil {
		return err
	}
	for _, f := range functions {
		if name := f.Module + "." + f.Name; f.Since > least && slices.Contains(imports, name) {
			return fault.New(fault.Unsupported, "the module imports %s, which the contract %s has since %d.%d; the manifest asks for %d.%d: write \"abi\": \"%s>=%d.%d\"",
				name, abi.Name, abi.Major, f.Since, abi.Major, least, abi.Name, abi.Major, f.Since)
		}
	}
	return nil
}
