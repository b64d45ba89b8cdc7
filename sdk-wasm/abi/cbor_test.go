package abi

import (
	"bytes"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAppendAndDecode(t *testing.T) {
	for _, row := range []struct {
		name  string
		value any
		want  string
	}{
		{"null", nil, "f6"},
		{"true", true, "f5"},
		{"small", int64(23), "17"},
		{"one byte", int64(24), "1818"},
		{"two bytes", int64(256), "190100"},
		{"four bytes", int64(65536), "1a00010000"},
		{"eight bytes", int64(1 << 32), "1b0000000100000000"},
		{"above int64", uint64(math.MaxUint64), "1bffffffffffffffff"},
		{"negative", int64(-1), "20"},
		{"most negative", int64(math.MinInt64), "3b7fffffffffffffff"},
		{"float", 1.5, "fb3ff8000000000000"},
		{"text", "é", "62c3a9"},
		{"bytes", []byte{1, 2}, "420102"},
		{"array", []any{int64(1), "a"}, "82016161"},
		{"map sorted by length first", map[string]any{"b": int64(1), "aa": int64(2)}, "a261620162616102"},
		{"handle", Handle{KindImage, 7}, "d9cabc820207"},
		{"blocker", Tag{TagBlocker, nil}, "d9cabdf6"},
		{"link", Tag{TagLink, []any{"4", int64(0)}}, "d9cabe82613400"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, err := Append(nil, row.value)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(b); got != row.want {
				t.Fatalf("got %s, want %s", got, row.want)
			}
			for name, decode := range map[string]func([]byte, Limits) (any, error){"Decode": Decode, "DecodeShared": DecodeShared} {
				back, err := decode(b, DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				if d := cmp.Diff(row.value, back); d != "" {
					t.Error(name, d)
				}
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	deep := strings.Repeat("81", 33) + "00"
	for _, row := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", errShort},
		{"cut number", "19", errShort},
		{"trailing", "0000", errTrailing},
		{"long integer", "1817", errShortest},
		{"long length", "5801", errShortest},
		{"half float", "f93c00", errReserved},
		{"single float", "fa3f800000", errReserved},
		{"undefined", "f7", errReserved},
		{"indefinite array", "9f00ff", errReserved},
		{"indefinite text", "7f6161ff", errReserved},
		{"break", "ff", errReserved},
		{"number key", "a10000", errKey},
		{"keys out of order", "a2616200616100", errKey},
		{"key twice", "a2616100616100", errKey},
		{"longer key first", "a262616100616200", errKey},
		{"no UTF-8", "61ff", errUTF8},
		{"surrogate", "63eda080", errUTF8},
		{"huge array", "9b7fffffffffffffff", errShort},
		{"huge map", "bb7fffffffffffffff00", errShort},
		{"huge text", "7bffffffffffffffff", errShort},
		{"too deep", deep, errDepth},
		{"unknown tag", "c000", errTag},
		{"big negative", "3bffffffffffffffff", errNegative},
		{"other NaN", "fb7ff8000000000001", errNotNumber},
		{"handle of one", "d9cabc8101", errHandle},
		{"handle of text", "d9cabc82616101", errHandle},
	} {
		t.Run(row.name, func(t *testing.T) {
			b, err := hex.DecodeString(row.hex)
			if err != nil {
				t.Fatal(err)
			}
			if v, err := Decode(b, DefaultLimits()); err != row.want {
				t.Errorf("got %v, %v, want %v", v, err, row.want)
			}
			if _, err := ReadPairs(b, DefaultLimits(), nil); err != row.want {
				t.Errorf("read: got %v, want %v", err, row.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	b, _ := Append(nil, []any{int64(1), int64(2), int64(3)})
	for _, row := range []struct {
		name string
		l    Limits
		want error
	}{
		{"enough", Limits{4, 4, 1}, nil},
		{"bytes", Limits{3, 4, 1}, errSize},
		{"items", Limits{4, 3, 1}, errItems},
		{"depth", Limits{4, 4, 0}, errDepth},
	} {
		if _, err := Decode(b, row.l); err != row.want {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
		if _, err := ReadPairs(b, row.l, nil); err != row.want {
			t.Errorf("%s, read: got %v, want %v", row.name, err, row.want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	for _, row := range []struct {
		name  string
		value any
		want  error
	}{
		{"unknown type", struct{}{}, errType},
		{"cycle", loop, errDepth},
		{"key", map[string]any{"\xff": 1}, errUTF8},
	} {
		if _, err := Append(nil, row.value); err != row.want {
			t.Errorf("%s: got %v, want %v", row.name, err, row.want)
		}
	}
}

// FuzzDecode: what is accepted is in its one form, so that appending it again gives the same bytes; and ReadPairs accepts the
// same messages and finds the same values.
func FuzzDecode(f *testing.F) {
	for _, v := range []any{nil, []any{int64(-5), 2.5, "x"}, map[string]any{"a": []byte{1}, "bb": Handle{1, 1 << 63}}, Handle{1, 2}, Tag{TagList, []any{}},
		map[string]any{"": false, "inputs": map[string]any{"t": strings.Repeat("é", 30), "u": uint64(1 << 63)}}} {
		b, _ := Append(nil, v)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := Decode(b, DefaultLimits())
		pairs, refused := ReadPairs(b, DefaultLimits(), nil)
		if refused != err {
			t.Fatalf("read: got %v, want %v", refused, err)
		}
		if err != nil {
			return
		}
		if d := cmp.Diff(v, readAll(t, Raw(b)), cmpopts.EquateNaNs()); d != "" {
			t.Fatal(d)
		}
		if d := cmp.Diff(Raw(b).Pairs(nil), pairs); d != "" {
			t.Fatal(d)
		}
		again, err := Append(nil, v)
		if err != nil {
			t.Fatalf("append %#v: %v", v, err)
		}
		if !bytes.Equal(b, again) {
			t.Fatalf("%x became %x", b, again)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	msg, _ := Append(nil, map[string]any{"class": "Blend", "inputs": map[string]any{"a": Handle{KindImage, 1}, "b": Handle{KindImage, 2},
		"factor": 0.5, "mode": "multiply", "steps": int64(20)}, "node": "12", "prompt": "9f3c"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(msg, DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
