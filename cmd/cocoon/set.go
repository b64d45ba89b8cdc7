package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// applySets changes inputs of a prompt: each set is node.input=value, where node is an id or a title.
func applySets(prompt json.RawMessage, sets []string) (json.RawMessage, error) {
	if len(sets) == 0 {
		return prompt, nil
	}
	o, err := doc.ParseObject(prompt, doc.DefaultLimits())
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if err := applySet(o, s); err != nil {
			return nil, err
		}
	}
	return doc.Encode(o), nil
}

func applySet(prompt *doc.Object, set string) error {
	target, text, ok := strings.Cut(set, "=")
	dot := strings.LastIndex(target, ".")
	if !ok || dot < 0 {
		return fmt.Errorf("--set %q: must be node.input=value", set)
	}
	name, input := target[:dot], target[dot+1:]
	n, err := findNode(prompt, name)
	if err != nil {
		return fmt.Errorf("--set %q: %w", set, err)
	}
	v, _ := n.Get("inputs")
	inputs, ok := v.(*doc.Object)
	if !ok {
		return fmt.Errorf("--set %q: node %s has no inputs", set, name)
	}
	old, ok := inputs.Get(input)
	if !ok {
		return fmt.Errorf("--set %q: node %s has no input %s; it has %s", set, name, input, strings.Join(inputs.Keys(), ", "))
	}
	inputs.Set(input, parseValue(text, old))
	return nil
}

// findNode finds a node by id, else by title, which must be of one node only.
func findNode(prompt *doc.Object, name string) (*doc.Object, error) {
	if v, ok := prompt.Get(name); ok {
		if n, ok := v.(*doc.Object); ok {
			return n, nil
		}
	}
	var found []*doc.Object
	var titles []string
	for i := range prompt.Len() {
		id, v := prompt.At(i)
		n, ok := v.(*doc.Object)
		if !ok {
			continue
		}
		title := titleOf(n)
		titles = append(titles, fmt.Sprintf("%s (%s)", id, title))
		if strings.EqualFold(title, name) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("there is no node %q; there are %s", name, strings.Join(titles, ", "))
	}
	return nil, fmt.Errorf("%d nodes are called %q; use an id", len(found), name)
}

func titleOf(n *doc.Object) string {
	if v, ok := n.Get("_meta"); ok {
		if meta, ok := v.(*doc.Object); ok {
			if t, ok := meta.Get("title"); ok {
				return fmt.Sprint(t)
			}
		}
	}
	class, _ := n.Get("class_type")
	return fmt.Sprint(class)
}

// parseValue reads text as JSON, unless the old value is text.
func parseValue(text string, old any) any {
	if _, ok := old.(string); ok {
		return text
	}
	if v, err := doc.Parse([]byte(text), doc.DefaultLimits()); err == nil {
		return v
	}
	return text
}
