package workflow

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExpand(t *testing.T) {
	tests := []struct {
		in   string
		rand float64
		want string
	}{
		{"plain", 0, "plain"},
		{"{a|b|c}", 0, "a"},
		{"{a|b|c}", 0.5, "b"},
		{"{a|b|c}", 0.999, "c"},
		{"{a|b|c}", 1, "c"}, // a source that is not below 1
		{"x {a {1|2}|b} y", 0, "x a 1 y"},
		{"x {a|b {1|2}} y", 0.9, "x b 2 y"},
		{`\{a|b\}`, 0, "{a|b}"},
		{`{\}|b}`, 0, "}"},
		{"a // c\nb /* d */ e", 0, "a \nb  e"},
		{`end\`, 0, `end\`},
		{"{", 0, ""},
	}
	for _, tt := range tests {
		if got := expand(tt.in, func() float64 { return tt.rand }); got != tt.want {
			t.Errorf("expand(%q) with %v = %q, want %q", tt.in, tt.rand, got, tt.want)
		}
	}
}

func TestFormatDate(t *testing.T) {
	at := time.Date(2024, 3, 7, 9, 5, 1, 0, time.UTC)
	tests := []struct{ format, want string }{
		{"yyyy-MM-dd", "2024-03-07"},
		{"yy-M-d", "24-3-7"},
		{"hh:mm:ss", "09:05:01"},
		{"hms", "951"},
		{"yyy", "yyy"},
		{"", ""},
	}
	for _, tt := range tests {
		if got := formatDate(tt.format, at); got != tt.want {
			t.Errorf("formatDate(%q) = %q, want %q", tt.format, got, tt.want)
		}
	}
}

func TestReplaceDate(t *testing.T) {
	c, err := LoadWorkflow(t.Context(), []byte(`{"nodes":[]}`), nil, fixedOptions())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.replace("a/%date:yyyyMMdd_hhmmss%/%date:x.y%"), "a/20240307_090501/%date:x.y%"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFormatNumber(t *testing.T) {
	tests := []struct {
		f    float64
		want string
	}{
		{1, "1"}, {-0.5, "-0.5"}, {math.Copysign(0, -1), "0"}, {1e21, "1e+21"}, {1e20, "100000000000000000000"},
		{1e-6, "0.000001"}, {1e-7, "1e-7"}, {1.5e-12, "1.5e-12"}, {18446744073709551615, "18446744073709552000"},
		{math.NaN(), "null"}, {math.Inf(1), "null"}, {5e-324, "5e-324"},
	}
	for _, tt := range tests {
		if got := formatNumber(tt.f); got != tt.want {
			t.Errorf("formatNumber(%v) = %q, want %q", tt.f, got, tt.want)
		}
	}
}

func TestParseJSON(t *testing.T) {
	tests := []struct{ in, want string }{
		{` {"b":1,"a":[true,null,"x"],"10":2,"9":3} `, `{"9":3,"10":2,"b":1,"a":[true,null,"x"]}`},
		{`{"a":NaN,"b":-Infinity}`, `{"a":null,"b":null}`},
		{`"\ud83d\ude00 \ud83d \u00e9\n\/"`, "\"😀 \uFFFD é\\n/\""},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`1e400`, `null`},
		{`[]`, `[]`},
		{"\"\u2028\"", "\"\u2028\""},
		{"\"\xff\"", "\"\uFFFD\""},
	}
	for _, tt := range tests {
		v, err := parseJSON(tt.in, false)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if d := cmp.Diff(tt.want, string(appendJSON(nil, v))); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.in, d)
		}
	}
	for _, bad := range []string{"", "{", "[1,]", "{,}", `{"a":1,}`, "01", "1.", ".5", "-", "1e", "nul", `"\x"`, "\"\n\"", "1 2", "{1:2}", `"\u12"`, "+1"} {
		if v, err := parseJSON(bad, false); err == nil {
			t.Errorf("%q gave %v, want an error", bad, v)
		}
	}
}

func TestParseParameters(t *testing.T) {
	const in = "a, b\nNegative prompt: c\nd\nSteps: 20, Sampler: Euler a, Size: 512x768, Hashes: {\"a, b\": \"1\"}, Notes: \"x, y: z\", Version: v1"
	p, ok := parseParameters(in)
	if !ok {
		t.Fatal("not recognised")
	}
	want := map[string]string{"steps": "20", "sampler": "Euler a", "size": "512x768", "hashes": `{"a, b": "1"}`, "notes": `"x, y: z"`, "version": "v1"}
	if d := cmp.Diff(want, p.settings); d != "" {
		t.Errorf("settings (-want +got):\n%s", d)
	}
	if p.positive != "a, b" || p.negative != "c\nd" {
		t.Errorf("got %q and %q", p.positive, p.negative)
	}
}
