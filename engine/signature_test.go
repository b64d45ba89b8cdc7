package engine

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

type bare struct{ s *node.Schema }

func (b bare) Schema() *node.Schema                               { return b.s }
func (b bare) Run(context.Context, node.Args) (node.Reply, error) { return node.Reply{}, nil }

func signatureGraph(t testing.TB, prompt string) *graph {
	t.Helper()
	id := []node.Hidden{{Name: "id", Kind: node.UniqueID}}
	out := []node.Output{{Type: "*"}}
	reg, err := node.NewRegistry(bare{&node.Schema{ID: "A", Outputs: out}}, bare{&node.Schema{ID: "B", Outputs: out}},
		bare{&node.Schema{ID: "Random", NotIdempotent: true, Outputs: out}}, bare{&node.Schema{ID: "Own", Hidden: id, Outputs: out}},
		bare{&node.Schema{ID: "OwnV3", V3: true, Hidden: id, Outputs: out}})
	if err != nil {
		t.Fatal(err)
	}
	o, err := doc.ParseObject([]byte(prompt), doc.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	g, missing := newGraph(t.Context(), reg, o)
	if missing != nil {
		t.Fatal(missing)
	}
	return g
}

func keyIn(t testing.TB, g *graph, id string, who tenant.ID) key {
	t.Helper()
	s := &signer{ctx: t.Context(), g: g, tenant: who, keys: map[*vertex]key{}, open: map[*vertex]bool{}, serial: new(atomic.Uint64),
		salt: fmt.Sprintf("%p", g), change: func(context.Context, *vertex) (any, bool) { return nil, false }}
	v, ok := g.get(id)
	if !ok {
		t.Fatalf("no node %s", id)
	}
	return s.key(v)
}

// test_cache_key_signature of the reference.
func TestKeys(t *testing.T) {
	const base = `{"1":{"class_type":"A","inputs":{"x":1}},"2":{"class_type":"B","inputs":{"a":["1",0],"s":"t"}}}`
	for _, row := range []struct {
		name, one, two string
		same           bool
	}{
		{"other ids and order", base, `{"z":{"class_type":"B","inputs":{"s":"t","a":["y",0]}},"2":{"class_type":"B","inputs":{"a":["y",0],"s":"t"}},"y":{"class_type":"A","inputs":{"x":1}}}`, true},
		{"1 and 1.0 and true", base, strings.Replace(base, `"x":1`, `"x":1.0`, 1), true},
		{"true", base, strings.Replace(base, `"x":1`, `"x":true`, 1), true},
		{"text is no number", base, strings.Replace(base, `"x":1`, `"x":"1"`, 1), false},
		{"upstream change", base, strings.Replace(base, `"x":1`, `"x":2`, 1), false},
		{"other slot", base, strings.Replace(base, `["1",0]`, `["1",1]`, 1), false},
		{"extra link", base, strings.Replace(base, `"s":"t"`, `"s":"t","b":["1",0]`, 1), false},
		{"extra constant", base, strings.Replace(base, `"s":"t"`, `"s":"t","b":null`, 1), false},
		{"other class", base, strings.Replace(base, `"class_type":"A"`, `"class_type":"B"`, 1), false},
		{"missing link", strings.Replace(base, `["1",0]`, `["9",0]`, 1), strings.Replace(base, `["1",0]`, `["9",0]`, 1), false},
		{"objects whatever their order", `{"2":{"class_type":"A","inputs":{"x":{"a":1,"b":2}}}}`, `{"2":{"class_type":"A","inputs":{"x":{"b":2,"a":1}}}}`, true},
		{"lists by their order", `{"2":{"class_type":"A","inputs":{"x":[1,2,3]}}}`, `{"2":{"class_type":"A","inputs":{"x":[2,1,3]}}}`, false},
		{"not idempotent, same id", `{"2":{"class_type":"Random","inputs":{}}}`, `{"2":{"class_type":"Random","inputs":{}}}`, true},
		{"meta does not count", `{"2":{"class_type":"A","inputs":{}}}`, `{"2":{"class_type":"A","inputs":{},"_meta":{"title":"x"}}}`, true},
	} {
		one, two := keyIn(t, signatureGraph(t, row.one), "2", ""), keyIn(t, signatureGraph(t, row.two), "2", "")
		if (one == two) != row.same {
			t.Errorf("%s: same %v, want %v", row.name, one == two, row.same)
		}
	}
}

func TestKeysAndIDs(t *testing.T) {
	for _, row := range []struct {
		class string
		same  bool
	}{{"A", true}, {"Random", false}, {"Own", false}, {"OwnV3", true}} {
		g := signatureGraph(t, fmt.Sprintf(`{"1":{"class_type":%q,"inputs":{}},"2":{"class_type":%q,"inputs":{}}}`, row.class, row.class))
		if got := keyIn(t, g, "1", "") == keyIn(t, g, "2", ""); got != row.same {
			t.Errorf("twins of %s share a key: %v, want %v", row.class, got, row.same)
		}
	}
}

func TestKeysOfTenantsDiffer(t *testing.T) {
	g := signatureGraph(t, `{"1":{"class_type":"A","inputs":{}}}`)
	if keyIn(t, g, "1", "a") == keyIn(t, g, "1", "b") {
		t.Error("two tenants share a key")
	}
}

func TestKeyOfCycleAndDepth(t *testing.T) {
	keyIn(t, signatureGraph(t, `{"1":{"class_type":"A","inputs":{"x":["2",0]}},"2":{"class_type":"A","inputs":{"x":["1",0]}}}`), "1", "")
	var b strings.Builder
	b.WriteString(`{"0":{"class_type":"A","inputs":{}}`)
	const n = 3000
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `,"%d":{"class_type":"A","inputs":{"x":["%d",0]}}`, i, i-1)
	}
	keyIn(t, signatureGraph(t, b.String()+"}"), fmt.Sprint(n-1), "")
}

func TestCanon(t *testing.T) {
	for _, row := range []struct {
		v  any
		ok bool
	}{
		{nil, true}, {"x", true}, {math.NaN(), false}, {[]any{math.NaN()}, false}, {math.Inf(1), true}, {[32]byte{1}, true}, {uint32(5), true},
		{func() {}, false}, {&bare{}, false}, {map[string]any{"a": make(chan int)}, false},
	} {
		if _, ok := appendCanon(nil, row.v); ok != row.ok {
			t.Errorf("%T: can be compared: %v, want %v", row.v, ok, row.ok)
		}
	}
}
