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
