package abi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// recordedMinor is the minor version whose names and forms lie in testdata.
const recordedMinor = 0

type idlItem struct {
	Name, Sig  string
	Since      int
	Value      int64
	Size       int
	Capability string
	Fields     []struct {
		Name, Type string
		At, Count  int
	}
	Functions []struct {
		Name, Result string
		Since        int
		Params       [][2]string
	}
}

// idlLines are the contract's things as lines of a name and a form, with their since.
func idlLines(t *testing.T) map[string]int {
	t.Helper()
	b, err := os.ReadFile("cocoon1.json")
	if err != nil {
		t.Fatal(err)
	}
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(b, &lists); err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for key, kind := range map[string]string{"exports": "export", "errno": "errno", "ops": "op", "tags": "tag", "kinds": "kind", "dtypes": "dtype", "tensor_ops": "tensor_op",
		"limits": "limit", "features": "feature", "structs": "struct", "modules": "module"} {
		var items []idlItem
		if err := json.Unmarshal(lists[key], &items); err != nil || len(items) == 0 {
			t.Fatalf("%s: %v", key, err)
		}
		delete(lists, key)
		for _, x := range items {
			x.add(lines, kind)
		}
	}
	for _, key := range []string{"name", "major", "minor", "doc"} {
		delete(lists, key)
	}
	for key := range lists {
		t.Errorf("the contract has %q, which nothing records", key)
	}
	return lines
}

func (x *idlItem) add(lines map[string]int, kind string) {
	switch kind {
	case "export":
		lines["export "+x.Name+" "+x.Sig] = x.Since
	case "struct":
		lines[fmt.Sprintf("struct %s %d", x.Name, x.Size)] = x.Since
		for _, f := range x.Fields {
			if f.Count > 0 {
				f.Type += fmt.Sprintf("[%d]", f.Count)
			}
			lines[fmt.Sprintf("field %s.%s %s at %d", x.Name, f.Name, f.Type, f.At)] = x.Since
		}
	case "module":
		least := -1
		for _, f := range x.Functions {
			params := make([]string, len(f.Params))
			for i, p := range f.Params {
				params[i] = p[0] + " " + p[1]
			}
			if f.Result == "" {
				f.Result = "nothing"
			}
			lines[fmt.Sprintf("function %s.%s(%s) -> %s", x.Name, f.Name, strings.Join(params, ", "), f.Result)] = f.Since
			if least < 0 || f.Since < least {
				least = f.Since
			}
		}
		if x.Capability == "" {
			x.Capability = "-"
		}
		lines["module "+x.Name+" "+x.Capability] = least
	default:
		lines[fmt.Sprintf("%s %s %d", kind, x.Name, x.Value)] = x.Since
	}
}

// TestContractOnlyGrows: what was recorded of a version stays as it is, and everything else is from after it.
func TestContractOnlyGrows(t *testing.T) {
	b, err := os.ReadFile(fmt.Sprintf("testdata/%s-%d.%d.txt", abi.Name, abi.Major, recordedMinor))
	if err != nil {
		t.Fatal(err)
	}
	recorded := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	lines := idlLines(t)
	for _, line := range recorded {
		switch since, there := lines[line]; {
		case !there:
			t.Errorf("recorded, and gone or changed: %s", line)
		case since > recordedMinor:
			t.Errorf("recorded, and said to be since %d.%d: %s", abi.Major, since, line)
		}
	}
	for line, since := range lines {
		if slices.Contains(recorded, line) {
			continue
		}
		if since <= recordedMinor || since > abi.Minor {
			t.Errorf(`not recorded, so it needs a "since" of %d to %d: %s`, recordedMinor+1, max(abi.Minor, recordedMinor+1), line)
		}
	}
}
