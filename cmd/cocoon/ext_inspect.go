package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
)

// means says in plain words what a capability lets a module do.
func means(capability string) string {
	return map[string]string{
		"tensor": "look at and make tensors: pictures, masks and latents that it is handed",
		"node":   "run built-in nodes that it was granted by name",
		"kv":     "keep small values between calls, apart for each tenant",
		"http":   "send requests to addresses that it was granted one by one",
		"asset":  "read files of granted folders, and save into a folder of its own",
		"ws":     "send messages to the client that asked",
		"msg":    "let a browser talk to a node while it runs",
	}[capability]
}

// extInspect is "cocoon ext inspect". Nothing of the module runs.
func extInspect(ctx context.Context, args []string, std streams) error {
	var p extPlace
	f := newFlags("ext inspect", `cocoon ext inspect says what a package is, who signed it, what it asks for and what installing it would do; and what its module can do
at most, from its bytes alone. Nothing of it runs.

  cocoon ext inspect acme.lens-1.4.2.cocoon
  cocoon ext inspect module.wasm`, std)
	p.add(f)
	name, err := oneArgument(f, args, "")
	if err != nil {
		return err
	}
	if strings.HasSuffix(name, pack.Suffix) {
		return p.inspectPackage(ctx, name, std.out)
	}
	module, err := readModule(name)
	if err != nil {
		return err
	}
	return inspectModule(std.out, name, module)
}

func inspectModule(w io.Writer, name string, module []byte) error {
	m, err := wasm.Parse(module, wasm.DefaultLimits())
	if err != nil {
		return fmt.Errorf("%s is no module that a server would load: %w", name, err)
	}
	inspect(w, name, module, m)
	a, err := wasmhost.Admit(module, wasm.DefaultLimits())
	if err != nil {
		return fmt.Errorf("no server will load it: %w", err)
	}
	_, err = fmt.Fprintf(w, "\nA server would load it. SHA-256 %s\n", a.Hash)
	return err
}

// inspectPackage tells of a package, and of its module.
func (p *extPlace) inspectPackage(ctx context.Context, name string, w io.Writer) error {
	b, err := readPackage(name)
	if err != nil {
		return err
	}
	p.allowUnsigned = true // looking is allowed
	return p.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		o, err := m.Inspect(ctx, p.tenant(), b)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		printOffer(w, o)
		if o.Reason != "" {
			fmt.Fprintf(w, "\nHere: %s.\n", o.Reason)
		}
		fmt.Fprintf(w, "\nA node of it may take up to %d MiB of memory, %s instructions and %v.\nIt has %d files; SHA-256 %s\n", o.Limits.MemoryMiB,
			grouped(int64(o.Limits.FuelPerExecute)), time.Duration(o.Limits.WallMS)*time.Millisecond, len(o.Files), o.Hash)
		for _, f := range o.Files {
			fmt.Fprintf(w, "  %s\n", f)
		}
		whole, err := pack.Parse(b)
		if err != nil {
			return err
		}
		printContents(w, whole)
		module, err := whole.Module()
		if err != nil {
			return err
		}
		fmt.Fprintln(w)
		return inspectModule(w, pack.ModuleFile, module)
	})
}

func readModule(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	most := int64(wasm.DefaultLimits().ModuleBytes)
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is over %s, more than servers load", name, sizeOf(int(most)))
	}
	return b, err
}

func inspect(w io.Writer, name string, module []byte, m *wasm.Module) {
	fmt.Fprintf(w, "%s: %s, of which code %s in %d functions, data %s\n", name, sizeOf(len(module)), sizeOf(m.Metrics.CodeBytes), len(m.Funcs), sizeOf(dataBytes(m)))
	fmt.Fprintf(w, "Memory: %s at first", sizeOf(int(m.Memory.Min)<<16))
	if m.Memory.HasMax {
		fmt.Fprintf(w, ", %s at most", sizeOf(int(m.Memory.Max)<<16))
	}
	fmt.Fprintf(w, ". Tables: %d. Globals: %d. Names for stack traces: %s.\n", len(m.Tables), len(m.Globals), yesNo(len(m.Names) > 0))
	byModule := map[string][]string{}
	for _, i := range m.Imports {
		byModule[i.Module] = append(byModule[i.Module], nameOf(i.Name))
	}
	caps := map[string]string{}
	for _, f := range abi.Functions() {
		caps[f.Module] = f.Capability
	}
	fmt.Fprintln(w, "\nWhat it can do, if it is granted:")
	modules := make([]string, 0, len(byModule))
	for name := range byModule {
		modules = append(modules, name)
	}
	slices.Sort(modules)
	for _, name := range modules {
		slices.Sort(byModule[name])
		fmt.Fprintf(w, "  %s\n    %s\n", about(name, caps), strings.Join(byModule[name], ", "))
	}
	if len(modules) == 0 {
		fmt.Fprintln(w, "  nothing: it calls no function of the host")
	}
	fmt.Fprintln(w, "\nWhat it exports:")
	for _, e := range m.Exports {
		kind := [...]string{"function", "table", "memory", "global"}[min(e.Kind, 3)]
		fmt.Fprintf(w, "  %s %s\n", kind, nameOf(e.Name))
	}
	if m.Start >= 0 {
		fmt.Fprintf(w, "  and function %d runs when it is set up\n", m.Start)
	}
}

// nameOf is a name of a module's as a terminal may show it: whoever looks at a module does not trust it yet.
func nameOf(name string) string {
	if len(name) > 200 || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return strconv.QuoteToGraphic(name[:min(len(name), 200)])
	}
	return name
}

func about(module string, caps map[string]string) string {
	capability, ours := caps[module]
	switch {
	case ours && capability == "":
		return module + ": what every extension may do: reply, log, progress, a clock, random numbers"
	case ours:
		return module + ": " + means(capability) + " (capability " + capability + ")"
	case module == "wasi_snapshot_preview1":
		return module + ": what language runtimes need; no files, no arguments, no network"
	}
	return nameOf(module) + ": unknown to this server"
}

func dataBytes(m *wasm.Module) int {
	n := 0
	for _, d := range m.Data {
		n += len(d.Bytes)
	}
	return n
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// orNothing joins names of capabilities.
func orNothing(names []string) string {
	if len(names) == 0 {
		return "no capability"
	}
	return strings.Join(names, ", ")
}

// sizeOf writes a number of bytes in plain words.
func sizeOf(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
