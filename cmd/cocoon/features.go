package main

import (
	"fmt"
	"strings"

	"github.com/cocoonhq/cocoon/internal/testpack"
	"github.com/cocoonhq/cocoon/server"
)

// features are the values of --feature-flag.
type features struct{ values map[string]any }

// switches are the flags whose value is true or false; values of others stay texts. Compat.
var switches = map[string]bool{"show_signin_button": true, "enable_telemetry": true, "partner_run_gate_enabled": true}

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
	case !switches[name]:
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
