package slot

import (
	"context"
	"fmt"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/cocoonhq/cocoon/wasmhost/fuel"
)

// Func is a function that guests can import.
type Func struct {
	Module, Name string
	Params       string // a letter a value: i (i32), l (i64), d (f64)
	Results      string
	// Call gets the parameters on the stack and leaves the results there. It must not call the guest. A panic with an error
	// ends the guest's call with it.
	Call func(ctx context.Context, s []uint64)
}

// Meter is what a guest's call asks for fuel. It is found in the call's context by MeterKey.
type Meter interface {
	// Refuel gets what is left, a negative number, or fuel.TooDeep, and gives the new amount; it panics with an error to end
	// the call.
	Refuel(left int64) int64
}

// MeterKey is the key of a call's Meter in its context.
type MeterKey struct{}

// Machine is an engine with its host functions. Its methods may be called from any goroutine.
type Machine struct {
	rt        wazero.Runtime
	opening   sync.Once
	pages     pagemap // when it was opened; see pagemap
	compiling sync.Mutex
	reaper    reaper
}

// Features are what modules may use of the language.
func Features() api.CoreFeatures {
	return api.CoreFeaturesV2 | experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesTailCall
}

// RuntimeConfig is how modules are compiled; the compile jail uses the same one, else its results would not be found.
func RuntimeConfig(cache wazero.CompilationCache) wazero.RuntimeConfig {
	c := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(Features()).WithCloseOnContextDone(false).WithDebugInfoEnabled(false)
	if cache != nil {
		c = c.WithCompilationCache(cache)
	}
	return c
}

// InterpreterConfig is the same for the interpreter, which checks the compiler.
func InterpreterConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(Features()).WithCloseOnContextDone(false).WithDebugInfoEnabled(false)
}

// NewMachine makes an engine with host functions. Close it when no slot runs.
func NewMachine(ctx context.Context, c wazero.RuntimeConfig, funcs []Func) (*Machine, error) {
	m := &Machine{rt: wazero.NewRuntimeWithConfig(ctx, c)}
	builders := map[string]wazero.HostModuleBuilder{}
	var order []string
	funcs = append([]Func{{fuel.ImportModule, fuel.ImportName, "l", "l", refuel}}, funcs...)
	for _, f := range funcs {
		b, ok := builders[f.Module]
		if !ok {
			b = m.rt.NewHostModuleBuilder(f.Module)
			order = append(order, f.Module)
		}
		builders[f.Module] = b.NewFunctionBuilder().WithGoFunction(api.GoFunc(f.Call), valueTypes(f.Params), valueTypes(f.Results)).Export(f.Name)
	}
	for _, name := range order {
		if _, err := builders[name].Instantiate(ctx); err != nil {
			return nil, fmt.Errorf("host module %s: %w", name, err)
		}
	}
	return m, nil
}

func refuel(ctx context.Context, s []uint64) {
	s[0] = uint64(ctx.Value(MeterKey{}).(Meter).Refuel(int64(s[0])))
}

func valueTypes(letters string) []api.ValueType {
	out := make([]api.ValueType, len(letters))
	for i := range letters {
		switch letters[i] {
		case 'i':
			out[i] = api.ValueTypeI32
		case 'l':
			out[i] = api.ValueTypeI64
		default:
			out[i] = api.ValueTypeF64
		}
	}
	return out
}

// pagemap opens the machine's the first time.
func (m *Machine) pagemap() pagemap {
	m.opening.Do(func() { m.pages = openPagemap() })
	return m.pages
}

// Close ends all instances.
func (m *Machine) Close(ctx context.Context) error {
	m.reaper.stop()
	m.opening.Do(func() {})
	m.pages.close()
	return m.rt.Close(ctx)
}
