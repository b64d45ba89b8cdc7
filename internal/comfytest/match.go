// Package comfytest replays recorded scenarios of ComfyUI's API against a server, which it knows by its URL alone, and says
// where the server answers otherwise. It tests Cocoon, a deployment of it, or another server of the same API.
package comfytest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
)

// matcher compares values with patterns and remembers what they bind.
type matcher struct {
	bound map[string]any
}

// decode reads JSON with numbers as they are written.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the JSON value")
	}
	return v, nil
}

// match compares a value with a pattern and says where they differ; "" means that they fit. What a failed match bound is
// forgotten.
func (m *matcher) match(pattern, got any) string {
	before := maps.Clone(m.bound)
	why := m.at("$", pattern, got)
	if why != "" {
		m.bound = before
	}
	return why
}

func (m *matcher) at(path string, pattern, got any) string {
	switch p := pattern.(type) {
	case map[string]any:
		for k := range p {
			if strings.HasPrefix(k, "$") {
				return m.special(path, p, got)
			}
		}
		return m.object(path, p, got, true)
	case []any:
		return m.list(path, p, got)
	case json.Number:
		if n, ok := got.(json.Number); ok && sameNumber(p, n) {
			return ""
		}
	case string:
		if s, ok := got.(string); ok && s == m.fill(p) {
			return ""
		}
	default:
		if pattern == got {
			return ""
		}
	}
	return fmt.Sprintf("%s: want %s, got %s", path, show(pattern), show(got))
}

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(string(a))
	y, okY := new(big.Rat).SetString(string(b))
	return okX && okY && x.Cmp(y) == 0
}

func (m *matcher) object(path string, p map[string]any, got any, exact bool) string {
	o, ok := got.(map[string]any)
	if !ok {
		return fmt.Sprintf("%s: want an object, got %s", path, show(got))
	}
	for _, k := range slices.Sorted(maps.Keys(p)) {
		v, there := o[m.fill(k)]
		if !there {
			return fmt.Sprintf("%s: no key %q in %s", path, k, show(got))
		}
		if why := m.at(path+"."+k, p[k], v); why != "" {
			return why
		}
	}
	if exact && len(o) > len(p) {
		for k := range o {
			if _, wanted := p[k]; !wanted && !m.wanted(p, k) {
				return fmt.Sprintf("%s: unexpected key %q: %s", path, k, show(o[k]))
			}
		}
	}
	return ""
}

func (m *matcher) wanted(p map[string]any, key string) bool {
	for k := range p {
		if m.fill(k) == key {
			return true
		}
	}
	return false
}

func (m *matcher) list(path string, p []any, got any) string {
	l, ok := got.([]any)
	if !ok || len(l) != len(p) {
		return fmt.Sprintf("%s: want %d items %s, got %s", path, len(p), show(p), show(got))
	}
	for i := range p {
		if why := m.at(fmt.Sprintf("%s[%d]", path, i), p[i], l[i]); why != "" {
			return why
		}
	}
	return ""
}

// special evaluates an object of matchers: all must hold.
func (m *matcher) special(path string, p map[string]any, got any) string {
	for _, k := range slices.Sorted(maps.Keys(p)) {
		if why := m.one(path, k, p[k], got); why != "" {
			return why
		}
	}
	return ""
}

func (m *matcher) one(path, kind string, arg, got any) string {
	switch kind {
	case "$json":
		s, ok := got.(string)
		if !ok {
			return fmt.Sprintf("%s: want a string of JSON, got %s", path, show(got))
		}
		v, err := decode([]byte(s))
		if err != nil {
			return fmt.Sprintf("%s: %q is no JSON: %v", path, s, err)
		}
		return m.at(path+"(json)", arg, v)
	case "$any":
		return ofKind(path, arg, got)
	case "$re":
		return m.regexp(path, arg, got)
	case "$bind":
		return m.bind(path, arg, got)
	case "$has":
		o, _ := arg.(map[string]any)
		return m.object(path, o, got, false)
	case "$keys":
		return keys(path, arg, got)
	case "$set":
		l, _ := arg.([]any)
		return m.set(path, l, got)
	case "$each":
		return m.each(path, arg, got)
	case "$oneof":
		return m.oneOf(path, arg, got)
	}
	return fmt.Sprintf("%s: unknown matcher %s", path, kind)
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func ofKind(path string, kind, got any) string {
	ok := false
	switch x := got.(type) {
	case json.Number:
		_, whole := new(big.Int).SetString(string(x), 10)
		ok = kind == "number" || kind == "int" && whole
	case string:
		ok = kind == "string" || kind == "uuid" && uuidForm.MatchString(x)
	case bool:
		ok = kind == "bool"
	case []any:
		ok = kind == "array"
	case map[string]any:
		ok = kind == "object"
	}
	if ok || kind == "any" {
		return ""
	}
	return fmt.Sprintf("%s: want any %v, got %s", path, kind, show(got))
}

func (m *matcher) regexp(path string, arg, got any) string {
	pattern, _ := arg.(string)
	re, err := regexp.Compile(`\A(?s:` + pattern + `)\z`)
	if err != nil {
		return fmt.Sprintf("%s: %v", path, err)
	}
	if s, ok := got.(string); ok && re.MatchString(s) {
		return ""
	}
	return fmt.Sprintf("%s: want a string like %s, got %s", path, pattern, show(got))
}

func (m *matcher) bind(path string, arg, got any) string {
	name, _ := arg.(string)
	if v, ok := m.bound[name]; ok {
		return m.at(path, v, got)
	}
	if m.bound == nil {
		m.bound = map[string]any{}
	}
	m.bound[name] = got
	return ""
}

func keys(path string, arg, got any) string {
	o, ok := got.(map[string]any)
	names, _ := arg.([]any)
	if !ok || len(o) != len(names) {
		return fmt.Sprintf("%s: want the keys %s, got %s", path, show(arg), show(got))
	}
	for _, n := range names {
		if _, there := o[fmt.Sprint(n)]; !there {
			return fmt.Sprintf("%s: no key %v", path, n)
		}
	}
	return ""
}

func (m *matcher) each(path string, p, got any) string {
	l, ok := got.([]any)
	if !ok {
		return fmt.Sprintf("%s: want an array, got %s", path, show(got))
	}
	for i, v := range l {
		if why := m.at(fmt.Sprintf("%s[%d]", path, i), p, v); why != "" {
			return why
		}
	}
	return ""
}

func (m *matcher) oneOf(path string, arg, got any) string {
	list, _ := arg.([]any)
	var whys []string
	for _, p := range list {
		before := maps.Clone(m.bound)
		why := m.at(path, p, got)
		if why == "" {
			return ""
		}
		m.bound = before
		whys = append(whys, why)
	}
	return fmt.Sprintf("%s: none of %d patterns fits: %s", path, len(list), strings.Join(whys, "; "))
}

// set finds an item for each pattern, whatever their order.
func (m *matcher) set(path string, patterns []any, got any) string {
	l, ok := got.([]any)
	if !ok || len(l) != len(patterns) {
		return fmt.Sprintf("%s: want a set of %d items %s, got %s", path, len(patterns), show(patterns), show(got))
	}
	if m.assign(path, patterns, l, make([]bool, len(l))) {
		return ""
	}
	return fmt.Sprintf("%s: want the set %s, got %s", path, show(patterns), show(got))
}

func (m *matcher) assign(path string, patterns, items []any, used []bool) bool {
	if len(patterns) == 0 {
		return true
	}
	for i, v := range items {
		if used[i] {
			continue
		}
		before := maps.Clone(m.bound)
		if m.at(path, patterns[0], v) == "" {
			used[i] = true
			if m.assign(path, patterns[1:], items, used) {
				return true
			}
			used[i] = false
		}
		m.bound = before
	}
	return false
}

var placeholder = regexp.MustCompile(`\$\{([a-zA-Z0-9_]+)\}`)

// fill puts bound values in the place of ${name}.
func (m *matcher) fill(s string) string {
	if !strings.Contains(s, "${") {
		return s
	}
	return placeholder.ReplaceAllStringFunc(s, func(p string) string {
		if v, ok := m.bound[p[2:len(p)-1]]; ok {
			return fmt.Sprint(v)
		}
		return p
	})
}

// maxShown bounds how much of a value a message shows.
const maxShown = 600

func show(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(b) > maxShown {
		return string(b[:maxShown]) + "…"
	}
	return string(b)
}
