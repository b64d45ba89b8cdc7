package main

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// parse reads a JSON text: nil, bool, int64, float64 (with a point or an exponent, or too long for the other), string, []any
// and map[string]any.
func parse(text string) (any, error) {
	p := &parser{s: text}
	v := p.value(0)
	p.blanks()
	if p.broken || p.i < len(p.s) {
		return nil, guest.Raise("json.decoder.JSONDecodeError", "the text is no JSON (char "+strconv.Itoa(p.i)+")")
	}
	return v, nil
}

type parser struct {
	s      string
	i      int
	broken bool
}

const maxNesting = 200

func (p *parser) fail() any {
	p.broken = true
	return nil
}

func (p *parser) blanks() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

// took moves over a byte that must or may come next.
func (p *parser) took(c byte) bool {
	p.blanks()
	if p.broken || p.i >= len(p.s) || p.s[p.i] != c {
		return false
	}
	p.i++
	return true
}

func (p *parser) value(depth int) any {
	p.blanks()
	if p.broken || p.i >= len(p.s) || depth > maxNesting {
		return p.fail()
	}
	for word, v := range map[string]any{"null": nil, "true": true, "false": false} {
		if strings.HasPrefix(p.s[p.i:], word) {
			p.i += len(word)
			return v
		}
	}
	switch {
	case p.s[p.i] == '"':
		return p.text()
	case p.took('['):
		return p.array(depth)
	case p.took('{'):
		return p.object(depth)
	}
	return p.number()
}

func (p *parser) array(depth int) any {
	out := []any{}
	if p.took(']') {
		return out
	}
	for {
		out = append(out, p.value(depth+1))
		if p.took(']') {
			return out
		}
		if !p.took(',') {
			return p.fail()
		}
	}
}

func (p *parser) object(depth int) any {
	out := map[string]any{}
	if p.took('}') {
		return out
	}
	for {
		p.blanks()
		if p.i >= len(p.s) || p.s[p.i] != '"' {
			return p.fail()
		}
		key := p.text()
		if !p.took(':') {
			return p.fail()
		}
		out[key] = p.value(depth + 1)
		if p.took('}') {
			return out
		}
		if !p.took(',') {
			return p.fail()
		}
	}
}

func (p *parser) number() any {
	from := p.i
	for p.i < len(p.s) && strings.IndexByte("+-.eE0123456789", p.s[p.i]) >= 0 {
		p.i++
	}
	text := p.s[from:p.i]
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return p.fail()
	}
	return f
}

func (p *parser) text() string {
	var b strings.Builder
	for p.i++; p.i < len(p.s); {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		p.i += n
		switch r {
		case '"':
			return b.String()
		case '\\':
			p.escape(&b)
		default:
			b.WriteRune(r)
		}
	}
	p.broken = true
	return ""
}

func (p *parser) escape(b *strings.Builder) {
	if p.i >= len(p.s) {
		p.broken = true
		return
	}
	c := p.s[p.i]
	p.i++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		return
	}
	if c != 'u' {
		p.broken = true
		return
	}
	r := p.unit()
	if utf16.IsSurrogate(r) && strings.HasPrefix(p.s[p.i:], `\u`) {
		p.i += 2
		r = utf16.DecodeRune(r, p.unit())
	}
	b.WriteRune(r)
}

func (p *parser) unit() rune {
	if p.i+4 > len(p.s) {
		p.broken = true
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(p.s[p.i:p.i+4], 16, 16)
	p.broken = p.broken || err != nil
	p.i += 4
	return rune(n)
}
