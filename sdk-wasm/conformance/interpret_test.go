package conformance

import (
	"bytes"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// TestInterpreter runs the kit in wazero's interpreter beside its compiler: replies and fuel are equal, so neither has
// translated a guest wrongly. Cases that end by a budget or by a pace, or ask the real clock, take another course each time.
func TestInterpreter(t *testing.T) {
	if testing.Short() {
		t.Skip("the interpreter is slow, and slower where races are looked for")
	}
	c := readContract(t)
	cases := readSteps(t)
	each(t, func(t *testing.T, g *guest) {
		compiled, interpreted := newBench(t, c, g.module(t), false), newBench(t, c, g.module(t), true)
		for i := range cases {
			x := &cases[i]
			if x.Trap != "" || x.Setup == "real" || strings.HasSuffix(x.Name, "/EAGAIN") {
				continue
			}
			a, b := compiled.run(t, x), interpreted.run(t, x)
			interpreted.judge(t, x, b)
			if !bytes.Equal(a.reply, b.reply) || a.fuel != b.fuel {
				t.Errorf("%s: compiled %s with fuel %d, interpreted %s with fuel %d", x.Name, show(a.reply), a.fuel, show(b.reply), b.fuel)
			}
		}
		for _, x := range readOps(t, newNotation(t, c, "")) {
			request, args := x.request()
			var replies [2][]byte
			for i, e := range []*wasmhost.Extension{compiled.loaded[""], interpreted.loaded[""]} {
				var err error
				if replies[i], err = e.Selftest(tenant.With(t.Context(), "ops"), wasmhost.ExecuteLimits(), request, args); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(replies[0], replies[1]) {
				t.Errorf("%s: compiled %s, interpreted %s", x.name(), show(replies[0]), show(replies[1]))
			}
		}
	})
}
