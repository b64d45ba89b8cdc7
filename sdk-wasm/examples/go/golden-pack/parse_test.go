package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]any{
		"1": int64(1), "1.0": 1.0, " [1, -2.5e3,\"a\\u00fc\\ud83d\\ude00\\n\"] ": []any{int64(1), -2500.0, "aü😀\n"}, "{}": map[string]any{},
		`{"a": {"b": [null, true, false]}}`: map[string]any{"a": map[string]any{"b": []any{nil, true, false}}}, "99999999999999999999": 1e20,
	} {
		if got, err := parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, %v, want %#v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "[", "[1,]", "{1: 2}", `"a`, `"\x"`, "1 2", "nul", "--1", `{"a" 1}`, strings.Repeat("[", 1000)} {
		if got, err := parse(text); err == nil {
			t.Errorf("%.20q gives %#v", text, got)
		}
	}
}

func TestEncode(t *testing.T) {
	got := encode(map[string]any{"b": []any{int64(1), 1.0, 1e16, 1e-5, nil, true}, "a": "\"\n\x01ü", "j": jsonText(`{"k":[1,"a,b:\""],"l":2}`)})
	want := `{"a": "\"\n\u0001ü", "b": [1, 1.0, 1e+16, 1e-05, null, true], "j": {"k": [1, "a,b:\""], "l": 2}}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzParse holds that what is read and written again is JSON, with the same meaning.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x\u0000\ud83d\ude00"]}`, "[[[]]]", "-0.0", `"\ud800"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v, err := parse(text)
		if err != nil {
			return
		}
		out := encode(v)
		var a any
		if err := json.Unmarshal([]byte(out), &a); err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		again, err := parse(out)
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Errorf("%q became %#v, then %#v, %v", text, v, again, err)
		}
	})
}
