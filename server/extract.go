package server

import (
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// extract takes out of an extension's translations what is of its own, and of the form that clients look for.
type extract struct {
	id                    string                // as it is spelled in keys
	class, category, name func(key string) bool // whether a key is the extension's
	left                  int                   // bytes that may still be taken
	told                  func(what string)     // of what is left out; nil tells nobody
}

const (
	maxWordKey  = 200 // bytes
	maxWordText = 4096
	maxWordTree = 4 // levels of an extension's own texts
)

// tagOpens is what a browser takes for the start of a tag.
var tagOpens = regexp.MustCompile(`<[A-Za-z/!?]`)

// wordLink is what the client takes for a reference to another text: two that refer to each other would end it.
var wordLink = regexp.MustCompile(`@\s*[.:]`)

// shape is the form of a part of the translations: a text, an object of these fields, or one whose keys are any.
type shape struct {
	fields map[string]shape
	any    *shape
	own    func(key string) bool // which of any keys; nil is all
}

// shapes are the forms of a language's files.
func (x *extract) shapes(part string) shape {
	text := shape{}
	texts := func(own func(string) bool) shape { return shape{any: &text, own: own} }
	port := shape{fields: map[string]shape{"name": text, "tooltip": text}}
	ports := shape{any: &port}
	switch part {
	case "nodeDefs":
		node := shape{fields: map[string]shape{"display_name": text, "description": text, "inputs": ports, "outputs": ports}}
		return shape{any: &node, own: x.class}
	case "commands":
		command := shape{fields: map[string]shape{"label": text, "tooltip": text, "menubarLabel": text}}
		return shape{any: &command, own: x.name}
	case "settings":
		setting := shape{fields: map[string]shape{"name": text, "tooltip": text, "options": texts(nil)}}
		return shape{any: &setting, own: x.name}
	}
	return shape{fields: map[string]shape{"nodeCategories": texts(x.category), "settingsCategories": texts(x.name)}}
}

// language reads the files of one language.
func (x *extract) language(language string, files map[string]int64, read func(name string) ([]byte, error)) *doc.Object {
	words := &doc.Object{}
	for _, part := range wordParts {
		name := "locales/" + language + "/" + part + ".json"
		n, ok := files[name]
		if !ok {
			continue
		}
		if n > maxWordFile {
			x.tell("%s has more than %d KiB", name, maxWordFile>>10)
			continue
		}
		text, err := read(name)
		if err != nil {
			continue
		}
		o, err := doc.ParseObject(text, doc.Limits{Bytes: maxWordFile, Depth: 8, Digits: 20})
		if err != nil {
			x.tell("%s: %v", name, err)
			continue
		}
		if part == "main" {
			fill(words, x.main(o, name))
			continue
		}
		if o := x.object(x.shapes(part), o, name); o.Len() > 0 {
			words.Set(part, o)
		}
	}
	return words
}

// main takes main.json: beside what has a form, an extension has one key for texts of its own, whatever their names.
func (x *extract) main(o *doc.Object, at string) *doc.Object {
	key := "ext_" + x.id
	v, there := o.Get(key)
	if there {
		o = o.Clone()
		o.Delete(key)
	}
	out := x.object(x.shapes("main"), o, at)
	if tree, ok := v.(*doc.Object); ok {
		if t := x.tree(tree, at+": "+key, maxWordTree); t.Len() > 0 {
			out.Set(key, t)
		}
	}
	return out
}

// object takes an object of a shape.
func (x *extract) object(s shape, from *doc.Object, at string) *doc.Object {
	out := &doc.Object{}
	for i := range from.Len() {
		key, v := from.At(i)
		here := at + ": " + key
		inside, ok := s.fields[key]
		if s.any != nil {
			inside, ok = *s.any, s.own == nil || s.own(key)
		}
		if !ok {
			x.tell("%.200s is none of the extension's own, or nothing that clients look for", here)
			continue
		}
		if !x.key(key, here) {
			continue
		}
		switch t := v.(type) {
		case string:
			if inside.any == nil && inside.fields == nil {
				if x.text(t, here) {
					out.Set(key, t)
				}
				continue
			}
		case *doc.Object:
			if inside.any != nil || inside.fields != nil {
				if o := x.object(inside, t, here); o.Len() > 0 {
					out.Set(key, o)
				}
				continue
			}
		}
		x.tell("%.200s is of another type than clients look for", here)
	}
	return out
}

// tree takes texts under any names.
func (x *extract) tree(from *doc.Object, at string, depth int) *doc.Object {
	out := &doc.Object{}
	for i := range from.Len() {
		key, v := from.At(i)
		here := at + "." + key
		if !x.key(key, here) {
			continue
		}
		switch t := v.(type) {
		case string:
			if x.text(t, here) {
				out.Set(key, t)
			}
			continue
		case *doc.Object:
			if depth > 1 {
				if o := x.tree(t, here, depth-1); o.Len() > 0 {
					out.Set(key, o)
				}
				continue
			}
		}
		x.tell("%.200s is no text, or lies too deep", here)
	}
	return out
}

// key looks whether a key can do no harm where clients make objects of it.
func (x *extract) key(key, at string) bool {
	if key == "" || len(key) > maxWordKey || key == "__proto__" || key == "constructor" || key == "prototype" {
		x.tell("%.200s has a key that is empty, too long or a word of JavaScript's", at)
		return false
	}
	return x.take(len(key), at)
}

// text looks whether a text is one that clients may show anywhere.
func (x *extract) text(text, at string) bool {
	switch {
	case len(text) > maxWordText || !utf8.ValidString(text):
		x.tell("%.200s has more than %d bytes", at, maxWordText)
		return false
	case tagOpens.MatchString(text):
		x.tell("%.200s has the start of a tag", at)
		return false
	case wordLink.MatchString(text):
		x.tell("%.200s refers to another text by @: or @.", at)
		return false
	}
	return x.take(len(text), at)
}

func (x *extract) take(n int, at string) bool {
	if n += 8; n > x.left {
		x.tell("%.200s and what follows is too much", at)
		return false
	}
	x.left -= n
	return true
}

func (x *extract) tell(format string, args ...any) {
	if x.told != nil {
		x.told(fmt.Sprintf(format, args...))
	}
}
