package guest

import (
	"slices"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// replyRoom is where replies are written that fit.
var replyRoom [1 << 10]byte

// What a message still has room for inside of a reply, by the lists and maps around it.
const (
	inReply = abi.MaxCborDepth - 1 // a value of the reply's map
	inList  = inReply - 1          // one of its outputs
	inKind  = inList - 1           // one of the items of a kind that it shows
)

// appendReply appends what a node replies; outputs appends the list of its outputs. Keys go in the order of messages.
func appendReply(b []byte, r *Reply, outputs func([]byte) ([]byte, error)) (_ []byte, err error) {
	if r.Later != nil {
		return abi.Append(b, r.Later.wire())
	}
	if r.Loop != nil {
		return abi.Append(b, r.Loop.wire())
	}
	n := 1
	for _, there := range [...]bool{r.UI != nil, r.Block != nil, r.Expand != nil} {
		if there {
			n++
		}
	}
	b = abi.AppendMap(b, n)
	if r.UI != nil {
		if b, err = r.UI.append(abi.AppendText(b, "ui")); err != nil {
			return b, err
		}
	}
	if r.Block != nil {
		text := r.Block.Message
		if r.Block.Silent {
			text = ""
		}
		b = abi.AppendText(abi.AppendText(b, "block"), text)
	}
	if r.Expand != nil {
		if b, err = abi.AppendWithin(abi.AppendText(b, "expand"), r.Expand.wire(), inReply); err != nil {
			return b, err
		}
	}
	return outputs(abi.AppendText(b, "outputs"))
}

func (u UI) append(b []byte) (_ []byte, err error) {
	b = abi.AppendMap(b, len(u))
	if len(u) <= 1 {
		for kind, items := range u {
			return appendItems(b, kind, items)
		}
		return b, nil
	}
	kinds := make([]string, 0, len(u))
	for kind := range u {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, abi.CompareKeys)
	for _, kind := range kinds {
		if b, err = appendItems(b, kind, u[kind]); err != nil {
			return b, err
		}
	}
	return b, nil
}

func appendItems(b []byte, kind string, items []any) ([]byte, error) {
	b, err := abi.AppendKey(b, kind)
	if err != nil {
		return b, err
	}
	return appendList(b, items, inKind)
}

// appendList appends a list of values, each of which may have a depth.
func appendList(b []byte, l []any, depth int) (_ []byte, err error) {
	b = abi.AppendArray(b, len(l))
	for _, v := range l {
		if b, err = appendWire(b, v, depth); err != nil {
			return b, err
		}
	}
	return b, nil
}

// appendWire appends toWire of a value, which may have a depth.
func appendWire(b []byte, v any, depth int) ([]byte, error) {
	switch x := v.(type) {
	case string:
		return abi.AppendText(b, x), nil
	case Image:
		return abi.AppendHandle(b, x.Tensor.handle(abi.KindImage)), nil
	}
	return abi.AppendWithin(b, toWire(v), depth)
}

// appendField is appendWire of an output's field, which is not boxed if it is of a usual type.
func appendField[T any](b []byte, from *T) ([]byte, error) {
	switch x := any(from).(type) {
	case *string:
		return abi.AppendText(b, *x), nil
	case *bool:
		return abi.AppendBool(b, *x), nil
	case *int64:
		return abi.AppendInt(b, *x), nil
	case *float64:
		return abi.AppendFloat(b, *x), nil
	case *Image:
		return abi.AppendHandle(b, x.Tensor.handle(abi.KindImage)), nil
	case *Mask:
		return abi.AppendHandle(b, x.Tensor.handle(abi.KindMask)), nil
	}
	return appendWire(b, *from, inList)
}
