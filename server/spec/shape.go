// Package spec writes the operations of an API in a short notation, and makes OpenAPI 3.1 of it. The notation of a value is
//
//	string int number bool object any null uuid bytes   what it says
//	"a"|"b"                                             one of these texts
//	T|U                                                 one or the other
//	[T]                                                 a list
//	[T, U]                                              a list of exactly these
//	{a: T, b?: U}                                       an object; b may be missing, and more may be there
//	{*: T}                                              an object whose values are all T
//	Name                                                a shape that has a name
package spec

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// Schema makes the JSON Schema of a value's notation. Named shapes become references to components.
func Schema(text string) (*doc.Object, error) {
	p := &parser{text: text}
	s, err := p.either(0)
	if err == nil && p.peek() != 0 {
		err = p.wrong("an end")
	}
	return s, err
}

// parser reads notation. It looks at bytes, since the notation itself is plain ASCII.
type parser struct {
	text string
	at   int
}

func (p *parser) wrong(want string) error {
	return fmt.Errorf("notation %q, byte %d: want %s", p.text, p.at, want)
}

// peek is the next byte that is no space; 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && unicode.IsSpace(rune(p.text[p.at])) {
		p.at++
	}
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

func (p *parser) take(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

// maxDepth bounds how deep notation is nested.
const maxDepth = 30

// either reads T|U|…
func (p *parser) either(depth int) (*doc.Object, error) {
	var texts, all []any
	for {
		if p.peek() == '"' {
			t, err := p.quoted()
			if err != nil {
				return nil, err
			}
			texts = append(texts, t)
		} else {
			s, err := p.one(depth)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		if !p.take('|') {
			break
		}
	}
	if len(texts) > 0 {
		all = append(all, doc.Of("type", "string", "enum", texts))
	}
	if len(all) == 1 {
		return all[0].(*doc.Object), nil
	}
	return doc.Of("anyOf", all), nil
}

func (p *parser) quoted() (string, error) {
	end := strings.IndexByte(p.text[p.at+1:], '"')
	if end < 0 {
		return "", p.wrong("a closing quote")
	}
	t, err := strconv.Unquote(p.text[p.at : p.at+end+2])
	p.at += end + 2
	return t, err
}

func (p *parser) one(depth int) (*doc.Object, error) {
	if depth > maxDepth {
		return nil, p.wrong("less depth")
	}
	switch {
	case p.take('['):
		return p.list(depth + 1)
	case p.take('{'):
		return p.fields(depth + 1)
	}
	return p.named()
}

// list reads T] or T, U].
func (p *parser) list(depth int) (*doc.Object, error) {
	var items []any
	for {
		s, err := p.either(depth)
		if err != nil {
			return nil, err
		}
		items = append(items, s)
		if p.take(']') {
			break
		}
		if !p.take(',') {
			return nil, p.wrong("a comma or ]")
		}
	}
	if len(items) == 1 {
		return doc.Of("type", "array", "items", items[0]), nil
	}
	return doc.Of("type", "array", "prefixItems", items, "items", false, "minItems", len(items)), nil
}

// fields reads a: T, b?: U} or *: T}.
func (p *parser) fields(depth int) (*doc.Object, error) {
	if p.take('*') {
		if !p.take(':') {
			return nil, p.wrong("a colon")
		}
		s, err := p.either(depth)
		if err == nil && !p.take('}') {
			err = p.wrong("}")
		}
		return doc.Of("type", "object", "additionalProperties", s), err
	}
	properties, required := &doc.Object{}, []any{}
	for !p.take('}') {
		name := p.word()
		optional := p.take('?')
		if name == "" || !p.take(':') {
			return nil, p.wrong("a name and a colon")
		}
		s, err := p.either(depth)
		if err != nil {
			return nil, err
		}
		properties.Set(name, s)
		if !optional {
			required = append(required, name)
		}
		if !p.take(',') && p.peek() != '}' {
			return nil, p.wrong("a comma or }")
		}
	}
	o := doc.Of("type", "object", "properties", properties)
	if len(required) > 0 {
		o.Set("required", required)
	}
	return o, nil
}

func (p *parser) word() string {
	p.peek()
	from := p.at
	for p.at < len(p.text) && (p.text[p.at] == '_' || p.text[p.at] == '-' || unicode.IsLetter(rune(p.text[p.at])) || unicode.IsDigit(rune(p.text[p.at]))) {
		p.at++
	}
	return p.text[from:p.at]
}

func (p *parser) named() (*doc.Object, error) {
	switch w := p.word(); w {
	case "any":
		return doc.Of(), nil
	case "int":
		return doc.Of("type", "integer"), nil
	case "bool":
		return doc.Of("type", "boolean"), nil
	case "uuid":
		return doc.Of("type", "string", "format", "uuid"), nil
	case "bytes":
		return doc.Of("type", "string", "contentMediaType", "application/octet-stream"), nil
	case "object":
		return doc.Of("type", w, "additionalProperties", true), nil
	case "string", "number", "null":
		return doc.Of("type", w), nil
	default:
		if w == "" || !unicode.IsUpper(rune(w[0])) {
			return nil, p.wrong("a type")
		}
		return doc.Of("$ref", "#/components/schemas/"+w), nil
	}
}
