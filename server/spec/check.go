package spec

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// Checker compares values with schemas that Schema makes.
type Checker struct {
	Named map[string]*doc.Object // schemas by their names
}

// Check tells what of a value, as encoding/json decodes it into any, is not as a schema has it. path is where the value stands.
func (c Checker) Check(schema *doc.Object, v any, path string) error {
	if name, ok := text(schema, "$ref"); ok {
		const root = "#/components/schemas/"
		named := c.Named[name[min(len(root), len(name)):]]
		if named == nil {
			return fmt.Errorf("%s: there is no shape %s", path, name)
		}
		return c.Check(named, v, path)
	}
	if of, ok := list(schema, "anyOf"); ok {
		return c.any(of, v, path)
	}
	if of, ok := list(schema, "enum"); ok && !slices.Contains(of, v) {
		return fmt.Errorf("%s is %v, want one of %v", path, v, of)
	}
	kind, ok := text(schema, "type")
	if !ok {
		return nil // anything
	}
	if got := kindOf(v); got != kind && !(kind == "number" && got == "integer") {
		return fmt.Errorf("%s is %s, want %s", path, got, kind)
	}
	switch t := v.(type) {
	case []any:
		return c.items(schema, t, path)
	case map[string]any:
		return c.fields(schema, t, path)
	}
	return nil
}

func (c Checker) any(of []any, v any, path string) (err error) {
	for _, s := range of {
		if err = c.Check(s.(*doc.Object), v, path); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%s fits none of the %d shapes it may have, the last as %w", path, len(of), err)
}

func (c Checker) items(schema *doc.Object, v []any, path string) error {
	at := func(i int) string { return path + "[" + strconv.Itoa(i) + "]" }
	if each, ok := list(schema, "prefixItems"); ok {
		if len(each) != len(v) {
			return fmt.Errorf("%s has %d items, want %d", path, len(v), len(each))
		}
		for i, s := range each {
			if err := c.Check(s.(*doc.Object), v[i], at(i)); err != nil {
				return err
			}
		}
		return nil
	}
	s, _ := schema.Get("items")
	one, ok := s.(*doc.Object)
	for i := range v {
		if !ok {
			break
		}
		if err := c.Check(one, v[i], at(i)); err != nil {
			return err
		}
	}
	return nil
}

func (c Checker) fields(schema *doc.Object, v map[string]any, path string) error {
	required, _ := list(schema, "required")
	for _, name := range required {
		if _, ok := v[name.(string)]; !ok {
			return fmt.Errorf("%s lacks %v", path, name)
		}
	}
	known, _ := schema.Get("properties")
	properties, _ := known.(*doc.Object)
	rest, _ := schema.Get("additionalProperties")
	for name, e := range v {
		s, _ := rest.(*doc.Object)
		if properties != nil {
			p, _ := properties.Get(name)
			s, _ = p.(*doc.Object)
		}
		if s == nil {
			continue
		}
		if err := c.Check(s, e, path+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func kindOf(v any) string {
	switch t := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if t == float64(int64(t)) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func text(o *doc.Object, key string) (string, bool) {
	v, _ := o.Get(key)
	s, ok := v.(string)
	return s, ok
}

func list(o *doc.Object, key string) ([]any, bool) {
	v, _ := o.Get(key)
	l, ok := v.([]any)
	return l, ok
}
