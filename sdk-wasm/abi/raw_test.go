package abi

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readAll takes a value apart by the methods of Raw.
func readAll(t *testing.T, r Raw) any {
	t.Helper()
	if r.Nothing() {
		return nil
	}
	if r[0]&0xe0 == majorMap {
		pairs := r.Pairs(nil)
		m := make(map[string]any, len(pairs))
		for _, p := range pairs {
			m[p.Key] = readAll(t, p.Value)
			if pairs.Find(p.Key) != p.Value {
				t.Errorf("%q is not found", p.Key)
			}
		}
		return m
	}
	if s, ok := r.Text(); ok {
		return s
	}
	if b, ok := r.Bytes(); ok {
		return b
	}
	if v, ok := r.Bool(); ok {
		return v
	}
	if n, ok := r.Int(); ok {
		return n
	}
	if f, ok := r.Float(); ok {
		return f
	}
	if h, ok := r.Handle(); ok {
		return h
	}
	return r.Value()
}

func TestRaw(t *testing.T) {
	want := map[string]any{"t": "text", "b": []byte{1, 2}, "yes": true, "no": false, "n": int64(-300), "big": uint64(1 << 63), "f": -0.5, "none": nil,
		"h": Handle{KindImage, 1 << 40}, "l": []any{int64(1), map[string]any{"x": "y"}}, "tag": Tag{TagBlocker, "m"}, "map": map[string]any{"deep": map[string]any{}}}
	b, err := Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := ReadPairs(b, DefaultLimits(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, readAll(t, Raw(b))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Raw(b).Pairs(nil), pairs); d != "" {
		t.Error(d)
	}
	for _, key := range []string{"", "a", "z", "zzz"} {
		if got := pairs.Find(key); got != "" {
			t.Errorf("%q is found: %q", key, got)
		}
	}
}

// TestRawOfOthers: what is not of the wanted type, or nothing at all, is none.
func TestRawOfOthers(t *testing.T) {
	for _, r := range []Raw{"", "\xf6", "\x80"} { // nothing, null, an empty array
		_, text := r.Text()
		_, bytes := r.Bytes()
		_, truth := r.Bool()
		_, whole := r.Int()
		_, float := r.Float()
		_, handle := r.Handle()
		if text || bytes || truth || whole || float || handle || r.Pairs(nil) != nil {
			t.Errorf("%q is read as something", string(r))
		}
	}
	if _, ok := Raw("\x1b\xff\xff\xff\xff\xff\xff\xff\xff").Int(); ok {
		t.Error("an integer above int64 is read as one")
	}
}

func TestReadPairsAllocatesNothing(t *testing.T) {
	b, _ := Append(nil, map[string]any{"class": "Blend", "inputs": map[string]any{"a": Handle{KindImage, 1}, "factor": 0.5}, "node": "12"})
	var top, inputs [8]Pair
	if n := testing.AllocsPerRun(10, func() {
		m, err := ReadPairs(b, DefaultLimits(), top[:0])
		p := m.Find("inputs").Pairs(inputs[:0])
		if h, ok := p.Find("a").Handle(); err != nil || !ok || h.ID != 1 {
			t.Error(err, ok, h)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
