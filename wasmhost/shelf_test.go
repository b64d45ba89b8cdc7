package wasmhost

import (
	"errors"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func TestTenantsSeeTheirOwnExtensions(t *testing.T) {
	core := func(class string) (node.Node, bool) { return nil, class == "SaveImage" }
	h := newHost(t, Config{Lookup: core})
	of := func(owner tenant.ID, id string) Source {
		s := basic(t)
		m := *s.Manifest
		m.ID, s.Tenant, s.Manifest = id, owner, &m
		return s
	}
	sees := func(asker tenant.ID, id string) bool {
		_, seen := h.Extension(asker, id)
		_, node := h.Lookup(tenant.With(t.Context(), asker), "BasicNegative")
		if node != (len(h.All(tenant.With(t.Context(), asker))) > 0) {
			t.Errorf("All and Lookup disagree for %q", asker)
		}
		return seen
	}
	load(t, h, of("a", "cocoon.basic"))
	for _, x := range []struct {
		asker tenant.ID
		want  bool
	}{{"a", true}, {"b", false}, {"", false}} {
		if got := sees(x.asker, "cocoon.basic"); got != x.want {
			t.Errorf("%q sees it: %v, want %v", x.asker, got, x.want)
		}
	}
	load(t, h, of("b", "cocoon.basic")) // the same id and classes are no conflict between tenants
	if _, err := h.Load(t.Context(), of("b", "cocoon.other")); !errors.Is(err, fault.Conflict) {
		t.Errorf("a class that another extension of the tenant has: %v", err)
	}
	shared := load(t, h, of("", "cocoon.basic"))
	if e, _ := h.Extension("c", "cocoon.basic"); e != shared {
		t.Error("the shared one is not seen")
	}
	if e, _ := h.Extension("a", "cocoon.basic"); e == shared {
		t.Error("the tenant's own does not count before the shared one")
	}
	if err := h.Remove(t.Context(), "a", "cocoon.basic"); err != nil {
		t.Fatal(err)
	}
	if e, _ := h.Extension("a", "cocoon.basic"); e != shared {
		t.Error("without its own a tenant has the shared one")
	}
	if err := h.Remove(t.Context(), "c", "cocoon.basic"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a tenant takes away what is shared: %v", err)
	}
}

func TestTheServersClassesAreTaken(t *testing.T) {
	h := newHost(t, Config{Lookup: func(class string) (node.Node, bool) { return nil, class == "BasicNegative" }})
	if _, err := h.Load(t.Context(), basic(t)); !errors.Is(err, fault.Conflict) {
		t.Errorf("a class of the server: %v", err)
	}
}
