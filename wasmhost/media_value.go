package wasmhost

import (
	"reflect"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	maxBatchIndex = 1 << 16
	maxRate       = 1 << 20 // samples a second
)

// typeOf is the type of the links that a value comes by: it names its own, or the node's input has that type.
func (c *call) typeOf(v any) (string, bool) {
	if t, ok := v.(node.Typed); ok {
		return string(t.LinkType()), true
	}
	if !isReference(v) {
		return "", false
	}
	if t, ok := c.types[v]; ok {
		return t, true
	}
	if c.schema == nil {
		return "", false
	}
	for i := range c.schema.Inputs {
		in := &c.schema.Inputs[i]
		if in.Type != node.Any && isOf(c.args[in.Name], v) {
			return string(in.Type), true
		}
	}
	return "", false
}

// isOf reports whether an argument is a value, or a list that has it.
func isOf(arg, v any) bool {
	if l, ok := arg.(node.List); ok {
		return slices.ContainsFunc(l, func(e any) bool { return isReference(e) && e == v })
	}
	return isReference(arg) && arg == v
}

// isReference reports whether a value is one thing, which can be known again.
func isReference(v any) bool { return v != nil && reflect.TypeOf(v).Kind() == reflect.Pointer }

// learn remembers what type of link a value came by.
func (c *call) learn(v any, t node.Type) {
	if t == node.Any || !isReference(v) {
		return
	}
	if c.types == nil {
		c.types = map[any]string{}
	}
	c.types[v] = string(t)
}

func (c *call) hType(h int64, out, limit uint32) int64 {
	t, ok := c.typeOf(c.handle(h).val)
	c.bytes(out, limit)
	if !ok {
		return int64(abi.ENOENT)
	}
	return c.out([]byte(t), out, limit)
}

func (c *call) hParts(h int64, out, limit uint32) int64 {
	e := c.handle(h)
	c.bytes(out, limit)
	var m map[string]any
	var err error
	switch v := e.val.(type) {
	case value.Latent:
		m, err = c.latentParts(v)
	case value.Audio:
		m = map[string]any{"sample_rate": int64(v.Rate)}
		m["waveform"], err = c.part(v.Waveform)
	case value.Image:
		s := v.Shape()
		m = map[string]any{"batch": int64(s[0]), "height": int64(s[1]), "width": int64(s[2]), "channels": int64(s[3])}
		m["image"], err = c.part(v.Tensor)
	default:
		return int64(abi.EUNSUP)
	}
	if err != nil {
		return int64(abi.ELIMIT)
	}
	return c.outValue(m, out, limit)
}

func (c *call) latentParts(l value.Latent) (map[string]any, error) {
	m := map[string]any{"batch_index": any(nil)}
	if l.BatchIndex != nil {
		list := make([]any, len(l.BatchIndex))
		for i, n := range l.BatchIndex {
			list[i] = int64(n)
		}
		m["batch_index"] = list
	}
	var err error
	if m["samples"], err = c.part(l.Samples); err != nil {
		return nil, err
	}
	m["noise_mask"], err = c.part(l.NoiseMask)
	return m, err
}

// part is a handle to a tensor; nil for none.
func (c *call) part(t *tensor.Tensor) (any, error) {
	if t == nil {
		return nil, nil
	}
	return c.toWire(t)
}

func (c *call) hBuild(kind, ptr, n uint32) int64 {
	m := c.message(ptr, n)
	var v any
	var err error
	switch kind {
	case abi.KindLatent:
		v, err = c.buildLatent(m)
	case abi.KindAudio:
		v, err = c.buildAudio(m)
	default:
		return int64(abi.EUNSUP)
	}
	if err != nil {
		c.note(err)
		return int64(abi.EUNSUP)
	}
	return c.put(kind, v)
}

// tensorPart is the tensor of a message's handle, dense and not to be written any more; nil for null.
func (c *call) tensorPart(m abi.Map, key string, low, high int) (*tensor.Tensor, error) {
	if m[key] == nil {
		return nil, nil
	}
	x, _ := m[key].(abi.Handle)
	e, ok := c.entry(x)
	t, isTensor := e.tensor()
	if !ok || !isTensor || t.DType() != tensor.F32 || len(t.Shape()) < low || len(t.Shape()) > high || t.Elems() == 0 {
		return nil, fault.New(fault.BadTensor, "%q is no F32 tensor of %d to %d dimensions", key, low, high)
	}
	e.own = false
	if !t.Contiguous() && !c.charge(t) {
		return nil, fault.New(fault.LimitExceeded, "%q has no room as a copy", key)
	}
	return t.Dense(), nil
}

func (c *call) buildLatent(m abi.Map) (l value.Latent, err error) {
	if x, ok := m["base"].(abi.Handle); ok {
		e, alive := c.entry(x)
		base, isLatent := e.val.(value.Latent)
		if !alive || !isLatent {
			return l, fault.New(fault.BadTensor, "base is no latent")
		}
		l = base
	}
	for key, to := range map[string]struct {
		t    **tensor.Tensor
		low  int
		high int
	}{"samples": {&l.Samples, 3, 5}, "noise_mask": {&l.NoiseMask, 3, 5}} {
		if _, named := m[key]; !named {
			continue
		}
		if *to.t, err = c.tensorPart(m, key, to.low, to.high); err != nil {
			return l, err
		}
	}
	if l.Samples == nil {
		return l, fault.New(fault.BadTensor, "a latent has samples")
	}
	if _, named := m["batch_index"]; named {
		l.BatchIndex, err = batchIndex(m["batch_index"])
	}
	return l, err
}

func batchIndex(v any) ([]int, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxBatchIndex {
		return nil, fault.New(fault.BadTensor, "batch_index is no array of up to %d numbers", maxBatchIndex)
	}
	out := make([]int, len(list))
	for i, e := range list {
		n, ok := e.(int64)
		if !ok || n < 0 || n > maxElems {
			return nil, fault.New(fault.BadTensor, "batch_index %d is no number", i)
		}
		out[i] = int(n)
	}
	return out, nil
}

func (c *call) buildAudio(m abi.Map) (value.Audio, error) {
	t, err := c.tensorPart(m, "waveform", 3, 3)
	rate := m.Int("sample_rate")
	if err == nil && (t == nil || rate < 1 || rate > maxRate) {
		err = fault.New(fault.BadTensor, "audio has a waveform and a rate of 1 to %d", maxRate)
	}
	return value.Audio{Waveform: t, Rate: int(rate)}, err
}
