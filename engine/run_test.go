package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRunOnce(t *testing.T) {
	b := start(t)
	p := `{"1":{"class_type":"GoldenConst","inputs":{"value":"5"}},"2":{"class_type":"GoldenEcho","inputs":{"value":["1",0]}}}`
	r := b.run(p)
	if d := cmp.Diff([]string{"1", "2"}, r.ran()); d != "" {
		t.Errorf("ran: -want +got\n%s", d)
	}
	if d := cmp.Diff([]string{`{"value": 5}`}, r.text("2")); d != "" {
		t.Errorf("text: -want +got\n%s", d)
	}
	if r := b.run(p); len(r.ran()) != 0 || r.status() != "success" {
		t.Errorf("again: ran %v, status %s", r.ran(), r.status())
	}
}
