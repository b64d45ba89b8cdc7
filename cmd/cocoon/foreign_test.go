package main

import (
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
