package wasmhost

import (
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// handle is one entry of a call's table. A handle that guests see is the entry's place and its generation, so that one that
// was given back is never valid again; it means nothing outside of its call.
type handle struct {
	gen  uint32
	kind uint32 // 0: free
	val  any
	own  bool // a tensor that this call made and nothing else has seen: it may be written
}

type handleTable struct {
	all  []handle
	free []uint32
	live int
}

// put gives a value a handle. Over the call's limit it is ELIMIT.
func (c *call) put(kind uint32, v any) int64 {
	t := &c.handles
	if t.live >= c.limits.Handles {
		return int64(abi.ELIMIT)
	}
	t.live++
	c.hold(v)
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		t.all[i] = handle{gen: t.all[i].gen, kind: kind, val: v}
		return int64(i) | int64(t.all[i].gen)<<32
	}
	t.all = append(t.all, handle{gen: 1, kind: kind, val: v})
	return int64(len(t.all)-1) | 1<<32
}

// handle finds a live handle; any other number traps.
func (c *call) handle(h int64) *handle {
	i, gen := uint32(h), uint32(h>>32)
	if h < 0 || int64(i) >= int64(len(c.handles.all)) || c.handles.all[i].kind == 0 || c.handles.all[i].gen != gen {
		c.trap("handle %#x is not alive", h)
	}
	return &c.handles.all[i]
}

func (c *call) hDrop(h int64) {
	e := c.handle(h)
	c.letGo(e.val)
	if f, ok := e.val.(File); ok {
		_ = f.Close()
	}
	*e = handle{gen: (e.gen + 1) & 0x7fffffff}
	c.handles.live--
	if e.gen != 0 { // a place whose generations are used up stays empty
		c.handles.free = append(c.handles.free, uint32(h))
	}
}

// tensor is the tensor behind a handle, if it is one.
func (h *handle) tensor() (*tensor.Tensor, bool) {
	switch v := h.val.(type) {
	case *tensor.Tensor:
		return v, v != nil
	case value.Image:
		return v.Tensor, v.Tensor != nil
	case value.Mask:
		return v.Tensor, v.Tensor != nil
	}
	return nil, false
}

// tensorOf is the tensor behind a handle; a handle of another kind traps. Whoever gets a tensor to share must use shared.
func (c *call) tensorOf(h int64) *tensor.Tensor {
	t, ok := c.handle(h).tensor()
	if !ok {
		c.trap("handle %#x is no tensor", h)
	}
	return t
}

// shared is tensorOf for a use that outlives the host function: the guest may not write the tensor any more.
func (c *call) shared(h int64) *tensor.Tensor {
	t := c.tensorOf(h)
	c.handle(h).own = false
	return t
}

func (c *call) hGet(h int64, keyPtr, keyLen uint32) int64 {
	key := c.text(keyPtr, keyLen)
	l, ok := c.handle(h).val.(value.Latent)
	if !ok {
		return int64(abi.EUNSUP)
	}
	part := map[string]*tensor.Tensor{"samples": l.Samples, "noise_mask": l.NoiseMask}[key]
	if part == nil {
		return int64(abi.ENOENT)
	}
	return c.put(abi.KindTensor, part)
}

func (c *call) hMake(kind uint32, h int64) int64 {
	t := c.shared(h)
	if kind != abi.KindTensor && !t.Contiguous() {
		if !c.charge(t) {
			return int64(abi.ELIMIT)
		}
		t = c.clone(t)
	}
	v, err := asKind(kind, t)
	if err != nil {
		return int64(abi.EUNSUP)
	}
	return c.put(kind, v)
}

// asKind gives a tensor a role, if its dtype and shape are those of the role.
func asKind(kind uint32, t *tensor.Tensor) (any, error) {
	s := t.Shape()
	fits := t.DType() == tensor.F32 && s.Elems() > 0
	switch kind {
	case abi.KindTensor:
		return t, nil
	case abi.KindImage:
		if fits && len(s) == 4 && s[3] >= 1 && s[3] <= 4 {
			return value.Image{Tensor: t.Dense()}, nil
		}
	case abi.KindMask:
		if fits && len(s) == 3 {
			return value.Mask{Tensor: t.Dense()}, nil
		}
	case abi.KindLatent:
		if fits && len(s) >= 4 && len(s) <= 5 {
			return value.Latent{Samples: t.Dense()}, nil
		}
	}
	return nil, fault.New(fault.BadTensor, "%v is nothing of kind %d", t, kind)
}

// kindOf is the kind of handle that a value gets.
func kindOf(v any) uint32 {
	switch v.(type) {
	case value.Image:
		return abi.KindImage
	case value.Mask:
		return abi.KindMask
	case value.Latent:
		return abi.KindLatent
	case value.Audio:
		return abi.KindAudio
	case *tensor.Tensor:
		return abi.KindTensor
	}
	return abi.KindOpaque
}
