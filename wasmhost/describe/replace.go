package describe

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// replacementFile is one entry of node_replacements.json.
//
// Compat: the form of GET /node_replacements.
type replacementFile struct {
	New    string `json:"new_node_id"`
	Old    string `json:"old_node_id"`
	Inputs []struct {
		New string  `json:"new_id"`
		Old *string `json:"old_id"`
		Set any     `json:"set_value"`
	} `json:"input_mapping"`
	Outputs []struct {
		New int `json:"new_idx"`
		Old int `json:"old_idx"`
	} `json:"output_mapping"`
}

// ParseReplacements reads a package's node_replacements.json: old class → ways to replace it, of which the first counts.
func ParseReplacements(b []byte) ([]node.Replacement, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var file map[string][]replacementFile
	if err := d.Decode(&file); err != nil {
		return nil, fault.Wrap(err, fault.BadFile, "node_replacements.json is not as it should be")
	}
	if len(file) > maxReplacements {
		return nil, fault.New(fault.TooLarge, "node_replacements.json has %d classes, more than %d", len(file), maxReplacements)
	}
	var out []node.Replacement
	for _, old := range slices.Sorted(maps.Keys(file)) {
		if len(file[old]) == 0 {
			continue
		}
		r, err := file[old][0].read(old)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (f *replacementFile) read(old string) (node.Replacement, error) {
	r := node.Replacement{Old: old, New: f.New}
	bad := fault.New(fault.BadFile, "node_replacements.json does not say well by what %.100q is replaced", old)
	if !classForm.MatchString(r.Old) || !classForm.MatchString(r.New) || f.Old != "" && f.Old != old || len(f.Inputs) > maxPorts || len(f.Outputs) > maxPorts {
		return r, bad
	}
	for _, i := range f.Inputs {
		move := node.InputMove{New: i.New}
		if i.Old != nil {
			move.Old = *i.Old
		} else if move.Value = exactNumbers(i.Set); Plain(move.Value, 6) != nil {
			return r, bad
		}
		if move.New == "" || i.Old != nil && move.Old == "" {
			return r, bad
		}
		r.Inputs = append(r.Inputs, move)
	}
	for _, o := range f.Outputs {
		if o.Old < 0 || o.Old >= maxPorts || o.New < 0 || o.New >= maxPorts {
			return r, bad
		}
		if r.Outputs == nil {
			r.Outputs = map[int]int{}
		}
		r.Outputs[o.Old] = o.New
	}
	return r, nil
}

// exactNumbers turns the numbers of decoded JSON into int64 where they are whole, else into float64.
func exactNumbers(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		f, err := x.Float64()
		if err != nil {
			return nil
		}
		return f
	case []any:
		for i := range x {
			x[i] = exactNumbers(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = exactNumbers(x[k])
		}
	}
	return v
}
