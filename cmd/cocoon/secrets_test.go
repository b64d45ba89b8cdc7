package main

import (
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// TestWhoseSecrets: a secret of an extension goes to the one that the operator installed for all, in whoever's calls, and never to a
// package that a tenant installed under its id.
func TestWhoseSecrets(t *testing.T) {
	s := secrets{"acme.lens": {"KEY": "of all"}, "a/acme.lens": {"KEY": "of a", "MORE": "of a too"}}
	for _, x := range []struct {
		owner, caller tenant.ID
		name, want    string
	}{
		{"", "", "KEY", "of all"}, {"", "a", "KEY", "of a"}, {"", "b", "KEY", "of all"}, {"", "b", "MORE", ""}, {"", "a", "MORE", "of a too"},
		{"a", "a", "KEY", "of a"}, {"b", "b", "KEY", ""}, {"b", "b", "MORE", ""}, {"", "", "NONE", ""},
	} {
		got, ok := s.of(tenant.With(t.Context(), x.caller), x.owner, "acme.lens", x.name)
		if got != x.want || ok != (x.want != "") {
			t.Errorf("%s of %q's, called by %q: %q, want %q", x.name, x.owner, x.caller, got, x.want)
		}
	}
}
