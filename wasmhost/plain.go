package wasmhost

import (
	"regexp"
	"strings"
	"unicode"
)

// seen leaves out what cannot be seen and could change how the rest is: controls, with which a text moves a terminal's cursor or
// becomes two lines of a log, and marks that turn the order of letters around. Line feeds and tabs stay.
func seen(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
			return -1
		}
		return r
	}, s)
}

// opens is the start of a tag, as a browser sees it.
var opens = regexp.MustCompile(`<([A-Za-z/!?])`)

// plainLine is a text for the line that clients show on a node. Compat: the official client writes it into its page as HTML, so that a
// guest's text could be a script with the user's rights; what would start a tag there starts none.
func plainLine(s string) string { return opens.ReplaceAllString(s, "\u2039$1") }
