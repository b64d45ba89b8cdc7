package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/engine/doc"
)

// TestWordsOfExtensions lets extensions say what is theirs to say, and nothing else.
func TestWordsOfExtensions(t *testing.T) {
	const nothing = `{"en": {"greeting": "hi", "nodeDefs": {"ByPack": {"display_name": "Pack's"}}}}`
	with := func(words string) string { return strings.TrimSuffix(nothing, "}") + `, "de": ` + words + "}" }
	for _, x := range []struct {
		name, file, text, want string
	}{
		{"own class", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "Linse"}}`, with(`{"nodeDefs": {"Lens": {"display_name": "Linse"}}}`)},
		{"class with a dot", "locales/de/nodeDefs.json", `{"Lens_Two": {"display_name": "Zwei"}, "Lens.Two": {"display_name": "Zwei"}}`, with(`{"nodeDefs": {"Lens_Two": {"display_name": "Zwei"}}}`)},
		{"core class", "locales/de/nodeDefs.json", `{"Core": {"display_name": "x"}}`, nothing},
		{"core class as it is spelled", "locales/de/nodeDefs.json", `{"Core_Two": {"display_name": "x"}}`, nothing},
		{"another's class", "locales/de/nodeDefs.json", `{"Blur": {"display_name": "x"}}`, nothing},
		{"unknown class", "locales/de/nodeDefs.json", `{"KSampler": {"display_name": "x"}}`, nothing},
		{"a pack's words", "locales/en/nodeDefs.json", `{"ByPack": {"display_name": "x", "description": "y"}}`, nothing},
		{"wrong types", "locales/de/nodeDefs.json", `{"Lens": {"display_name": {"type": 0, "body": {"static": "x"}}, "description": 1, "inputs": [], "outputs": {"0": "x"}}}`, nothing},
		{"unknown fields", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "x", "onclick": "y"}}`, with(`{"nodeDefs": {"Lens": {"display_name": "x"}}}`)},
		{"markup", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "\u003cimg src=x onerror=alert(1)>", "description": "1 < 2"}}`, with(`{"nodeDefs": {"Lens": {"description": "1 < 2"}}}`)},
		{"a link to itself", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "@:nodeDefs.Lens.display_name", "description": "@ .lower:x"}}`, nothing},
		{"prototype", "locales/de/nodeDefs.json", `{"__proto__": {"display_name": "x"}, "Lens": {"inputs": {"__proto__": {"name": "x"}, "constructor": {"name": "y"}}}}`, nothing},
		{"own command", "locales/de/commands.json", `{"acme_lens_go": {"label": "Los"}, "acme_lens": {"label": "Linse"}}`, with(`{"commands": {"acme_lens_go": {"label": "Los"}, "acme_lens": {"label": "Linse"}}}`)},
		{"core command", "locales/de/commands.json", `{"Comfy_QueuePrompt": {"label": "x"}, "acme_lensx": {"label": "x"}, "acme": {"label": "x"}, "acme_lens_pro_go": {"label": "x"}}`, nothing},
		{"core setting", "locales/de/settings.json", `{"Comfy_Locale": {"name": "x"}}`, nothing},
		{"shared menu", "locales/de/main.json", `{"nodeCategories": {"shared": "x", "core": "x", "loaders": "x"}, "g": {"yes": "no"}, "menu": {"run": "x"}, "ext_acme": {"a": "x"}, "nodeDefs": {"Core": {"display_name": "x"}}}`, nothing},
		{"too deep a tree", "locales/de/main.json", `{"ext_acme_lens": {"a": {"b": {"c": {"d": "4", "e": {"f": "5"}}}}}}`, with(`{"ext_acme_lens": {"a": {"b": {"c": {"d": "4"}}}}}`)},
		{"too deep", "locales/de/main.json", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), nothing},
		{"a list", "locales/de/nodeDefs.json", `[]`, nothing},
		{"no JSON", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "x"}} x`, nothing},
		{"long text", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "` + strings.Repeat("x", maxWordText+1) + `"}}`, nothing},
		{"long file", "locales/de/nodeDefs.json", `{"Lens": {"display_name": "x"}}` + strings.Repeat(" ", maxWordFile), nothing},
		{"no language", "locales/__proto__/nodeDefs.json", `{"Lens": {"display_name": "x"}}`, nothing},
		{"no part", "locales/de/other.json", `{"Lens": {"display_name": "x"}}`, nothing},
		{"nested folder", "locales/de/x/main.json", `{"ext_acme_lens": {"a": "x"}}`, nothing},
	} {
		t.Run(x.name, func(t *testing.T) {
			s, l := librarySite(t)
			l.set("", "acme.blur", map[string]string{"classes": "Blur"})
			l.set("", "acme.lens.pro", map[string]string{"classes": ""})
			l.set("", "acme.lens", map[string]string{"classes": "Lens Lens.Two Core.Two", x.file: x.text})
			_, body, _ := s.get("", "/i18n")
			if d := cmp.Diff(x.want, body); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestManyWords bounds what one extension and all of them add.
func TestManyWords(t *testing.T) {
	s, l := librarySite(t)
	var text strings.Builder
	text.WriteString(`{"ext_a": {"k": "v"`)
	for text.Len() < maxWordFile-8000 {
		text.WriteString(`, "` + string([]byte{'a' + byte(text.Len()%26), 'a' + byte(text.Len()/26%26)}) + strings.Repeat("k", text.Len()/1000%100) + `": "` + strings.Repeat("x", 4000) + `"`)
	}
	text.WriteString("}}")
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"} {
		files := map[string]string{}
		for _, lang := range []string{"de", "en", "fr"} {
			files["locales/"+lang+"/main.json"] = strings.Replace(text.String(), "ext_a", "ext_"+id, 1)
		}
		l.set("", id, files)
	}
	_, body, _ := s.get("", "/i18n")
	if len(body) < maxAllWords/2 || len(body) > maxAllWords+1<<20 {
		t.Errorf("%d bytes", len(body))
	}
}

// FuzzWords looks for what must not come out of an extension's translations, whatever goes in.
func FuzzWords(f *testing.F) {
	for _, text := range []string{`{"Lens": {"display_name": "x", "inputs": {"a": {"name": "b"}}}}`, `{"acme_lens": {"label": "x", "options": {"a": "b"}}}`, `{"nodeCategories": {"own": "x"}, "ext_acme_lens": {"a": {"b": "c"}}}`,
		`{"Lens": {"display_name": "@:x <b>"}, "__proto__": {"a": 1}}`, `[]`, `{"Lens": "x"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		own := func(keys ...string) func(string) bool {
			return func(key string) bool { return slices.Contains(keys, key) }
		}
		for _, part := range wordParts {
			x := extract{id: "acme_lens", left: 1000, class: own("Lens"), category: own("own"), name: own("acme_lens")}
			name := "locales/de/" + part + ".json"
			o := x.language("de", map[string]int64{name: int64(len(text))}, func(string) ([]byte, error) { return text, nil })
			if n := len(doc.Encode(o)); n > 3000 || x.left < 0 {
				t.Errorf("%d bytes, %d left", n, x.left)
			}
			for _, key := range o.Keys() {
				inside, _ := o.Get(key)
				for _, k := range inside.(*doc.Object).Keys() {
					if key != "ext_acme_lens" && !slices.Contains([]string{"Lens", "own", "acme_lens"}, k) {
						t.Errorf("%s of %s came through", k, key)
					}
				}
			}
			checkWords(t, o, 1)
		}
	})
}

func checkWords(t *testing.T, v any, depth int) {
	switch x := v.(type) {
	case string:
		if tagOpens.MatchString(x) || wordLink.MatchString(x) {
			t.Errorf("%q came through", x)
		}
	case *doc.Object:
		for i := range x.Len() {
			key, e := x.At(i)
			if key == "__proto__" || key == "constructor" || depth > 6 {
				t.Errorf("%q came through", key)
			}
			checkWords(t, e, depth+1)
		}
	default:
		t.Errorf("%T came through", v)
	}
}

// FuzzSubgraph reads what may be a subgraph.
func FuzzSubgraph(f *testing.F) {
	for _, text := range []string{aSubgraph, `{"nodes": [null], "definitions": {"subgraphs": [null]}}`, `{"nodes": [{"type": "a", "inputs": [1]}], "definitions": {"subgraphs": [{"id": "a"}]}}`, "[]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if checkSubgraph(text) != nil {
			return
		}
		o, err := graphOf(text)
		if nodes, _ := doc.Within(o, "nodes").([]any); err != nil || len(nodes) != 1 {
			t.Errorf("%q was taken", text)
		}
	})
}
