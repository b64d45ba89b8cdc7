package tokenizer

import (
	"math"
	"strconv"
	"strings"
	"unicode"
)

// maxFloatLen bounds the text of a weight. Compat: the reference has no bound; no weight a person means is this long.
const maxFloatLen = 400

// parseFloat reads a number as Python's float() does: surrounding white space, a sign, digits of any script with single
// underscores between them, an exponent, "inf", "infinity" and "nan". Too big a number is infinite.
func parseFloat(text string) (float64, bool) {
	text = strings.TrimFunc(text, isPySpace)
	if text == "" || len(text) > maxFloatLen {
		return 0, false
	}
	plain, ok := plainNumber(text)
	if !ok {
		return parseWord(text)
	}
	v, err := strconv.ParseFloat(plain, 64)
	return v, err == nil || v > 1 || v < -1 // out of range gives an infinity
}

// parseWord reads the names of what is no finite number.
func parseWord(text string) (float64, bool) {
	sign := 1
	switch text[0] {
	case '-':
		sign, text = -1, text[1:]
	case '+':
		text = text[1:]
	}
	switch strings.ToLower(text) {
	case "inf", "infinity":
		return math.Inf(sign), true
	case "nan":
		return math.NaN(), true
	}
	return 0, false
}

// plainNumber checks the syntax of a decimal number and gives it in ASCII without underscores.
func plainNumber(text string) (string, bool) {
	out := make([]byte, 0, len(text))
	digits, seenDot, seenExp := 0, false, false
	var last rune
	for i, r := range text {
		switch d, ok := digitValue(r); {
		case ok:
			out = append(out, '0'+d)
			digits++
			r = '0'
		case r == '_':
			if last != '0' {
				return "", false
			}
		case last == '_': // only a digit may follow
			return "", false
		case r == '+' || r == '-':
			if i != 0 && last != 'e' {
				return "", false
			}
			out = append(out, byte(r))
		case r == '.' && !seenDot && !seenExp:
			seenDot = true
			out = append(out, '.')
		case (r == 'e' || r == 'E') && !seenExp && digits > 0:
			seenExp, digits = true, 0
			r = 'e'
			out = append(out, 'e')
		default:
			return "", false
		}
		last = r
	}
	return string(out), digits > 0 && last != '_'
}

// digitValue gives the value of a decimal digit of any script. Unicode keeps the ten digits of a script together.
func digitValue(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r - '0'), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, t := range unicode.Nd.R16 {
		if r <= 0xffff && uint16(r) >= t.Lo && uint16(r) <= t.Hi {
			return byte((uint16(r) - t.Lo) % 10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if uint32(r) >= t.Lo && uint32(r) <= t.Hi {
			return byte((uint32(r) - t.Lo) % 10), true
		}
	}
	return 0, false
}

// isPySpace reports white space as Python's str methods see it: Unicode's, and four separators of ASCII.
func isPySpace(r rune) bool {
	return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f
}
