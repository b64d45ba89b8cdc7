package tokenizer

import (
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// maxDepth bounds the nesting of weight brackets. Compat: the reference fails at its interpreter's recursion limit, a
// little above.
const maxDepth = 900

// Escaped brackets travel through the parser as these pairs, so that it need not know of escapes.
var (
	escapes   = strings.NewReplacer(`\)`, "\x00\x01", `\(`, "\x00\x02")
	unescapes = strings.NewReplacer("\x00\x01", ")", "\x00\x02", "(")
)

// segment is a stretch of prompt with one weight.
type segment struct {
	text   string
	weight float64
}

// parseWeights splits a prompt at its weight brackets: "a (b) (c:1.3)" is a, b at 1.1 and c at 1.3. Brackets multiply by 1.1
// a level, a number after the last colon replaces the weight so far. Compat: brackets that do not pair stay text.
func parseWeights(prompt string) ([]segment, error) {
	p := weightParser{}
	if err := p.parse(escapes.Replace(prompt), 1, 0); err != nil {
		return nil, err
	}
	for i := range p.out {
		p.out[i].text = unescapes.Replace(p.out[i].text)
	}
	return p.out, nil
}

type weightParser struct{ out []segment }

// parse walks the top level of text. depth is the number of brackets around it.
func (p *weightParser) parse(text string, weight float64, depth int) error {
	if depth > maxDepth {
		return fault.New(fault.TooLarge, "the prompt nests brackets more than %d deep", maxDepth)
	}
	start, level := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '(':
			if level == 0 && i > start {
				if err := p.item(text[start:i], weight, depth); err != nil {
					return err
				}
				start = i
			}
			level++
		case ')':
			level--
			if level == 0 {
				if err := p.item(text[start:i+1], weight, depth); err != nil {
					return err
				}
				start = i + 1
			}
		}
	}
	if start < len(text) {
		return p.item(text[start:], weight, depth)
	}
	return nil
}

// item takes a stretch without brackets around it, or one inside a pair.
func (p *weightParser) item(text string, weight float64, depth int) error {
	if len(text) < 2 || text[0] != '(' || text[len(text)-1] != ')' {
		p.out = append(p.out, segment{text, weight})
		return nil
	}
	text = text[1 : len(text)-1]
	weight *= 1.1
	if colon := strings.LastIndexByte(text, ':'); colon > 0 {
		if w, ok := parseFloat(text[colon+1:]); ok {
			text, weight = text[:colon], w
		}
	}
	return p.parse(text, weight, depth+1)
}
