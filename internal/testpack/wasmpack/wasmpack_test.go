package wasmpack

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// host is a host with both packs.
func host(t *testing.T) *wasmhost.Host {
	t.Helper()
	backend := cpu.New(cpu.Options{})
	h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: backend})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		backend.Close()
	})
	if err := Load(t.Context(), h, ""); err != nil {
		t.Fatal(err)
	}
	return h
}

// TestSameNodes holds the guests' descriptions to those of the built-in test nodes.
func TestSameNodes(t *testing.T) {
	h := host(t)
	reg, err := node.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	reg.Extend(h)
	own := append(append(testpack.Golden(), testpack.Upstream()...), testpack.Loops()...)
	core, err := node.NewRegistry(own...)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range own {
		class := n.Schema().ID
		t.Run(class, func(t *testing.T) {
			guest, ok := reg.Lookup(t.Context(), class)
			if !ok {
				t.Fatal("no such node")
			}
			want, got := string(node.ObjectInfoOf(t.Context(), core, class)), string(node.ObjectInfoOf(t.Context(), reg, class))
			if n.Schema().Loop != "" { // its module is the pack's
				want = strings.ReplaceAll(want, n.Schema().Module, "custom_nodes.golden-pack")
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
			if d := cmp.Diff(abilities(n), abilities(guest)); d != "" {
				t.Errorf("abilities: -want +got\n%s", d)
			}
			if d := cmp.Diff(flags(n.Schema()), flags(guest.Schema())); d != "" {
				t.Errorf("flags: -want +got\n%s", d)
			}
		})
	}
	if got, want := len(h.All(t.Context())), len(own); got != want {
		t.Errorf("%d nodes, want %d", got, want)
	}
	if d := cmp.Diff(testpack.GoldenReplacements(), h.Replacements(t.Context())); d != "" {
		t.Errorf("replacements: -want +got\n%s", d)
	}
}

// abilities are the optional things that a node can do.
func abilities(n node.Node) map[string]any {
	_, links := n.(node.LinkChecker)
	_, fingerprints := n.(node.Fingerprinter)
	_, needs := n.(node.Needer)
	_, loops := n.(node.Looper)
	m := map[string]any{"links": links, "fingerprints": fingerprints, "needs": needs, "loops": loops}
	if c, ok := n.(node.Checker); ok {
		if names, all := c.Checks(); len(names) > 0 || all || links {
			m["checks"], m["all"] = append([]string{}, names...), all
		}
	}
	return m
}

// flags are what object_info does not tell.
func flags(s *node.Schema) []any {
	return []any{s.Async, s.NotIdempotent, s.AcceptAllInputs, s.Expands, s.Loop}
}

// TestSameFiles holds the files that the packs bring for clients together.
func TestSameFiles(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "sdk-wasm", "examples", "go", "golden-pack")
	for _, folder := range []string{"web", "locales", "example_workflows", "subgraphs"} {
		a, b := files(t, os.DirFS(dir), folder), files(t, testpack.GoldenFiles(), folder)
		if d := cmp.Diff(a, b); d != "" || len(a) == 0 {
			t.Errorf("%s: -example +built-in\n%s", folder, d)
		}
	}
}

func files(t *testing.T, f fs.FS, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(f, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(f, name)
		all[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
