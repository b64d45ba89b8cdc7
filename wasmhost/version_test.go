package wasmhost

import (
	"errors"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// TestSinceWhen: a module that imports what came later than its manifest says is told the function and its version.
func TestSinceWhen(t *testing.T) {
	functions := []abi.Function{{Module: "cocoon1", Name: "old"}, {Module: "cocoon1", Name: "new", Since: abi.Minor}, {Module: "cocoon1_x", Name: "newer", Since: abi.Minor + 1}}
	for _, x := range []struct {
		abi     string
		imports []string
		want    string // in the error; "" for none
	}{
		{"cocoon1", []string{"cocoon1.old"}, ""},
		{"cocoon1>=1.0", []string{"cocoon1.old"}, ""},
		{"cocoon1", []string{"cocoon1.old", "cocoon1_x.newer"}, "cocoon1_x.newer, which the contract cocoon1 has since 1." + string('1'+rune(abi.Minor))},
		{"cocoon1>=1.0", []string{"cocoon1_x.newer"}, "asks for 1.0"},
		{"cocoon1>=1.9", nil, "the package needs version 1.9 of the contract cocoon1; this server has"},
		{"cocoon2", nil, "the contract \"cocoon2\""},
	} {
		err := sinceWhen(&Manifest{ABI: x.abi}, x.imports, functions)
		if (err != nil) != (x.want != "") || err != nil && (!errors.Is(err, fault.Unsupported) || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s %v: %v, want %q", x.abi, x.imports, err, x.want)
		}
	}
}
