package image

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// spaced writes compact JSON as Python's json module does: a blank behind commas and colons, and ASCII only.
//
// Compat: tools that read pictures compare these texts.
func spaced(compact []byte) string {
	out := make([]byte, 0, len(compact)+len(compact)/8)
	quoted := false
	for i := 0; i < len(compact); {
		c := compact[i]
		switch {
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(compact[i:])
			out = appendEscaped(out, r)
			i += size
			continue
		case quoted && c == '\\' && i+1 < len(compact):
			out = append(out, c, compact[i+1])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		}
		out = append(out, c)
		if !quoted && (c == ',' || c == ':') {
			out = append(out, ' ')
		}
		i++
	}
	return string(out)
}

func appendEscaped(b []byte, r rune) []byte {
	if hi, lo := utf16.EncodeRune(r); hi != utf8.RuneError {
		return fmt.Appendf(b, `\u%04x\u%04x`, hi, lo)
	}
	return fmt.Appendf(b, `\u%04x`, r)
}
