package pack

import (
	"errors"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// An event's kind with a dot would be heard as another extension's: of a.b's x and a's b.x both are ext.a.b.x.
func TestKindsOfEvents(t *testing.T) {
	for kind, good := range map[string]bool{"progress": true, "Done_2": true, "a-b": true, "b.x": false, "": false, "a b": false, "ü": false, strings.Repeat("x", 65): false} {
		m := lens()
		m.Capabilities.WS = WSCap{Send: []string{"x"}, Receive: []string{kind}}
		if err := m.Check(); (err == nil) != good || err != nil && !errors.Is(err, fault.BadFile) {
			t.Errorf("%q: %v, want good %v", kind, err, good)
		}
	}
}

// TestManifestTexts: what people read before they consent is what is there.
func TestManifestTexts(t *testing.T) {
	for text, ok := range map[string]bool{
		"Lens": true, "عدسة": true, "レンズ – 2": true, "a\nb": false, "a\x1b[2J": false, "a\u009b2J": false, "acme\u202egnp.exe": false, "a\u2066b": false, "a\u2028b": false, "a\x7f": false, "\xff": false,
	} {
		m := Manifest{ABI: "cocoon1", ID: "acme.lens", Version: "1.0.0", Author: text}
		if err := m.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	for id, ok := range map[string]bool{"acme.lens": true, "console": true, "con": false, "nul.x": false, "com1": false, "acme.con": true} {
		m := Manifest{ABI: "cocoon1", ID: id, Version: "1.0.0"}
		if err := m.Check(); (err == nil) != ok {
			t.Errorf("%q: %v", id, err)
		}
	}
}
