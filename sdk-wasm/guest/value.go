package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Image is a batch of pictures that stays with the host: F32 [batch, height, width, channels], 0 to 1.
type Image struct{ Tensor }

// LinkType names the type.
func (Image) LinkType() string { return "IMAGE" }

// Mask is a batch of masks that stays with the host: F32 [batch, height, width], 0 to 1.
type Mask struct{ Tensor }

// LinkType names the type.
func (Mask) LinkType() string { return "MASK" }

// Latent is a latent that stays with the host.
type Latent struct{ Handle abi.Handle }

// LinkType names the type.
func (Latent) LinkType() string { return "LATENT" }

// Value is any other value that stays with the host: a model, a conditioning, …
type Value struct{ Handle abi.Handle }

// Block stands for an output whose consumers must not run. Silent blocks say nothing to the user.
type Block struct {
	Message string
	Silent  bool
}

// Link is an output of a node of the same expansion.
type Link struct {
	Node   string
	Output int
}

// typed is what Ports can bind to a link.
type typed interface{ LinkType() string }

// toWire gives a value the form that messages have.
func toWire(v any) any {
	switch x := v.(type) {
	case Image:
		return x.Tensor.handle(abi.KindImage)
	case Mask:
		return x.Tensor.handle(abi.KindMask)
	case Tensor:
		return x.handle(abi.KindTensor)
	case Latent:
		return x.Handle
	case Value:
		return x.Handle
	case Block:
		if x.Silent {
			return abi.Tag{Number: abi.TagBlocker}
		}
		return abi.Tag{Number: abi.TagBlocker, Value: x.Message}
	case Link:
		return abi.Tag{Number: abi.TagLink, Value: []any{x.Node, int64(x.Output)}}
	case Outer:
		return []any{x.Node, int64(x.Output)}
	case Number:
		return abi.Tag{Number: abi.TagNumber, Value: string(x)}
	case int:
		return int64(x)
	case List:
		return abi.Tag{Number: abi.TagList, Value: wireList(x)}
	}
	return nestedToWire(v)
}

func nestedToWire(v any) any {
	switch x := v.(type) {
	case []any:
		return wireList(x)
	case map[string]any:
		return wireMap(x)
	case Args:
		return wireMap(x)
	}
	return v
}

func wireList(l []any) []any {
	out := make([]any, len(l))
	for i, e := range l {
		out[i] = toWire(e)
	}
	return out
}

func wireMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, e := range m {
		out[k] = toWire(e)
	}
	return out
}

// List is several values for one port.
type List []any

// fromWire is the reverse, for values of unknown types.
func fromWire(v any) any {
	switch x := v.(type) {
	case abi.Handle:
		switch x.Kind {
		case abi.KindImage:
			return Image{Tensor{x.ID}}
		case abi.KindMask:
			return Mask{Tensor{x.ID}}
		case abi.KindLatent:
			return Latent{x}
		case abi.KindTensor:
			return Tensor{x.ID}
		}
		return Value{x}
	case abi.Tag:
		return fromTag(x)
	case []any:
		for i, e := range x {
			x[i] = fromWire(e)
		}
	case map[string]any:
		for k, e := range x {
			x[k] = fromWire(e)
		}
	}
	return v
}

func fromTag(t abi.Tag) any {
	l, _ := t.Value.([]any)
	switch t.Number {
	case abi.TagList:
		out := make(List, len(l))
		for i, e := range l {
			out[i] = fromWire(e)
		}
		return out
	case abi.TagLink:
		if len(l) == 2 {
			id, _ := l[0].(string)
			n, _ := l[1].(int64)
			return Link{id, int(n)}
		}
	case abi.TagBlocker:
		s, say := t.Value.(string)
		return Block{Message: s, Silent: !say}
	}
	return nil
}
