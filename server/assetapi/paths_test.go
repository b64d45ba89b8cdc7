package assetapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMethods(t *testing.T) {
	const id = "0190a0b0-0000-7000-8000-00000000000A"
	for _, row := range []struct {
		rest string
		want []string // besides those of the client's files, which take any path
		read bool     // GET has a route
	}{
		{id, []string{"DELETE", "PUT"}, true}, {id + "/content", nil, true}, {id + "/tags", []string{"DELETE", "POST"}, false},
		{"tags/refine", nil, true}, {"seed/status", nil, true}, {"seed", []string{"POST"}, false}, {"seed/cancel", []string{"POST"}, false},
		{"from-hash", []string{"POST"}, false}, {"prune", []string{"POST"}, false}, {"hash/x", nil, false}, {"", nil, false}, {id + "/", nil, false},
	} {
		var got []string
		for _, m := range Methods(row.rest) {
			if m != "GET" && m != "HEAD" {
				got = append(got, m)
			}
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%q: %s", row.rest, d)
		}
		if Has("GET", row.rest) != row.read {
			t.Errorf("GET %q: %v, want %v", row.rest, !row.read, row.read)
		}
	}
	if !Has("HEAD", "hash/x") || Has("PATCH", id) {
		t.Error("HEAD asks for hashes, and nothing is patched")
	}
}
