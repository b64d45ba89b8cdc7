package doc

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Digits prepares a number's text for strconv. Compat: as in the reference's language, blanks around it, single underscores
// between digits and the digits of all scripts are allowed. The text is empty for underscores elsewhere.
func Digits(text string) string {
	s := strings.Map(asciiDigit, strings.TrimSpace(text))
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return ""
		}
	}
	return strings.ReplaceAll(s, "_", "")
}

// ParseFloat reads the text of a float as Digits allows it; it may be "nan", "inf" or "infinity" with a sign before it, and
// what is beyond float64 is infinite.
func ParseFloat(text string) (f float64, ok bool) {
	s := Digits(text)
	if len(s) == 4 && strings.EqualFold(s[1:], "nan") && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, (err == nil || math.IsInf(f, 0)) && !strings.ContainsAny(s, "xXpP")
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// asciiDigit is the digit 0 to 9 that a decimal digit of another script stands for; other characters stay.
func asciiDigit(r rune) rune {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10 // each script has its ten digits in a row
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}
