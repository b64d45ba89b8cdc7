package comfytest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/golden"
	"github.com/cocoonhq/cocoon/internal/testpack/wasmpack"
)

// TestGoldenScenarios replays every recorded scenario against a fresh server of ours. $COCOON_URL names a server to use
// instead, which must have been started afresh with the scenario's flags; then -run picks one scenario.
func TestGoldenScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server for each scenario")
	}
	binary := ""
	if os.Getenv("COCOON_URL") == "" {
		binary = build(t)
	}
	replayAll(t, server{binary, "--test-nodes=go"}, readDeviations(t, "testdata/deviations.txt"))
}

// TestGoldenScenariosWasm replays them against servers whose test nodes are extensions in the sandbox. What goes otherwise
// there alone stands in a file of its own.
func TestGoldenScenariosWasm(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server for each scenario")
	}
	if os.Getenv("COCOON_URL") != "" {
		t.Skip("that server has what nodes it has")
	}
	modules := t.TempDir()
	if err := wasmpack.Build(t.Context(), modules); err != nil {
		t.Fatal(err)
	}
	s := server{build(t), "--test-nodes=wasm:" + modules}
	t.Run("first", func(t *testing.T) { // compiles the modules once for all
		if _, err := start(t, s, t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
	})
	replayAll(t, s, readDeviations(t, "testdata/deviations.txt", "testdata/deviations_wasm.txt"))
}

// server is what to start for a scenario; the binary is "" for one that runs already.
type server struct{ binary, nodes string }

func replayAll(t *testing.T, on server, deviations map[string]deviationList) {
	dir := golden.Dir(t, "http")
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scenarios in %s: %v", dir, err)
	}
	for _, path := range paths {
		s, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		if s.Name == "" {
			continue // files.json tells what save nodes write, and is no scenario
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			play(t, s, on, deviations[s.Name])
		})
	}
}

// attempts is how often a scenario is tried: some were recorded where one thing happened to be faster than another, and a
// busy machine turns that round.
const attempts = 3

// play replays a scenario and reports the steps that went otherwise, unless that is known.
func play(t *testing.T, s *Scenario, on server, known deviationList) {
	var bad []*Mismatch
	for range attempts {
		target := Target{URL: os.Getenv("COCOON_URL")}
		if target.URL == "" {
			base := t.TempDir()
			if err := Prepare(s, base); err != nil {
				t.Fatal(err)
			}
			var err error
			if target, err = start(t, on, base, s.Flags); err != nil {
				if reason, ok := known.reason(-1); ok {
					t.Skipf("known deviation (%s): %v", reason, err)
				}
				t.Fatal(err)
			}
		}
		bad = bad[:0]
		for _, m := range Replay(t.Context(), s, target) {
			if reason, ok := known.reason(m.Step); ok {
				t.Logf("known deviation (%s): %v", reason, m)
				continue
			}
			bad = append(bad, m)
		}
		if len(bad) == 0 {
			return
		}
	}
	for _, m := range bad {
		t.Error(m)
	}
}

// build makes the server.
func build(t *testing.T) string {
	t.Helper()
	if b := os.Getenv("COCOON_BINARY"); b != "" {
		return b
	}
	binary := filepath.Join(t.TempDir(), "cocoon")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/cocoonhq/cocoon/cmd/cocoon")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// start starts a server with the scenario's flags.
func start(t *testing.T, on server, base string, flags []string) (Target, error) {
	t.Helper()
	args := append([]string{"serve", on.nodes, "--listen", "127.0.0.1", "--port", "0", "--base-directory", base}, flags...)
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, on.binary, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	log := &strings.Builder{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", tail(log.String()))
		}
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, url, ok := strings.Cut(lines.Text(), "go to: "); ok {
			go io.Copy(io.Discard, out)
			return Target{url, base}, nil
		}
	}
	return Target{}, fmt.Errorf("the server did not start:\n%s", tail(log.String()))
}

func tail(s string) string {
	const most = 4000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// deviation is one step, or a whole scenario, that goes otherwise on purpose or not yet.
type deviation struct {
	step   string // number, or "*"
	reason string
}

type deviationList []deviation

func (l deviationList) reason(step int) (string, bool) {
	for _, d := range l {
		if d.step == "*" || d.step == numeral(step) {
			return d.reason, true
		}
	}
	return "", false
}

func numeral(n int) string {
	b := make([]byte, 0, 4)
	for ; n > 0 || len(b) == 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}

// readDeviations reads files of known deviations: scenario, step, reason.
func readDeviations(t *testing.T, files ...string) map[string]deviationList {
	t.Helper()
	all := map[string]deviationList{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 3 || strings.HasPrefix(line, "#") {
				continue
			}
			all[f[0]] = append(all[f[0]], deviation{f[1], strings.Join(f[2:], " ")})
		}
	}
	return all
}
