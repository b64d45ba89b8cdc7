package install

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// TestChangesAmongReaders: whoever only looks at what is installed takes nothing away from those who change it.
func TestChangesAmongReaders(t *testing.T) {
	m := open(t, Config{Dir: t.TempDir(), AllowUnsigned: true})
	one := packed(t, "1.0.0", nil, guest(t, "One"), 1)
	ctx, stop := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for ctx.Err() == nil {
				if err := m.read(); err != nil { // as Inspect does
					t.Error(err)
				}
			}
		})
	}
	const tenants = 20
	for i := range tenants {
		must(t)(m.Install(t.Context(), tenant.ID(fmt.Sprint(i)), one, Consent{AcceptKey: keyOf(1)}))
	}
	stop()
	looking.Wait()
	for i := range tenants {
		if _, err := m.Get(tenant.ID(fmt.Sprint(i)), "test.one"); err != nil {
			t.Error(err)
		}
	}
}

// TestServerAmongMany: requests look at what is installed, use and change it while a server follows another process's changes.
func TestServerAmongMany(t *testing.T) {
	cli, srv, h, _ := following(t)
	first, second := packed(t, "1.0.0", asksPage, guest(t, "One"), 1), packed(t, "2.0.0", asksPage, guest(t, "Two"), 1)
	var many sync.WaitGroup
	use := func(n int, do func(i int)) {
		many.Go(func() {
			for i := range n {
				do(i)
			}
		})
	}
	grant := func(p []byte) Consent {
		m, err := pack.Parse(p)
		if err != nil {
			t.Fatal(err)
		}
		return Consent{AcceptKey: keyOf(1), Grant: all(*m.Manifest), Force: true}
	}
	older, newer := grant(first), grant(second)
	for _, who := range []tenant.ID{"a", "b"} {
		use(6, func(int) { _, _ = srv.Install(t.Context(), who, first, older) })
		use(6, func(int) { _, _ = srv.Install(t.Context(), who, second, newer) })
		use(3, func(int) { _ = srv.Remove(t.Context(), who, "test.one", false) })
		use(200, func(int) {
			for _, s := range srv.List(who) {
				_, _, _ = srv.File(who, s.ID, "web/page.html")
				_ = srv.Log(who, s.ID)
			}
			for _, n := range h.All(tenant.With(t.Context(), who)) {
				_ = n.Schema()
			}
		})
	}
	use(6, func(int) { _, _ = cli.Install(t.Context(), "", first, older) })
	use(6, func(int) { _ = cli.Remove(t.Context(), "", "test.one", false) })
	use(10, func(int) { _, _ = srv.Inspect(t.Context(), "a", second) })
	many.Wait()
}

func asksPage(m *pack.Manifest) { m.Capabilities.Web = pack.WebSandboxed }
