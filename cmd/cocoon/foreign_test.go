package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWithoutForeign(t *testing.T) {
	for _, row := range []struct{ args, rest, names string }{
		{"--listen --port 1", "--listen --port 1", ""},
		{"--lowvram --port 1 --cuda-device 0", "--port 1", "lowvram cuda-device"},
		{"--fast fp16 cublas --port 1", "--port 1", "fast"},
		{"--fast --port 1", "--port 1", "fast"},
		{"--async-offload 2 --reserve-vram=1.5 --port 1", "--port 1", "async-offload reserve-vram"},
		{"--extra-model-paths-config a.yaml b.yaml --port 1", "--extra-model-paths-config=a.yaml --extra-model-paths-config=b.yaml --port 1", ""},
		{"--extra-model-paths-config=a.yaml", "--extra-model-paths-config=a.yaml", ""},
		{"workflow.json --unknown", "workflow.json --unknown", ""},
		{"--whitelist-custom-nodes a b", "", "whitelist-custom-nodes"},
		{"--cuda-device", "", "cuda-device"},
		{"--verbose --port 1", "--verbose=DEBUG --port 1", ""},
		{"--verbose DETAIL --verbose DEBUG a.log", "--verbose=DETAIL --log-file=DEBUG:a.log", ""},
		{"--cache-ram --cpu", "--cache-ram=0 --cpu", ""},
		{"--cache-ram 4 16", "--cache-ram=4,16", ""},
	} {
		rest, names := withoutForeign(strings.Fields(row.args))
		if got := strings.Join(rest, " "); got != row.rest {
			t.Errorf("%s: left %q, want %q", row.args, got, row.rest)
		}
		if got := strings.Join(names, " "); got != row.names {
			t.Errorf("%s: taken %q, want %q", row.args, got, row.names)
		}
	}
}

func TestListFeatures(t *testing.T) {
	var out strings.Builder
	if err := serve(t.Context(), []string{"--list-feature-flags"}, streams{&out, io.Discard}); err != nil {
		t.Fatal(err)
	}
	var got map[string]struct {
		Type, Description string
		Default           *bool
	}
	if err := json.Unmarshal([]byte(out.String()), &got); err != nil {
		t.Fatal(err)
	}
	if f := got["show_signin_button"]; f.Type != "bool" || f.Default == nil || f.Description == "" {
		t.Errorf("%+v", f)
	}
}

func TestQuickTestForCI(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "debug.log")
	args := strings.Fields("--quick-test-for-ci --port 0 --base-directory " + dir + " --log-stdout --verbose ERROR --verbose DEBUG " + log)
	var out strings.Builder
	if err := serve(t.Context(), args, streams{&out, io.Discard}); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(log); err != nil || !strings.Contains(string(b), "stopping") || strings.Contains(out.String(), "stopping") {
		t.Errorf("the file has %q, %v; the output %q", b, err, out.String())
	}
}
