package wasmhost

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
	"github.com/cocoonhq/cocoon/wasmhost/wasm"
	"github.com/cocoonhq/cocoon/wasmhost/wasmtest"
)

// guestOf is an extension with all that its module asks for.
func guestOf(b *testing.B, id string, module []byte) Source {
	b.Helper()
	m := &Manifest{ABI: "cocoon1", ID: id, Version: "1.0.0"}
	a, err := Admit(module, wasm.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	if slices.Contains(a.Capabilities, "tensor") {
		m.Capabilities.Tensor = &struct{}{}
	}
	return Source{Manifest: m, Grant: m.Capabilities.All(), Module: module}
}

func command(b *testing.B, dir, name string, args ...string) {
	b.Helper()
	if _, err := exec.LookPath(name); err != nil {
		b.Skipf("%s is not installed", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Skipf("%s: %v\n%s", name, err, text)
	}
}

// cGuest builds a guest in C as cocoon ext build does.
func cGuest(b *testing.B, id, file string) Source {
	b.Helper()
	out := filepath.Join(b.TempDir(), "module.wasm")
	command(b, ".", "clang", "--target=wasm32", "-O3", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-debug", "-I../sdk-wasm/c", "-o", out, file)
	return guestOf(b, id, read(b, out))
}

// rustGuest builds a guest in Rust.
func rustGuest(b *testing.B, id, dir string) Source {
	b.Helper()
	target := filepath.Join(b.TempDir(), "target")
	command(b, dir, "cargo", "build", "--quiet", "--release", "--offline", "--target", "wasm32-unknown-unknown", "--target-dir", target)
	built, err := filepath.Glob(filepath.Join(target, "wasm32-unknown-unknown/release/*.wasm"))
	if err != nil || len(built) != 1 {
		b.Fatal(built, err)
	}
	return guestOf(b, id, read(b, built[0]))
}

func read(b *testing.B, path string) []byte {
	b.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// language is the same small node, one of the examples, in one of them.
type language struct {
	name, class string
	source      func(b *testing.B) Source
}

func languages() []language {
	return []language{
		{"c", "ExampleEitherC", func(b *testing.B) Source {
			return cGuest(b, "example.either-c", "../sdk-wasm/examples/c/either/module.c")
		}},
		{"rust", "ExampleEitherRust", func(b *testing.B) Source {
			return rustGuest(b, "example.either-rust", "../sdk-wasm/examples/rust/either")
		}},
		{"go", "ExampleEitherGo", func(b *testing.B) Source {
			return guestOf(b, "example.either-go", wasmtest.Go(b, "github.com/cocoonhq/cocoon/sdk-wasm/examples/go/either"))
		}},
	}
}

// eitherArgs are its inputs.
var eitherArgs = node.Args{"first": true, "a": "x", "b": "y"}

// BenchmarkPristineCall is a call of a node's guest: the slot is made as the image, the request written, the node run, its reply
// read.
func BenchmarkPristineCall(b *testing.B) {
	for _, row := range languages() {
		b.Run(row.name, func(b *testing.B) {
			h := newHost(b, Config{})
			e := load(b, h, row.source(b))
			request, err := abi.Append(nil, map[string]any{"class": row.class, "inputs": map[string]any(eitherArgs), "node": "1", "prompt": "p1", "index": int64(0)})
			if err != nil {
				b.Fatal(err)
			}
			ctx := runCtx(b, "a", "1")
			perCall(b, func() error { return e.bare(e.newCall(ctx, e.limits.Execute), request) })
		})
	}
}

// bare is a call without what the host does around it for a node.
func (e *Extension) bare(c *call, request []byte) error {
	s, err := e.program.Get(c, c.limits.MemoryPages)
	if err != nil {
		return err
	}
	err = e.ask(c, s, request)
	e.program.Put(c, s, false)
	return err
}

// ask is the part of it between the slot's reset and its end.
func (e *Extension) ask(c *call, s slot.Slot, request []byte) error {
	c.slot, c.given = s, slice
	s.SetFuel(c.given)
	code, err := s.Call(c, abi.OpExecute, request)
	return c.outcome(code, err)
}

// BenchmarkRun is a whole run of the same node, from its arguments to its outputs, with places, budgets, messages and checks.
func BenchmarkRun(b *testing.B) {
	for _, row := range languages() {
		b.Run(row.name, func(b *testing.B) {
			h := newHost(b, Config{})
			load(b, h, row.source(b))
			n, ctx := find(b, h, row.class), runCtx(b, "a", "1")
			perCall(b, func() error {
				_, err := n.Run(ctx, eitherArgs)
				return err
			})
		})
	}
}

// BenchmarkFirstRun is from the bytes of a module in Go to its first result: with an empty cache, compiled here and in the jail;
// with a cache on disk, as after a restart; and from a slot that is warm. Each is the middle of all; cpu-ms is the processor time of
// one, the collector's and the jail's too, and what starting and closing the host takes.
func BenchmarkFirstRun(b *testing.B) {
	s := basic(b)
	run := func(b *testing.B, h *Host) {
		if _, err := find(b, h, "BasicPick").Run(runCtx(b, "a", "1"), node.Args{"second": true, "b": "x"}); err != nil {
			b.Fatal(err)
		}
	}
	once := func(b *testing.B, c Config) time.Duration {
		h := newHost(b, c)
		from := time.Now()
		load(b, h, s)
		run(b, h)
		return time.Since(from)
	}
	middle := func(b *testing.B, f func() time.Duration) {
		var all []time.Duration
		cpu := processorTime()
		for b.Loop() {
			all = append(all, f())
		}
		cpu = processorTime() - cpu
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms")
		b.ReportMetric(float64(cpu.Microseconds())/1000/float64(len(all)), "cpu-ms")
		b.ReportMetric(float64(len(s.Module))/(1<<20), "MiB")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("cold", func(b *testing.B) {
		middle(b, func() time.Duration { return once(b, Config{Dir: b.TempDir()}) })
	})
	b.Run("cold, jailed", func(b *testing.B) {
		middle(b, func() time.Duration { return once(b, Config{Dir: b.TempDir(), Jail: self(b)}) })
	})
	b.Run("disk", func(b *testing.B) {
		dir := b.TempDir()
		once(b, Config{Dir: dir})
		middle(b, func() time.Duration { return once(b, Config{Dir: dir}) })
	})
	b.Run("warm", func(b *testing.B) {
		h := newHost(b, Config{})
		load(b, h, s)
		run(b, h)
		middle(b, func() time.Duration {
			from := time.Now()
			run(b, h)
			return time.Since(from)
		})
	})
}
