package sample

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
)

// cond is a condition made ready for a run: where and when it acts, and what the network takes from it.
type cond struct {
	src          value.Cond
	values       Values
	area         *area
	mask         *tensor.Tensor // F32 [batch, the latent's spatial shape]; nil for everywhere
	strength     float32
	maskStrength float32
	start, end   float32 // sigmas, descending; it acts between
	timed        bool
	fallback     bool // acts where no other does
	control      any
}

// list is the conditions of one name: "positive", "negative", …
type list struct {
	name  string
	conds []*cond
}

// prepare makes the conditions of all lists ready. The lists see each other: a condition in an area gets a partner of the
// same area in every other list.
func (s *session) prepare(ctx context.Context, named []namedConds) ([]list, error) {
	lists := make([]list, len(named))
	for i, n := range named {
		lists[i].name = n.name
		for _, c := range n.conds {
			p, err := s.resolve(c)
			if err != nil {
				return nil, err
			}
			lists[i].conds = append(lists[i].conds, p)
		}
	}
	for _, l := range lists {
		for _, c := range l.conds {
			if err := s.encode(ctx, l.name, c); err != nil {
				return nil, err
			}
		}
	}
	for i := range lists {
		for _, c := range lists[i].conds {
			for k := range lists {
				if k != i {
					lists[k].conds = withPartner(lists[k].conds, c)
				}
			}
		}
	}
	for k := range lists {
		if lists[0].name == "positive" && k > 0 {
			lists[k].conds = withControls(lists[k].conds, lists[0].conds)
		}
	}
	return lists, nil
}

// resolve finds out where and when a condition acts.
func (s *session) resolve(c value.Cond) (*cond, error) {
	dims := s.shape[2:]
	p := &cond{
		src: c, area: resolveArea(c, dims),
		strength:     float32(value.Or(c, value.KeyStrength, 1)),
		maskStrength: float32(value.Or(c, value.KeyMaskStrength, 1)),
		fallback:     value.Or(c, value.KeyDefault, false),
	}
	p.control, _ = value.Get(c, KeyControl)
	if mask, ok := value.Get(c, value.KeyMask); ok && mask != nil {
		m, err := condMask(mask, dims)
		if err != nil {
			return nil, err
		}
		p.mask = m
		if value.Or(c, value.KeySetAreaToBounds, false) {
			p.area = boundsArea(m)
		}
	}
	s.window(p, c)
	return p, nil
}

// condMask brings a condition's mask to a latent's spatial shape.
func condMask(mask *tensor.Tensor, dims []int) (*tensor.Tensor, error) {
	mask = mask.Dense()
	if len(mask.Shape()) == len(dims) {
		mask = mask.Reshape(append([]int{1}, mask.Shape()...)...)
	}
	n := len(mask.Shape())
	if n != len(dims)+1 || mask.Elems() == 0 || mask.DType() != tensor.F32 {
		return nil, misfit("a condition's mask", mask, dims)
	}
	for d := max(1, n-2); d < n; d++ {
		mask = resizeLinear(mask, d, dims[d-1])
	}
	if !mask.Shape()[1:].Equal(tensor.Shape(dims)) {
		return nil, misfit("a condition's mask", mask, dims)
	}
	return mask, nil
}

func misfit(what string, t *tensor.Tensor, dims []int) error {
	return fault.New(fault.BadTensor, "%s, %v, does not fit a latent of %v", what, t, tensor.Shape(dims))
}

// window sets when a condition acts. Compat: the ends are compared in float32.
func (s *session) window(p *cond, c value.Cond) {
	start, hasStart := value.Get(c, value.KeyStartPercent)
	end, hasEnd := value.Get(c, value.KeyEndPercent)
	if from, ok := value.Get(c, KeyClipStart); ok {
		start, hasStart = max(from, value.Or(c, value.KeyStartPercent, 0)), true
		end, hasEnd = min(value.Or(c, KeyClipEnd, 1), value.Or(c, value.KeyEndPercent, 1)), true
	}
	p.timed = hasStart || hasEnd
	p.start, p.end = maxFloat32, -maxFloat32
	if hasStart {
		p.start = float32(s.sampling.PercentToSigma(start))
	}
	if hasEnd {
		p.end = float32(s.sampling.PercentToSigma(end))
	}
}

const maxFloat32 = 3.4028234663852886e38

func (c *cond) acts(sigma float32) bool { return !c.timed || !(sigma > c.start) && !(sigma < c.end) }

// encode asks the model for what it takes from the condition.
func (s *session) encode(ctx context.Context, name string, c *cond) error {
	model, ok := s.source.Model.(Conditioner)
	if !ok {
		c.values = Values{}
		if c.src.Cross != nil {
			c.values["c_crossattn"] = Value{Kind: CrossAttn, Tensor: c.src.Cross}
		}
		return nil
	}
	in := CondInput{
		Shape: s.shape, Latent: s.latent, Mask: s.in.mask, Seed: s.in.seed,
		PromptType: value.Or(c.src, KeyPromptType, name),
		Height:     value.Or(c.src, KeyHeight, s.shape[2]*8),
	}
	if len(s.shape) > 3 {
		in.Width = value.Or(c.src, KeyWidth, s.shape[3]*8)
	}
	var err error
	c.values, err = model.Conditions(ctx, c.src, in)
	return err
}

// withPartner adds a condition with c's area to conds if there is none: what the smallest one around it says, there.
func withPartner(conds []*cond, c *cond) []*cond {
	if c.area == nil {
		return conds
	}
	var smallest *cond
	for _, x := range conds {
		switch {
		case x.area == nil:
			if smallest == nil {
				smallest = x
			}
		case c.area.inside(*x.area):
			if smallest == nil || smallest.area == nil || smallest.area.volume() > x.area.volume() {
				smallest = x
			}
		}
	}
	if smallest == nil || smallest.area.equal(c.area) {
		return conds
	}
	partner := *c
	partner.values = smallest.values
	return append(conds, &partner)
}

// withControls gives conditions the controls of positive ones that ask for it, unless they have their own.
func withControls(conds, positive []*cond) []*cond {
	var controls []any
	for _, p := range positive {
		if p.area == nil && p.control != nil && value.Or(p.src, KeyControlUncond, false) {
			controls = append(controls, p.control)
		}
	}
	var free []int
	for i, c := range conds {
		if c.area != nil {
			continue
		}
		if c.control != nil {
			return conds
		}
		free = append(free, i)
	}
	if len(free) == 0 {
		return conds
	}
	for i, control := range controls {
		at := free[i%len(free)]
		c := *conds[at]
		if c.control != nil {
			c.control = control
			conds = append(conds, &c)
			continue
		}
		c.control = control
		conds[at] = &c
	}
	return conds
}
