package engine

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/rs/zerolog"
)

func newSigner(r *run) *signer {
	return &signer{ctx: r.ctx, tenant: r.job.Tenant, change: r.change, keys: map[*vertex]key{}, open: map[*vertex]bool{},
		off: r.e.c.Cache.Kind == CacheNone, serial: &r.e.serial, salt: strconv.FormatInt(time.Now().UnixNano(), 36)}
}

// change asks a node whether anything that it reads besides its inputs has changed. The answer is kept in the prompt, where
// saved files show it.
func (r *run) change(ctx context.Context, v *vertex) (any, bool) {
	fp, ok := v.node.(node.Fingerprinter)
	if !ok {
		return nil, false
	}
	if v.body != nil {
		if given, ok := v.body.Get("is_changed"); ok {
			return given, true
		}
	}
	var value any
	ctx = node.WithRun(ctx, node.Run{Wrote: v.wrote})
	err := guard(func() error {
		f, err := r.g.forms.of(v)
		if err != nil {
			return err
		}
		value, err = fp.Fingerprint(ctx, f.nest(r.constants(v, f)))
		return err
	})
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("node_id", v.id).Str("class_type", v.class).Msg("no fingerprint; the node runs anew")
		value = math.NaN()
	}
	value = kept(value) // a picture's prompt may come back
	shown := any([]any{value})
	if err != nil {
		shown = value
	}
	if v.body != nil {
		v.body.Set("is_changed", shown)
	}
	return shown, true
}

// constants are the inputs that are known before a run.
func (r *run) constants(v *vertex, f *form) node.Args {
	args := node.Args{}
	for _, p := range v.ports(f) {
		if !p.isIn && (p.decl != nil || v.schema.AcceptAllInputs || v.hides(p.name)) {
			args[p.name] = plainConst(p.value)
		}
	}
	for _, h := range v.schema.Hidden {
		if value, known := earlyHidden(h.Kind, v.id); known {
			args[h.Name] = value
		}
	}
	if v.schema.InputIsList {
		for k, value := range args {
			args[k] = node.List{value}
		}
	}
	return args
}
