package describe

import (
	"testing"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// TestNamesAreNoMarkup refuses names that a client would put into its page as HTML.
func TestNamesAreNoMarkup(t *testing.T) {
	const script = "<img src=x onerror=alert(1)>"
	in := func(key, value string) any {
		m := map[string]any{"name": "x", "type": "INT"}
		m[key] = value
		return map[string]any{"inputs": []any{m}}
	}
	choice := func(all ...any) any {
		return map[string]any{"inputs": []any{map[string]any{"name": "x", "type": "COMBO", "choices": all}}}
	}
	for _, x := range []struct {
		name string
		node any
		ok   bool
	}{
		{"plain", map[string]any{"name": "A < B, 1<2 & more", "category": "a/b"}, true},
		{"help", map[string]any{"help": "a <b>bold</b> text"}, true},
		{"name", map[string]any{"name": script}, false},
		{"end tag", map[string]any{"name": "x</span>"}, false},
		{"comment", map[string]any{"category": "a/<!-- x"}, false},
		{"alias", map[string]any{"aliases": []any{script}}, false},
		{"input", in("name", script), false},
		{"type", in("type", script), false},
		{"shown as", map[string]any{"inputs": []any{map[string]any{"name": "x", "type": "INT", "options": map[string]any{"display_name": script}}}}, false},
		{"nested", map[string]any{"inputs": []any{map[string]any{"name": "m", "type": "COMFY_DYNAMICCOMBO_V3", "forms": map[string]any{"cases": []any{map[string]any{"key": "k",
			"inputs": []any{map[string]any{"name": script, "type": "*"}}}}}}}}, false},
		{"a choice", choice("a < b", "<none>", "<lora:x:1>"), true},
		{"a choice that is a script", choice("a", script), false},
		{"a choice without spaces", choice("<svg/onload=alert(1)>"), false},
		{"a choice that is a style", choice("<Style>*{color:red}</style>"), false},
		{"a choice in a form", map[string]any{"inputs": []any{map[string]any{"name": "m", "type": "COMFY_DYNAMICCOMBO_V3", "forms": map[string]any{"cases": []any{map[string]any{"key": "k",
			"inputs": []any{map[string]any{"name": "x", "type": "COMBO", "choices": []any{script}}}}}}}}}, false},
		{"output", map[string]any{"outputs": []any{map[string]any{"type": "INT", "name": script}}}, false},
	} {
		t.Run(x.name, func(t *testing.T) {
			m := abi.AsMap(x.node)
			m["id"] = "A"
			if _, err := readNode(m, "acme.lens"); (err == nil) != x.ok {
				t.Errorf("taken: %v, want %v", err, x.ok)
			}
		})
	}
}

// TestModuleName keeps the extension's id in one piece: clients cut at dots.
func TestModuleName(t *testing.T) {
	s, err := readNode(abi.Map{"id": "A"}, "acme.lens-2")
	if err != nil || s.Module != "custom_nodes.acme_lens-2" {
		t.Errorf("%v, %v", s, err)
	}
}
