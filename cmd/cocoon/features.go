package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/server"
)

// features are the values of --feature-flag.
type features struct{ values map[string]any }

// knownFeature is a flag whose value is true or false; values of others stay texts. Compat.
type knownFeature struct {
	Name, About string
}

// knownFeatures are the flags that clients are known to look at.
func knownFeatures() []knownFeature {
	return []knownFeature{
		{"show_signin_button", "Show the button for signing in, also to those who are not signed in."},
		{"enable_telemetry", "Tell the client that it may report how it is used."},
		{"partner_run_gate_enabled", "Have the client ask before it runs nodes that others charge for."},
	}
}

// listFeatures prints what is known. Compat: launchers read this form.
func listFeatures(w io.Writer) error {
	o := &doc.Object{}
	for _, k := range knownFeatures() {
		f := &doc.Object{}
		f.Set("type", "bool")
		f.Set("default", false)
		f.Set("description", k.About)
		o.Set(k.Name, f)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, doc.Encode(o), "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, out.String())
	return err
}

// String implements flag.Value.
func (f *features) String() string { return "" }

// Set implements flag.Value: "name" alone means true.
func (f *features) Set(text string) error {
	name, value, given := strings.Cut(text, "=")
	if name == "" {
		return fmt.Errorf("%q has no name", text)
	}
	if f.values == nil {
		f.values = map[string]any{}
	}
	switch {
	case !given:
		f.values[name] = true
	case !slices.ContainsFunc(knownFeatures(), func(k knownFeature) bool { return k.Name == name }):
		f.values[name] = value
	case strings.EqualFold(value, "true"), strings.EqualFold(value, "false"):
		f.values[name] = strings.EqualFold(value, "true")
	default:
		return fmt.Errorf("%s must be true or false", name)
	}
	return nil
}

// packs are what node packs bring for the client.
func packs(o *options) []server.Pack {
	if o.testNodes == "" {
		return nil
	}
	return []server.Pack{{Name: "golden-pack", Files: testpack.GoldenFiles()}}
}
