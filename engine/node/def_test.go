package node

import (
	"context"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type scaleIn struct {
	By    float64
	Seed  uint64
	Mode  string
	Label string
}
type scaleOut struct {
	Value float64
	UI    UI
}

func scaleDef() Def[scaleIn, scaleOut] {
	return Def[scaleIn, scaleOut]{
		ID: "Scale", Category: "test", OutputNode: true,
		Ports: func(p *Ports, in *scaleIn, out *scaleOut) {
			Number(p, "by", &in.By, 1.5).Range(0.0, 8.0).Step(0.5)
			Number(p, "seed", &in.Seed, 0).Range(0, uint64(math.MaxUint64))
			Choice(p, "mode", &in.Mode, "a", "b")
			Text(p, "label", &in.Label, "x").Optional()
			Result(p, "FLOAT", &out.Value).Named("scaled")
			Show(p, &out.UI)
		},
		Do: func(_ context.Context, in scaleIn) (scaleOut, error) {
			return scaleOut{in.By * 2, UI{"text": {in.Label + in.Mode}}}, nil
		},
	}
}

func TestDefRun(t *testing.T) {
	for _, row := range []struct {
		name string
		args Args
		want Reply
		fail bool
	}{
		{"all given", Args{"by": 2.0, "seed": uint64(math.MaxUint64), "mode": "b", "label": "l"},
			Reply{Outputs: []any{4.0}, UI: UI{"text": {"lb"}}}, false},
		{"integer for a float", Args{"by": int64(3), "mode": "a"}, Reply{Outputs: []any{6.0}, UI: UI{"text": {"xa"}}}, false},
		{"default stands in", Args{"mode": "a"}, Reply{Outputs: []any{3.0}, UI: UI{"text": {"xa"}}}, false},
		{"wrong type", Args{"by": "two"}, Reply{}, true},
	} {
		got, err := scaleDef().Node().Run(t.Context(), row.args)
		if (err != nil) != row.fail {
			t.Errorf("%s: error %v, want one: %v", row.name, err, row.fail)
		}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s: -want +got\n%s", row.name, d)
		}
	}
}

func TestDefSchema(t *testing.T) {
	s := scaleDef().Node().Schema()
	var names []string
	for _, in := range s.Inputs {
		names = append(names, in.Name)
	}
	if d := cmp.Diff([]string{"by", "seed", "mode", "label"}, names); d != "" {
		t.Errorf("inputs: -want +got\n%s", d)
	}
	by, _ := s.Input("by")
	if d := cmp.Diff(map[string]any{"default": 1.5, "min": 0.0, "max": 8.0, "step": 0.5}, by.Options); d != "" {
		t.Errorf("options: -want +got\n%s", d)
	}
	if label, _ := s.Input("label"); label.Group != Optional {
		t.Error("label is required, want optional")
	}
}

func BenchmarkDefRun(b *testing.B) {
	n := scaleDef().Node()
	args := Args{"by": 2.0, "seed": int64(3), "mode": "b", "label": "l"}
	for b.Loop() {
		if _, err := n.Run(b.Context(), args); err != nil {
			b.Fatal(err)
		}
	}
}

func TestDefHasWhatItWasGiven(t *testing.T) {
	for i := range 8 {
		d := scaleDef()
		check, change, need := i&1 != 0, i&2 != 0, i&4 != 0
		if check {
			d.Check = func(context.Context, scaleIn) error { return nil }
		}
		if change {
			d.Changed = func(context.Context, scaleIn) (any, error) { return 1, nil }
		}
		if need {
			d.Need = func(context.Context, scaleIn, Args) ([]string, error) { return nil, nil }
		}
		n := d.Node()
		_, checks := n.(Checker)
		_, changes := n.(Fingerprinter)
		_, needs := n.(Needer)
		if checks != check || changes != change || needs != need {
			t.Errorf("given %v %v %v, has %v %v %v", check, change, need, checks, changes, needs)
		}
		if n.Schema().ID != "Scale" {
			t.Error("no schema")
		}
	}
}
