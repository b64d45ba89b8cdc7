package wasmhost

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/describe"
)

func TestCheckOutput(t *testing.T) {
	img := value.Image{Tensor: tensor.New(tensor.F32, 1, 1, 1, 3)}
	for _, row := range []struct {
		name string
		v    any
		t    node.Type
		ok   bool
	}{
		{"a picture", img, "IMAGE", true}, {"a picture as a mask", img, "MASK", false}, {"a picture as anything", img, "*", true},
		{"a picture as a number", img, "INT", false}, {"a picture of a union", img, "IMAGE,FLOAT", true}, {"a picture under a name of one's own", img, "PHOTO", true},
		{"a picture by match", img, "COMFY_MATCHTYPE_V3", true},
		{"a text as a picture", "x", "IMAGE", false}, {"a number as a text", int64(1), "STRING", true}, {"a text as a number", "x", "INT", true},
		{"an object as an accumulation", map[string]any{}, "ACCUMULATION", true}, {"an object as a latent", map[string]any{}, "LATENT", false},
		{"a number of a union", 1.0, "IMAGE,FLOAT", true}, {"a text as flow control", "stub", "FLOW_CONTROL", true},
		{"a tensor as a picture", img.Tensor, "IMAGE", false}, {"a tensor as anything", img.Tensor, "*", true},
		{"a blocker", node.Blocker{}, "IMAGE", true}, {"a link", node.Socket{}, "IMAGE", true}, {"nothing", nil, "IMAGE", true},
	} {
		got, err := checkOutput(row.v, row.t)
		if (err == nil) != row.ok || err == nil && !cmp.Equal(got, row.v, cmp.Comparer(func(a, b *tensor.Tensor) bool { return a == b })) {
			t.Errorf("%s: %v, %v", row.name, got, err)
		}
	}
}

func TestRaised(t *testing.T) {
	raise := func(v any) error { return raised(abi.Tag{Number: abi.TagRaise, Value: v}) }
	if d := cmp.Diff(error(&node.Exception{Kind: "json.decoder.JSONDecodeError", Text: "x"}), raise([]any{"json.decoder.JSONDecodeError", "x"})); d != "" {
		t.Error(d)
	}
	for _, v := range []any{nil, []any{}, []any{"", "x"}, []any{"a b", "x"}, []any{"A", int64(1)}, []any{".A", "x"}, "A"} {
		if err := raise(v); !errors.Is(err, fault.ExtensionFailed) {
			t.Errorf("%v: %v", v, err)
		}
	}
	if !errors.Is(&Failure{Errno: abi.ENOMEM}, fault.OutOfMemory) || errors.Is(&Failure{Errno: abi.EIO}, fault.OutOfMemory) {
		t.Error("only a guest that had no memory ran out of memory")
	}
}

// FuzzReply reads what a guest's node gives.
func FuzzReply(f *testing.F) {
	for _, v := range []any{
		map[string]any{"outputs": []any{int64(1), abi.Tag{Number: abi.TagList, Value: []any{abi.Tag{Number: abi.TagBlocker}}}}, "ui": map[string]any{"text": []any{"x"}}},
		map[string]any{"outputs": []any{abi.Tag{Number: abi.TagLink, Value: []any{"1", int64(0)}}, abi.Tag{Number: abi.TagList, Value: []any{}}},
			"expand": map[string]any{"nodes": []any{map[string]any{"id": "1", "class": "A", "inputs": []any{[]any{"x", abi.Handle{Kind: 5, ID: 1}}}, "display": "3"}}}},
		abi.Tag{Number: abi.TagRaise, Value: []any{"ValueError", "x"}},
		map[string]any{"loop": map[string]any{"outputs": []any{[]any{int64(1)}}}},
	} {
		b, err := abi.Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := &describe.Schema{Schema: node.Schema{ID: "A", Expands: true, Outputs: []node.Output{{Type: "IMAGE,INT"}, {Type: "*", List: true}}}}
	ext := &Extension{desc: &describe.Description{Nodes: []*describe.Schema{s}}}
	n := &guestNode{ext, s}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := abi.Decode(b, abi.DefaultLimits())
		if err != nil || raised(v) != nil {
			return
		}
		c := &call{Context: t.Context(), ext: ext, limits: ExecuteLimits()}
		if r, err := n.readReply(c, abi.AsMap(v)); err == nil && r.Block == nil && len(r.Outputs) != len(s.Outputs) {
			t.Errorf("%d outputs", len(r.Outputs))
		}
		_, _ = looper{n}.rows(c, abi.AsMap(v).Map("loop").List("outputs"))
	})
}

// TestCut: texts end before a letter that does not fit; what is no text ends anywhere.
func TestCut(t *testing.T) {
	for _, x := range []struct {
		s    string
		most int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aü", 2, "a"}, {"aü", 3, "aü"}, {"漢字", 5, "漢"}, {"漢", 2, ""}, {"🍿x", 3, ""}, {"x🍿", 4, "x"}, {"abc", 0, ""},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80"},
	} {
		if got := cut(x.s, x.most); got != x.want || string(cutBytes([]byte(x.s), x.most)) != x.want {
			t.Errorf("cut(%q, %d) is %q, want %q", x.s, x.most, got, x.want)
		}
	}
}
