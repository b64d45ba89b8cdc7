// Package compare measures Cocoon's sandbox beside Extism's Go host and plain wazero, in one run. It is a module of its own, so
// that Extism is no dependency of Cocoon. It needs clang and wasm-ld.
package compare

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// side is the side of the picture: 512² pixels of three channels are 3 MiB.
const side = 512

func build(b *testing.B, name string) []byte {
	b.Helper()
	if _, err := exec.LookPath("clang"); err != nil {
		b.Skip("clang is not installed")
	}
	out := filepath.Join(b.TempDir(), "module.wasm")
	args := []string{"--target=wasm32", "-O3", "-msimd128", "-mbulk-memory", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all",
		"-Wl,--initial-memory=1048576", "-Wl,--max-memory=268435456", "-I../../sdk-wasm/c", "-o", out, "guests/" + name + ".c"}
	if text, err := exec.Command("clang", args...).CombinedOutput(); err != nil {
		b.Fatalf("clang: %v\n%s", err, text)
	}
	m, err := os.ReadFile(out)
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func picture() value.Image {
	t, err := tensor.NewArena(0).NewShared(tensor.F32, 1, side, side, 3)
	if err != nil {
		panic(err)
	}
	for i := range t.F32() {
		t.F32()[i] = float32(i%256) / 255
	}
	return value.Image{Tensor: t}
}

// host is one of what is compared.
type host struct {
	// nothing calls a guest that does nothing; kept says that it is the instance of the call before, with what that left in it.
	nothing func() error
	kept    bool
	// fresh is nothing in an instance that is as after its start; nil where nothing is that already.
	fresh func() error
	// negative gives the guest a picture of 3 MiB, which it makes the negative of, and takes that.
	negative func() error
	// tree calls a guest that makes 2^28 calls of its own, which ctx ends.
	tree func(ctx context.Context) error
}

// measure runs the same rows for each host.
func measure(b *testing.B, h host) {
	if h.kept {
		b.Run("nothing, kept", func(b *testing.B) { perCall(b, h.nothing) })
		b.Run("nothing, fresh", func(b *testing.B) { perCall(b, h.fresh) })
	} else {
		b.Run("nothing, fresh", func(b *testing.B) { perCall(b, h.nothing) })
	}
	b.Run("negative", func(b *testing.B) { perCall(b, h.negative) })
	b.Run("stop", func(b *testing.B) {
		var late []time.Duration
		for b.Loop() {
			ctx, cancel := context.WithTimeout(b.Context(), 20*time.Millisecond)
			err := h.tree(ctx)
			end, _ := ctx.Deadline()
			late = append(late, time.Since(end))
			if cancel(); err == nil && late[len(late)-1] < 0 {
				b.Fatal("the guest ended by itself in time")
			}
		}
		slices.Sort(late)
		b.ReportMetric(float64(late[len(late)/2].Microseconds())/1000, "stop-ms")
		b.ReportMetric(0, "ns/op")
	})
}

// perCall measures f in batches of a few hundred microseconds and reports the middle one: other work of the machine is in most of
// the seconds of a benchmark, and in few of its batches.
func perCall(b *testing.B, f func() error) {
	b.Helper()
	batch := func(n int) time.Duration {
		from := time.Now()
		for range n {
			if err := f(); err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(from)
	}
	batch(3) // what the first calls make
	n := 1
	for n < 1<<14 && batch(n) < 200*time.Microsecond {
		n *= 2
	}
	var all []float64
	for b.Loop() {
		all = append(all, float64(batch(n).Nanoseconds())/float64(n)/1000)
	}
	slices.Sort(all)
	b.ReportMetric(all[len(all)/2], "µs/call")
	b.ReportMetric(0, "ns/op")
}
