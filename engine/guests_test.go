package engine_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/internal/testpack/wasmpack"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// asGuests makes the suite run the test nodes in the sandbox when its value is wasm.
const asGuests = "COCOON_TEST_NODES"

func sandboxed() bool { return os.Getenv(asGuests) == "wasm" }

// packNodes are the built-in test nodes; none where guests stand for them.
func packNodes() []node.Node {
	if sandboxed() {
		return nil
	}
	return append(append(testpack.Golden(), testpack.Upstream()...), testpack.Loops()...)
}

// shared is the host of the process's guests.
var shared struct {
	once    sync.Once
	host    *wasmhost.Host
	backend *cpu.Backend
	err     error
}

// guests is the host of the test nodes; nil where they are built in.
func guests(t testing.TB) *wasmhost.Host {
	t.Helper()
	if !sandboxed() {
		return nil
	}
	shared.once.Do(func() {
		ctx := context.Background()
		shared.backend = cpu.New(cpu.Options{})
		if shared.host, shared.err = wasmhost.New(ctx, wasmhost.Config{Backend: shared.backend}); shared.err == nil {
			shared.err = wasmpack.Load(ctx, shared.host, "")
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.host
}

func closeGuests() {
	if shared.host != nil {
		_ = shared.host.Close(context.Background())
	}
	if shared.backend != nil {
		shared.backend.Close()
	}
}

// TestWithGuests runs the tests of this package again, in a process whose test nodes are extensions in the sandbox.
func TestWithGuests(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the suite a second time")
	}
	if sandboxed() {
		t.Skip("is that process")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^Test", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), asGuests+"=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
