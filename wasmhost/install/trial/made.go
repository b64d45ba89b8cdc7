package trial

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
)

// Made makes a vector for a node out of its schema: the widgets' defaults, and a picture, mask or latent of a size in pixels
// where one is linked. Errors: fault.Unsupported for a node that needs something else.
func Made(ctx context.Context, s *node.Schema, width, height int) (Vector, error) {
	v := Vector{Name: s.ID + " with inputs made up", Node: s.ID, Inputs: map[string]json.RawMessage{}}
	for _, in := range s.Inputs {
		if in.Group != node.Required {
			continue
		}
		if _, ok := defaultOf(ctx, &in); ok {
			continue
		}
		text, ok := map[node.Type]string{
			"IMAGE":  fmt.Sprintf(`{"$image":{"shape":[1,%d,%d,3]}}`, height, width),
			"MASK":   fmt.Sprintf(`{"$mask":{"shape":[1,%d,%d]}}`, height, width),
			"LATENT": fmt.Sprintf(`{"$latent":{"shape":[1,4,%d,%d],"fill":"noise"}}`, max(height/8, 1), max(width/8, 1)),
			node.Any: `1`,
		}[in.Type]
		if !ok {
			return v, fault.New(fault.Unsupported, "the node %s needs %s of type %s, which cannot be made up: write a vector", s.ID, in.Name, in.Type)
		}
		v.Inputs[in.Name] = json.RawMessage(text)
	}
	return v, nil
}

// defaultOf is what a widget has before anybody touches it.
func defaultOf(ctx context.Context, in *node.Input) (any, bool) {
	if in.Forms != nil || in.Options["forceInput"] == true || in.Lazy() {
		return nil, false
	}
	d, given := in.Options["default"]
	if in.Choices != nil {
		list := in.Choices(ctx)
		if given && slices.Contains(list, d) || len(list) == 0 {
			return d, given
		}
		return list[0], true
	}
	low := in.Options["min"]
	switch in.Type {
	case node.Int:
		return asInt(d, low), true
	case node.Float:
		return asFloat(d, low), true
	case node.String:
		text, _ := d.(string)
		return text, true
	case node.Boolean:
		on, _ := d.(bool)
		return on, true
	}
	return nil, false
}

func asInt(values ...any) int64 {
	for _, v := range values {
		switch x := v.(type) {
		case int64:
			return x
		case int:
			return int64(x)
		case float64:
			return int64(x)
		}
	}
	return 0
}

func asFloat(values ...any) float64 {
	for _, v := range values {
		switch x := v.(type) {
		case float64:
			return x
		case int64:
			return float64(x)
		case int:
			return float64(x)
		}
	}
	return 0
}
