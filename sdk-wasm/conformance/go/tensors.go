package main

import (
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// tensorOps are the functions of the module cocoon1_tensor.
func tensorOps() map[string]op {
	return map[string]op{
		"t_new": func(a args) (any, error) {
			t, err := guest.New(uint32(a.int(0)), a.float(2), a.ints(1)...)
			return of(abi.KindTensor, t, err)
		},
		"t_info": func(a args) (any, error) {
			i := a.tensor(0).Info()
			shape := make([]any, len(i.Shape))
			for k, d := range i.Shape {
				shape[k] = int64(d)
			}
			return map[string]any{"dtype": int64(i.DType), "shape": shape, "bytes": i.Bytes, "kind": int64(i.Kind), "contiguous": i.Contiguous}, nil
		},
		"t_cast": func(a args) (any, error) {
			t, err := a.tensor(0).Cast(uint32(a.int(1)))
			return of(abi.KindTensor, t, err)
		},
		"t_slice": func(a args) (any, error) {
			t, err := a.tensor(0).Slice(int(a.int(1)), int(a.int(2)), int(a.int(3)))
			return of(abi.KindTensor, t, err)
		},
		"t_permute": func(a args) (any, error) {
			t, err := a.tensor(0).Permute(a.ints(1)...)
			return of(abi.KindTensor, t, err)
		},
		"t_reshape": func(a args) (any, error) {
			t, err := a.tensor(0).Reshape(a.ints(1)...)
			return of(abi.KindTensor, t, err)
		},
		"t_graph": graph,
		"t_read": func(a args) (any, error) {
			b := make([]byte, a.int(2))
			n, err := a.tensor(0).Read(b, a.int(1))
			return b[:max(n, 0)], err
		},
		"t_write": func(a args) (any, error) { return done(a.tensor(0).Write(a.bytes(2), a.int(1))) },
		"t_read_rect": func(a args) (any, error) {
			b := make([]byte, a.int(2))
			n, err := a.tensor(0).ReadRect(b, rect(a.ints(1)))
			return b[:max(n, 0)], err
		},
		"t_write_rect": func(a args) (any, error) { return done(a.tensor(0).WriteRect(a.bytes(2), rect(a.ints(1)))) },
		"t_map": func(a args) (any, error) {
			w, err := a.tensor(0).Map()
			return w, err
		},
		"t_map_out": func(a args) (any, error) {
			w, err := guest.NewWindow(a.ints(0)...)
			return w, err
		},
		"t_commit": func(a args) (any, error) {
			t, err := a[0].(*guest.Window).Commit()
			return of(abi.KindTensor, t, err)
		},
		"t_unmap": func(a args) (any, error) { return done(a[0].(*guest.Window).Close()) },
	}
}

func rect(n []int) guest.Rect {
	return guest.Rect{Item: n[0], Y: n[1], X: n[2], Height: n[3], Width: n[4]}
}

// graph takes inputs, instructions [kind, arguments, integers, floats, shape or null] and outputs. Arguments and outputs
// count the inputs first and then the results.
func graph(a args) (any, error) {
	var r guest.Recorder
	var refs []guest.Ref
	for i := range a.list(0) {
		refs = append(refs, r.Input(args(a.list(0)).tensor(i)))
	}
	pick := func(l []any) []guest.Ref {
		var out []guest.Ref
		for _, n := range ints(l) {
			out = append(out, refs[n])
		}
		return out
	}
	for _, v := range a.list(1) {
		in := args(v.([]any))
		attr := guest.Attr{I: in.ints(2), F: floats(in.list(3))}
		if in[4] != nil {
			attr.Shape = in.ints(4)
		}
		refs = append(refs, r.Op(uint16(in.int(0)), attr, pick(in.list(1))...))
	}
	ts, err := r.Run(pick(a.list(2))...)
	out := []any{}
	for _, t := range ts {
		out = append(out, abi.Handle{Kind: abi.KindTensor, ID: t.ID})
	}
	return out, err
}
