package tokenizer

import (
	"math"
	"strings"
	"testing"
)

func TestParseFloat(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, row := range []struct {
		text string
		want float64
		ok   bool
	}{
		{"1.2", 1.2, true}, {" 1.2\t", 1.2, true}, {"-1", -1, true}, {"+.5", .5, true}, {"5.", 5, true},
		{"1e1", 10, true}, {"1E+1", 10, true}, {"1e-1", .1, true}, {"1_0", 10, true}, {"1_0.0_1e0_1", 100.1, true},
		{"nan", nan, true}, {"-NaN", nan, true}, {"inf", inf, true}, {"-Infinity", -inf, true}, {"1e999", inf, true},
		{"1e-999", 0, true}, {"١٫٢", 0, false}, {"１.２", 1.2, true}, {"٣", 3, true}, {"𝟘𝟡", 9, true},
		{"", 0, false}, {" ", 0, false}, {".", 0, false}, {"e1", 0, false}, {"1e", 0, false}, {"1__0", 0, false},
		{"_1", 0, false}, {"1_", 0, false}, {"1_.0", 0, false}, {"1._0", 0, false}, {"0x1p3", 0, false}, {"1.2.3", 0, false},
		{"--1", 0, false}, {"+-inf", 0, false}, {"1 2", 0, false}, {"1e1.0", 0, false}, {"infinit", 0, false}, {"in_f", 0, false},
		{strings.Repeat("1", maxFloatLen+1), 0, false},
	} {
		got, ok := parseFloat(row.text)
		if ok != row.ok || ok && got != row.want && !(got != got && row.want != row.want) {
			t.Errorf("%q: %v %v, want %v %v", row.text, got, ok, row.want, row.ok)
		}
	}
}
