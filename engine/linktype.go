package engine

import (
	"strings"

	"github.com/cocoonhq/cocoon/engine/node"
)

// fits reports whether an output of type got may feed an input of type want. Types are strings, or a list of options for
// combos of the older style.
func fits(got, want any) bool {
	g, gotText := got.(string)
	w, wantText := want.(string)
	switch {
	case gotText && wantText:
		return g == w || wild(g) || wild(w) || overlap(g, w)
	case gotText:
		return wild(g)
	case wantText:
		return wild(w) || w == string(node.Combo)
	}
	return equal(got, want)
}

func wild(t string) bool { return t == string(node.Any) || t == string(node.MatchType) }

// overlap compares unions: comma lists that share a type, or have a wildcard.
func overlap(a, b string) bool {
	for x := range strings.SplitSeq(a, ",") {
		x = strings.TrimSpace(x)
		for y := range strings.SplitSeq(b, ",") {
			y = strings.TrimSpace(y)
			if x == y || x == string(node.Any) || y == string(node.Any) {
				return true
			}
		}
	}
	return false
}

// outputType is the type of an output as links are checked by: a list of options for combos of the older style.
func outputType(o *node.Output) any {
	if o.Choices != nil {
		return o.Choices
	}
	return string(o.Type)
}
