package workflow

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/golden"
)

// clientFaults are the cases the golden README tells to skip (trap 5): the client loses a link into an input of a dynamic
// combo's option, we keep it. TestKeptLinks holds what we do instead.
var clientFaults = []string{
	"cases/dyncombo_linked_sub", "cases/dyncombo_linked_last_slot", "cases/dyncombo_match",
	"made/dyncombo_link", "made/dyncombo_match",
}

// goldenFiles are the files of the server that recorded a1111, by folder; the other kinds were recorded without models.
var goldenFiles = map[string][]any{
	"checkpoints":    {"alpha_v1.safetensors", "beta.ckpt"},
	"loras":          {"detail_tweak.safetensors"},
	"upscale_models": {"4x_sharp.pth"},
}

// goldenTypes reads the recorded object_info, with file lists filled from files.
func goldenTypes(t testing.TB, files map[string][]any) *Types {
	t.Helper()
	v, err := parseJSON(string(unzip(t, filepath.Join(golden.Dir(t, "nodes"), "object_info.json.gz"))), false)
	if err != nil {
		t.Fatal(err)
	}
	types, err := ParseObjectInfo(appendJSON(nil, fillFiles(v, files)))
	if err != nil {
		t.Fatal(err)
	}
	return types
}

// fillFiles replaces the placeholders of lists with file names.
func fillFiles(v any, files map[string][]any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = fillFiles(v[i], files)
		}
	case *object:
		if folders := v.object("$files"); folders != nil {
			list := slices.Clone(v.array("before"))
			for _, folder := range folders.keys {
				list = append(list, files[folder]...)
			}
			return append(append([]any{}, list...), v.array("after")...)
		}
		for _, k := range v.keys {
			v.vals[k] = fillFiles(v.vals[k], files)
		}
	}
	return v
}

func unzip(t testing.TB, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fixedOptions make a conversion repeatable.
func fixedOptions() Options {
	return Options{
		Rand:       func() float64 { return 0.5 },
		Now:        func() time.Time { return time.Date(2024, 3, 7, 9, 5, 1, 0, time.UTC) },
		Embeddings: []string{"badhands", "easyneg"},
	}
}

// forCases runs f for each file of a kind, unless the README says to skip it.
func forCases(t *testing.T, kind string, f func(t *testing.T, c *object)) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(golden.Dir(t, "workflows"), kind, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no goldens of kind %q: %v", kind, err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if slices.Contains(clientFaults, kind+"/"+name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			v, err := parseJSON(string(data), true)
			if err != nil {
				t.Fatal(err)
			}
			f(t, v.(*object))
		})
	}
}

func TestGoldenCases(t *testing.T) {
	types := goldenTypes(t, nil)
	forCases(t, "cases", func(t *testing.T, c *object) { checkConversion(t, c, types) })
}

func TestGoldenMade(t *testing.T) {
	types := goldenTypes(t, nil)
	forCases(t, "made", func(t *testing.T, c *object) { checkConversion(t, c, types) })
}

func checkConversion(t *testing.T, c *object, types *Types) {
	canvas, err := LoadWorkflow(t.Context(), appendJSON(nil, c.get("workflow")), types, fixedOptions())
	failed := c.has("load_failed") || c.has("load_error")
	switch {
	case err != nil && failed:
		return
	case err != nil:
		t.Fatal(err)
	case c.has("prompt"):
		got, err := canvas.Prompt(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		checkPrompt(t, got, appendJSON(nil, c.get("prompt")))
	case c.has("prompt_error"):
		if _, err := canvas.Prompt(t.Context()); err == nil && !blocked(canvas) && !strings.Contains(c.text("prompt_error"), "No output node") {
			t.Errorf("the client fails with %q; got neither an error nor a problem that blocks", c.text("prompt_error"))
		}
	case failed && !strings.Contains(c.text("load_error"), "structuredClone"): // a slip of the browser, not of the file
		t.Errorf("the client cannot load this (%v); got no error", c.get("load_error"))
	}
}

func blocked(c *Canvas) bool {
	return slices.ContainsFunc(c.Problems(), func(p Problem) bool { return p.Blocks })
}

// checkPrompt compares two prompts as JSON values, numbers by value, and the order of their keys.
func checkPrompt(t *testing.T, got, want []byte) {
	t.Helper()
	if d := cmp.Diff(decode(t, want), decode(t, got)); d != "" {
		t.Fatalf("prompt (-want +got):\n%s", d)
	}
	if d := cmp.Diff(keyOrder(t, want), keyOrder(t, got)); d != "" {
		t.Errorf("order of keys (-want +got):\n%s", d)
	}
}

func decode(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// keyOrder lists the keys of a prompt as they are written.
func keyOrder(t *testing.T, data []byte) []string {
	t.Helper()
	var keys []string
	d := json.NewDecoder(bytes.NewReader(data))
	var stack []bool // whether the open value is an object
	key := false
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return keys
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case json.Delim:
			if tok == '{' || tok == '[' {
				stack = append(stack, tok == '{')
			} else {
				stack = stack[:len(stack)-1]
			}
			key = len(stack) > 0 && stack[len(stack)-1]
			continue
		case string:
			if key {
				keys = append(keys, strings.Repeat(" ", len(stack))+tok)
				key = false
				continue
			}
		}
		key = len(stack) > 0 && stack[len(stack)-1]
	}
}
