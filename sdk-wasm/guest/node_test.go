package guest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

type manyIn struct {
	Image  Image
	Mask   Mask
	Model  Value
	Count  int64
	By     float64
	Text   string
	On     bool
	Mode   string
	Seed   uint64
	Any    any
	Hidden string
	All    Args
}

type manyOut struct {
	Image Image
	Mask  Mask
	Count int64
	By    float64
	On    bool
	Text  string
	List  List
	UI    UI
	Block *Block
	Later *Later
}

// many is a Def with a port of each kind.
func many(do func(in manyIn) (manyOut, error)) Node {
	return Def[manyIn, manyOut]{
		ID: "Many",
		Ports: func(p *Ports, in *manyIn, out *manyOut) {
			Linked(p, "image", &in.Image)
			Linked(p, "mask", &in.Mask).Optional()
			Any(p, "model", "MODEL", &in.Model)
			Int(p, "count", &in.Count, 4)
			Float(p, "by", &in.By, 0.5)
			String(p, "text", &in.Text, "t").Lazy()
			Switch(p, "on", &in.On, true)
			Choice(p, "mode", &in.Mode, "a", "b")
			Seed(p, "seed", &in.Seed, 9)
			Any(p, "any", "*", &in.Any)
			Fill(p, "id", "UNIQUE_ID", &in.Hidden)
			All(p, &in.All)
			Result(p, &out.Image)
			Result(p, &out.Mask)
			ResultOf(p, "INT", &out.Count)
			ResultOf(p, "FLOAT", &out.By)
			ResultOf(p, "BOOLEAN", &out.On)
			ResultOf(p, "STRING", &out.Text)
			ResultOf(p, "*", &out.List).List()
			Show(p, &out.UI)
			Blocks(p, &out.Block)
			Again(p, &out.Later)
		},
		Do: do,
		Check: func(in manyIn) error {
			if in.Count > 9 {
				return errors.New("too many")
			}
			return nil
		},
	}.Node()
}

func TestDefTakesInputs(t *testing.T) {
	for _, row := range []struct {
		name   string
		inputs map[string]any
		want   manyIn
		err    error
	}{
		{"defaults", map[string]any{}, manyIn{Count: 4, By: 0.5, Text: "t", On: true, Seed: 9}, nil},
		{"null leaves them", map[string]any{"count": nil, "image": nil}, manyIn{Count: 4, By: 0.5, Text: "t", On: true, Seed: 9}, nil},
		{"each kind", map[string]any{"image": abi.Handle{Kind: abi.KindImage, ID: 7}, "mask": abi.Handle{Kind: abi.KindMask, ID: 8}, "id": "12",
			"model": abi.Handle{Kind: abi.KindOpaque, ID: 1 << 40}, "count": int64(-3), "by": int64(2), "text": "é", "on": false, "mode": "b",
			"seed": uint64(1 << 63), "any": []any{abi.Handle{Kind: abi.KindTensor, ID: 3}}},
			manyIn{Image{Tensor{7}}, Mask{Tensor{8}}, Value{abi.Handle{Kind: abi.KindOpaque, ID: 1 << 40}}, -3, 2, "é", false, "b", 1 << 63, []any{Tensor{3}}, "12", nil}, nil},
		{"a mask for an image", map[string]any{"image": abi.Handle{Kind: abi.KindMask, ID: 7}}, manyIn{}, errInput},
		{"an image for a model", map[string]any{"model": abi.Handle{Kind: abi.KindImage, ID: 7}}, manyIn{}, errInput},
		{"a float for an integer", map[string]any{"count": 1.0}, manyIn{}, errInput},
		{"an integer that is too large", map[string]any{"count": uint64(1 << 63)}, manyIn{}, errInput},
		{"a text for a float", map[string]any{"by": "1"}, manyIn{}, errInput},
		{"bytes for a text", map[string]any{"text": []byte("1")}, manyIn{}, errInput},
		{"a number for a truth value", map[string]any{"on": int64(1)}, manyIn{}, errInput},
	} {
		var got manyIn
		_, err := ask(t, many(func(in manyIn) (manyOut, error) {
			got = in
			return manyOut{}, nil
		}), abi.OpExecute, map[string]any{"inputs": row.inputs})
		if !errors.Is(err, row.err) {
			t.Errorf("%s: %v, want %v", row.name, err, row.err)
		}
		if len(got.All) != len(row.inputs) && err == nil {
			t.Errorf("%s: all inputs are %v", row.name, got.All)
		}
		if got.All = nil; !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
}

func TestDefReplies(t *testing.T) {
	image, mask := abi.Handle{Kind: abi.KindImage, ID: 7}, abi.Handle{Kind: abi.KindMask, ID: 8}
	empty := []any{abi.Handle{Kind: abi.KindImage}, abi.Handle{Kind: abi.KindMask}, int64(0), 0.0, false, "", abi.Tag{Number: abi.TagList, Value: []any{}}}
	deep := any(int64(1))
	for range abi.MaxCborDepth - 3 { // in the reply, its outputs and the list's tag and array, one too many
		deep = []any{deep}
	}
	for _, row := range []struct {
		name string
		out  manyOut
		err  error
		want any
		fail bool
	}{
		{"nothing", manyOut{}, nil, map[string]any{"outputs": empty}, false},
		{"each kind", manyOut{Image{Tensor{7}}, Mask{Tensor{8}}, -1, 0.5, true, "a\xff", List{Image{Tensor{7}}, 2}, nil, nil, nil}, nil,
			map[string]any{"outputs": []any{image, mask, int64(-1), 0.5, true, "a\uFFFD", abi.Tag{Number: abi.TagList, Value: []any{image, int64(2)}}}}, false},
		{"shows and blocks", manyOut{UI: UI{"text": {"x", image}, "b": nil, "a": {map[string]any{"n": 1}}}, Block: &Block{Silent: true, Message: "m"}}, nil,
			map[string]any{"outputs": empty, "block": "", "ui": map[string]any{"text": []any{"x", image}, "a": []any{map[string]any{"n": int64(1)}}, "b": []any{}}}, false},
		{"later", manyOut{Later: &Later{State: []byte("s")}}, nil, map[string]any{"retry_after_ms": int64(0), "state": []byte("s")}, false},
		{"fails", manyOut{}, errors.New("no"), nil, true},
		{"a kind that is no UTF-8", manyOut{UI: UI{"\xff": nil}}, nil, nil, true},
		{"no value of a message", manyOut{UI: UI{"a": {struct{}{}}}}, nil, nil, true},
		{"too deep", manyOut{List: List{deep}}, nil, nil, true},
	} {
		got, err := ask(t, many(func(manyIn) (manyOut, error) { return row.out, row.err }), abi.OpExecute, nil)
		if (err != nil) != row.fail || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %#v, %v, want %#v", row.name, got, err, row.want)
		}
	}
}

func TestDefAnswers(t *testing.T) {
	for _, row := range []struct {
		name   string
		op     int32
		inputs map[string]any
		want   any
		err    error
	}{
		{"lazy inputs that are not there", abi.OpCheckLazy, map[string]any{"text": nil}, []any{"text"}, nil},
		{"lazy inputs that are there", abi.OpCheckLazy, map[string]any{"text": ""}, []any{}, nil},
		{"a check that passes", abi.OpValidate, map[string]any{"count": int64(9)}, nil, nil},
		{"a refusal", abi.OpValidate, map[string]any{"count": int64(10)}, "too many", nil},
		{"an op that it has not", abi.OpFingerprint, nil, nil, errOp},
	} {
		got, err := ask(t, many(nil), row.op, map[string]any{"inputs": row.inputs})
		if err != row.err || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: %#v, %v, want %#v, %v", row.name, got, err, row.want, row.err)
		}
	}
}
