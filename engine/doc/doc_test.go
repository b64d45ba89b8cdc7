package doc

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestParse(t *testing.T) {
	huge, _ := new(big.Int).SetString("99999999999999999999999", 10)
	for _, row := range []struct {
		text string
		want any
		back string // as written again; "" for as it was
	}{
		{"null", nil, ""}, {"true", true, ""}, {" false ", false, "false"},
		{"1", int64(1), ""}, {"1.0", 1.0, ""}, {"-0", int64(0), "0"}, {"-0.0", math.Copysign(0, -1), ""},
		{"1e3", 1000.0, "1000.0"}, {"1e16", 1e16, "1e+16"}, {"1e-05", 1e-5, ""}, {"0.0001", 0.0001, ""},
		{"18446744073709551615", uint64(math.MaxUint64), ""}, {"-9223372036854775808", int64(math.MinInt64), ""},
		{"99999999999999999999999", huge, ""},
		{`"a\u00e9\n\ud83d\ude00\/"`, "aé\n😀/", `"aé\n😀/"`}, {`"\ud800"`, "\ufffd", `"` + "\ufffd" + `"`},
		{`[1, [], {}]`, []any{int64(1), []any{}, &Object{}}, `[1,[],{}]`},
		{`{"b":1,"a":2}`, Of("b", int64(1), "a", int64(2)), ""},
		{`{"a":1,"b":2,"a":3}`, Of("a", int64(3), "b", int64(2)), `{"a":3,"b":2}`},
	} {
		got, err := Parse([]byte(row.text), DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", row.text, err)
			continue
		}
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %#v, want %#v", row.text, got, row.want)
		}
		back := row.back
		if back == "" {
			back = row.text
		}
		if b := string(Encode(got)); b != back {
			t.Errorf("%s: written as %s, want %s", row.text, b, back)
		}
	}
}

func TestWithin(t *testing.T) {
	v := Of("a", Of("b", []any{true}), "c", nil)
	for _, row := range []struct {
		keys []string
		want any
	}{{nil, v}, {[]string{"a", "b"}, []any{true}}, {[]string{"a", "b", "x"}, nil}, {[]string{"c"}, nil}, {[]string{"x", "y"}, nil}} {
		if got := Within(v, row.keys...); !reflect.DeepEqual(got, row.want) {
			t.Errorf("Within(%q) = %v, want %v", row.keys, got, row.want)
		}
	}
	if o := Stored([]byte(`{"a":1}`)); o.Len() != 1 {
		t.Errorf("stored: %s", Encode(o))
	}
	for _, text := range []string{"", "null", "[1]", "{"} {
		if o := Stored([]byte(text)); o.Len() != 0 {
			t.Errorf("%q reads as %s", text, Encode(o))
		}
	}
}

func TestParseRefuses(t *testing.T) {
	l := Limits{Bytes: 1000, Depth: 10, Digits: 30}
	for _, row := range []struct {
		name, text string
		code       fault.Code
	}{
		{"nothing", "", fault.BadRequest}, {"word", "nul", fault.BadRequest}, {"two values", "1 2", fault.BadRequest},
		{"NaN", "NaN", fault.BadRequest}, {"infinity", "-Infinity", fault.BadRequest}, {"beyond float64", "1e999", fault.BadRequest},
		{"leading zero", "01", fault.BadRequest}, {"bare minus", "-", fault.BadRequest}, {"bare point", "1.", fault.BadRequest},
		{"bare exponent", "1e", fault.BadRequest}, {"plus", "+1", fault.BadRequest},
		{"open string", `"a`, fault.BadRequest}, {"control character", "\"\n\"", fault.BadRequest}, {"bad escape", `"\x"`, fault.BadRequest},
		{"short escape", `"\u12"`, fault.BadRequest}, {"no UTF-8", "\"\xff\"", fault.BadRequest}, {"no UTF-8 after an escape", "\"\\n\xff\"", fault.BadRequest},
		{"open array", "[1", fault.BadRequest}, {"comma at the end", "[1,]", fault.BadRequest}, {"comma in front", "[,1]", fault.BadRequest},
		{"open object", `{"a":1`, fault.BadRequest}, {"object's comma", `{"a":1,}`, fault.BadRequest}, {"no colon", `{"a" 1}`, fault.BadRequest},
		{"key without quotes", `{a:1}`, fault.BadRequest}, {"single quotes", `{'a':1}`, fault.BadRequest},
		{"deep", strings.Repeat("[", 12) + strings.Repeat("]", 12), fault.TooLarge},
		{"long", `"` + strings.Repeat("x", 1000) + `"`, fault.TooLarge}, {"many digits", strings.Repeat("9", 40), fault.TooLarge},
	} {
		if v, err := Parse([]byte(row.text), l); !errors.Is(err, row.code) {
			t.Errorf("%s: %v, %v; want %s", row.name, v, err, row.code)
		}
	}
}

func TestObject(t *testing.T) {
	o := &Object{}
	names := strings.Split("a b c d e f g h i j k l m n o p", " ")
	for i, n := range names {
		o.Set(n, i)
	}
	o.Delete("c")
	o.Delete("none")
	o.Set("p", "last")
	want := append(append([]string{}, names[:2]...), names[3:]...)
	if d := cmp.Diff(want, o.Keys()); d != "" {
		t.Errorf("keys: -want +got\n%s", d)
	}
	if v, ok := o.Get("p"); !ok || v != "last" {
		t.Errorf("p is %v %v", v, ok)
	}
	if o.Has("c") || (*Object)(nil).Has("x") {
		t.Error("a deleted key is there")
	}
	c := o.Clone()
	c.Set("a", "changed")
	if v, _ := o.Get("a"); v != 0 {
		t.Error("changing a clone changes the original")
	}
}

func TestAppend(t *testing.T) {
	type file struct {
		Name string `json:"name"`
	}
	for _, row := range []struct {
		name string
		v    any
		want string
	}{
		{"NaN", math.NaN(), "null"}, {"infinity", math.Inf(1), "null"}, {"inside", []any{math.NaN()}, "[null]"},
		{"float32", float32(0.5), "0.5"}, {"map", map[string]any{"b": 1, "a": nil}, `{"a":null,"b":1}`},
		{"typed map", map[string]float64{"x": math.NaN()}, `{"x":null}`}, {"slice", []int{1, 2}, "[1,2]"}, {"strings", []string{"<&>"}, `["<&>"]`},
		{"struct", file{"a"}, `{"name":"a"}`}, {"raw", json.RawMessage("[1]"), "[1]"}, {"no raw", json.RawMessage(nil), "null"},
		{"function", func() {}, `"<func()>"`}, {"bad UTF-8", "a\xffb", "\"a\ufffdb\""}, {"escapes", "\"\\\t\x01\x7f", `"\"\\\t\u0001\u007f"`},
		{"nil object", (*Object)(nil), "null"},
	} {
		if got := string(Encode(row.v)); got != row.want {
			t.Errorf("%s: %s, want %s", row.name, got, row.want)
		}
	}
}

func TestPlain(t *testing.T) {
	huge, _ := new(big.Int).SetString("36893488147419103232", 10)
	got := Plain(Of("a", []any{Of("b", huge)}))
	want := map[string]any{"a": []any{map[string]any{"b": 36893488147419103232.0}}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
}

// FuzzParse checks that what is accepted reads back the same, and is what encoding/json accepts too.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",null,true]}`, `"\ud83d\ude00"`, `[1e308,-0,18446744073709551616]`, `{"a":1,"a":2}`, "[", `"\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text, DefaultLimits())
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepted %q, which is no JSON", text)
		}
		out := Encode(v)
		again, err := Parse(out, DefaultLimits())
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, out, err)
		}
		if string(Encode(again)) != string(out) {
			t.Fatalf("%q, then %q", out, Encode(again))
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte("[" + strings.Repeat(`{"class_type":"KSampler","inputs":{"seed":5,"cfg":8.0,"model":["4",0]}},`, 999) + "1]")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text, DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}
