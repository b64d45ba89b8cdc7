package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// asksForAll reports what a module uses and its manifest does not ask for.
func asksForAll(m *pack.Manifest, uses []string) error {
	asked := m.Capabilities.All()
	var names, forms []string
	for _, c := range uses {
		if !asked.Has(c) {
			names, forms = append(names, c), append(forms, capabilityForm(c))
		}
	}
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("the module uses %s, which manifest.json does not ask for, so that no server will load it: add %s to its capabilities", listed(names), strings.Join(forms, ", "))
}

// capabilityForm is what to write into a manifest to ask for a capability.
func capabilityForm(capability string) string {
	form, ok := map[string]string{
		"tensor": `"tensor": {}`, "kv": `"kv": {"bytes": 1048576}`, "node": `"node": {"classes": ["ImageScale"]}`, "msg": `"msg": {}`,
		"http": `"http": [{"rule": "GET https://api.example.com/*"}]`, "asset": `"asset": {"read": ["chosen"]}`, "ws": `"ws": ["progress"]`,
	}[capability]
	if !ok {
		return fmt.Sprintf("%q", capability)
	}
	return form
}

// listed joins names as a sentence does.
func listed(names []string) string {
	if n := len(names) - 1; n > 0 {
		return strings.Join(names[:n], ", ") + " and " + names[n]
	}
	return strings.Join(names, "")
}

// warnUnasked tells what an extension has that nobody will reach, because its manifest does not ask for it.
func warnUnasked(w io.Writer, e *wasmhost.Extension) {
	lists := map[string][]string{}
	var names, forms []string
	for _, u := range e.Unasked() {
		kind, what, _ := strings.Cut(u, ":")
		what = strings.TrimPrefix(what, "receive ")
		lists[kind] = append(lists[kind], what)
		if kind == "ws" {
			what = "messages " + what
		}
		names = append(names, what)
	}
	c := e.Manifest.Capabilities
	if l := lists["routes"]; len(l) > 0 {
		forms = append(forms, `"routes": `+jsonText(slices.Concat(c.Routes, l)))
	}
	if l := lists["ws"]; len(l) > 0 {
		forms = append(forms, `"ws": `+jsonText(pack.WSCap{Send: c.WS.Send, Receive: slices.Concat(c.WS.Receive, l)}))
	}
	if len(names) == 0 {
		return
	}
	fmt.Fprintf(w, "Nobody reaches %s: manifest.json does not ask for it. In its capabilities it is %s\n", listed(names), strings.Join(forms, ", "))
}

// jsonText is a value as a manifest has it, with a space between the items of a list.
func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return strings.ReplaceAll(string(b), `","`, `", "`)
}

// warnOnce is warnUnasked for the first of the starts of an extension.
func warnOnce(w io.Writer) func(e *wasmhost.Extension) {
	var once sync.Once
	return func(e *wasmhost.Extension) { once.Do(func() { warnUnasked(w, e) }) }
}
