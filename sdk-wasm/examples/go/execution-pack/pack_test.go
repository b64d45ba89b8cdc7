package main

import (
	"reflect"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

func TestCalculate(t *testing.T) {
	for _, row := range []struct {
		op         string
		x, y, want int64
		fails      bool
	}{
		{"add", 1, 2, 3, false}, {"subtract", 1, 2, -1, false}, {"multiply", -3, 4, -12, false}, {"divide", 7, 2, 3, false}, {"divide", -7, 2, -4, false},
		{"divide", 7, -2, -4, false}, {"modulo", 7, 3, 1, false}, {"modulo", -7, 3, 2, false}, {"modulo", 7, -3, -2, false}, {"power", 2, 10, 1024, false},
		{"power", 2, -1, 1, false}, {"divide", 1, 0, 0, true}, {"modulo", 1, 0, 0, true}, {"power", 1, 5000, 0, true},
	} {
		if got, err := calculate(row.op, row.x, row.y); got != row.want || (err != nil) != row.fails {
			t.Errorf("%d %s %d: %d, %v, want %d", row.x, row.op, row.y, got, err, row.want)
		}
	}
}

func TestAmong(t *testing.T) {
	for _, row := range []struct {
		got, want string
		ok        bool
	}{{"INT", "INT,FLOAT", true}, {"INT,FLOAT", "INT", false}, {"*", "INT", true}, {"MASK", "*", true}, {"MASK", "IMAGE", false}} {
		if among(row.got, row.want) != row.ok {
			t.Errorf("%s among %s: want %v", row.got, row.want, row.ok)
		}
	}
}

// TestIterate copies a loop's body: the links inside it lead to the copies, those that come in from outside stay.
func TestIterate(t *testing.T) {
	link := func(id string, n int) guest.Link { return guest.Link{Node: id, Output: n} }
	g := &guest.Graph{}
	g.Add("1", "Picture")
	g.Add("2", "Open", guest.Input{Name: "condition", Value: true})
	g.Add("3", "Body", guest.Input{Name: "a", Value: link("2", 1)}, guest.Input{Name: "b", Value: link("1", 0)}, guest.Input{Name: "c", Value: 1.5})
	g.Add("4", "Close", guest.Input{Name: "flow_control", Value: link("2", 0)}, guest.Input{Name: "initial_value0", Value: link("3", 0)})
	r, err := iterate(newIndex(g), "2", "4", guest.Args{"initial_value0": int64(7)})
	if err != nil {
		t.Fatal(err)
	}
	want := []guest.GraphNode{
		{ID: "Recurse", Class: "Close", Display: "4", Inputs: []guest.Input{{Name: "flow_control", Value: link("2", 0)}, {Name: "initial_value0", Value: link("3", 0)}}},
		{ID: "3", Class: "Body", Display: "3", Inputs: []guest.Input{{Name: "a", Value: link("2", 1)}, {Name: "b", Value: guest.Outer{Node: "1", Output: 0}}, {Name: "c", Value: 1.5}}},
		{ID: "2", Class: "Open", Display: "2", Inputs: []guest.Input{{Name: "condition", Value: true}, {Name: "initial_value0", Value: int64(7)}}},
	}
	if len(r.Expand.Nodes) != len(want) {
		t.Fatalf("%d nodes: %+v", len(r.Expand.Nodes), r.Expand.Nodes)
	}
	for _, n := range want {
		if got := r.Expand.Find(n.ID); got == nil || !reflect.DeepEqual(*got, n) {
			t.Errorf("node %s: %+v, want %+v", n.ID, got, n)
		}
	}
	if r.Outputs[1] != any(link("Recurse", 1)) || len(r.Outputs) != sockets {
		t.Errorf("outputs %v", r.Outputs)
	}
}
