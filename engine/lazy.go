package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cocoonhq/cocoon/engine/node"
)

// ask asks a node which of its lazy inputs it needs, and schedules those; waits tells that there are some to wait for.
func (r *run) ask(p *pending, n node.Needer, f *form, inputs []bound) (waits bool, err error) {
	calls, err := split(p.v.schema, inputs)
	if err != nil {
		return false, err
	}
	var wanted []string
	for i, args := range calls {
		if err := r.stopped(); err != nil {
			return false, err
		}
		names, err := r.needs(p.v, n, f, args, i)
		if err != nil {
			return false, err
		}
		for _, name := range names {
			if !slices.Contains(wanted, name) && !known(inputs, name) {
				wanted = append(wanted, name)
			}
		}
	}
	if len(wanted) == 0 {
		return false, nil
	}
	if r.turns[p.v]++; r.turns[p.v] > r.e.c.MaxLazyTurns {
		return false, fmt.Errorf("node %s asked %d times for more inputs", p.v.id, r.turns[p.v]-1)
	}
	for _, name := range wanted {
		if err := r.request(p, name); err != nil {
			return false, err
		}
	}
	return true, nil
}

// needs calls Need. A blocker among the arguments means that nothing more is needed.
func (r *run) needs(v *vertex, n node.Needer, f *form, args call, index int) ([]string, error) {
	for _, in := range args.values {
		if _, ok := blockerIn(in.value, v.schema.InputIsList); ok {
			return nil, nil
		}
	}
	ctx := r.nodeContext(v, index)
	var names []string // as err, the call's own when it is left alone
	var err error
	if stray := r.caller.do(r.ctx, r.e.c.Grace, func() {
		err = guard(func() error { names, err = n.Need(ctx, args.nested(f)); return err })
	}); stray != nil {
		return nil, stray
	}
	return names, err
}

func known(inputs []bound, name string) bool {
	for _, in := range inputs {
		if in.name == name {
			return !in.missing
		}
	}
	return false
}

// request makes a node wait for one more of its inputs.
func (r *run) request(p *pending, name string) error {
	value, ok := p.v.inputs.Get(name)
	if !ok {
		return &badInput{fmt.Sprintf("Node %s says it needs input %s, but there is no input to that node at all", p.v.id, name)}
	}
	l, ok := linkOf(value)
	if !ok {
		return &badInput{fmt.Sprintf("Node %s says it needs input %s, but that value is a constant", p.v.id, name)}
	}
	if e := p.have[l.from]; e != nil && l.at(len(e.outputs)) < 0 {
		return errors.New("the input is linked to an output that is not there")
	}
	return r.sched.link(l, p)
}
