package weights_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/weights"
)

func TestReadMetadata(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		data []byte
		want map[string]string
		code fault.Code
	}{
		{"some", file(`{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), map[string]string{"k": "v"}, ""},
		{"none", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`), nil, ""},
		{"empty", file(`{"__metadata__":{}}`), map[string]string{}, ""},
		{"short", []byte("abc"), nil, fault.BadFile},
		{"cut", file(`{"__metadata__":{"k":"v"}}`)[:20], nil, fault.BadFile},
		{"large", file(`{"__metadata__":{"k":"` + string(make([]byte, 2000)) + `"}}`), nil, fault.TooLarge},
		{"other", file(`[]`), nil, fault.BadFile},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := weights.ReadMetadata(path, 1000)
		if c.code == "" && err != nil || c.code != "" && !errors.Is(err, c.code) {
			t.Errorf("%s: error %v, want %s", c.name, err, c.code)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if _, err := weights.ReadMetadata(filepath.Join(dir, "missing"), 1000); !errors.Is(err, fault.NotFound) {
		t.Errorf("missing file: %v", err)
	}
}
