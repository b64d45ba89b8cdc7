package disk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func of(t *testing.T, s *Store, id tenant.ID, limit int64) *Store {
	t.Helper()
	out, err := s.Tenant(id, limit)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTenantsAreApart(t *testing.T) {
	s := open(t)
	alice, bob := of(t, s, "alice", 0), of(t, s, "bob", 0)
	for _, k := range []Kind{Input, Output, Temp, User} {
		if err := alice.Put(k, "secret.png", false, text("a")); err != nil {
			t.Fatal(err)
		}
		link := filepath.Join(bob.Path(k), "link.png")
		if err := os.Symlink(filepath.Join(alice.Path(k), "secret.png"), link); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../alice/secret.png", filepath.Join(bob.Path(k), "near.png")); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"secret.png", "../alice/secret.png", "tenants/alice/secret.png", "../../tenants/alice/secret.png",
			"link.png", "near.png", "./../alice/secret.png", alice.Path(k) + "/secret.png"} {
			if f, err := bob.Open(k, name); err == nil {
				f.Close()
				t.Errorf("%s: bob opens %q", k, name)
			}
			if _, err := bob.Stat(k, name); err == nil {
				t.Errorf("%s: bob sees %q", k, name)
			}
		}
		for _, name := range []string{"../alice/new.png", "../../x.png"} {
			if err := bob.Put(k, name, true, text("b")); err == nil {
				t.Errorf("%s: bob writes %q", k, name)
			}
			if err := bob.Rename(k, "secret.png", name, true); err == nil {
				t.Errorf("%s: bob moves to %q", k, name)
			}
		}
		_ = bob.Remove(k, "../alice/secret.png")
		if _, err := alice.Stat(k, "secret.png"); err != nil {
			t.Errorf("%s: alice's file is gone: %v", k, err)
		}
	}
	if _, err := s.Tenant("../x", 0); err == nil {
		t.Error("a tenant's name leads out")
	}
	if again := of(t, s, "alice", 0); again != alice {
		t.Error("a second store for one tenant")
	}
}

func TestTicketsOfTenants(t *testing.T) {
	s := open(t)
	var ticket string
	name, err := of(t, s, "alice", 0).Save(Output, "", "x", ".png", 0, func(tk string) error { ticket = tk; return nil }, text("1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(Output, name, false, text("the operator's")); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(ticket); err != nil {
		t.Fatal(err)
	}
	if _, err := of(t, s, "alice", 0).Stat(Output, name); !errors.Is(err, fault.NotFound) {
		t.Errorf("the tenant's file: %v, want it gone", err)
	}
	if _, err := s.Stat(Output, name); err != nil {
		t.Errorf("the file of the same name outside: %v, want it there", err)
	}
}

func TestQuota(t *testing.T) {
	const kib = 1 << 10
	s := open(t)
	a := of(t, s, "alice", 64*kib)
	put := func(k Kind, name string, n int, replace bool) error {
		return a.Put(k, name, replace, func(w io.Writer) error {
			_, err := io.Copy(w, bytes.NewReader(make([]byte, n)))
			return err
		})
	}
	left := func(step string, want int64) {
		t.Helper()
		if got, ok := a.Remaining(); !ok || got != want {
			t.Errorf("%s: %d bytes remain, want %d", step, got, want)
		}
	}
	if err := put(Input, "a", 16*kib, false); err != nil {
		t.Fatal(err)
	}
	left("one file", 44*kib)
	if err := put(Output, "b", 60*kib, false); !errors.Is(err, fault.DiskFull) || fault.CodeOf(err) != fault.DiskFull {
		t.Errorf("a file too many: %v, want disk_full", err)
	}
	left("after the refusal", 44*kib)
	if err := put(Input, "a", 8*kib, false); !errors.Is(err, fault.Conflict) {
		t.Errorf("a name in use: %v, want a conflict", err)
	}
	left("after the conflict", 44*kib)
	if err := put(Input, "a", 8*kib, true); err != nil {
		t.Fatal(err)
	}
	left("replaced", 52*kib)
	if _, err := a.Save(Output, "", "s", ".png", 0, func(string) error { return errors.New("no") }, text("x")); err == nil {
		t.Error("a claim that fails, and no error")
	}
	left("after the claim", 52*kib)
	if err := a.Remove(Input, "a"); err != nil {
		t.Fatal(err)
	}
	left("removed", 64*kib)
	if err := a.MkdirAll(User, "x/y"); err != nil {
		t.Fatal(err)
	}
	left("two folders", 56*kib)
	if err := a.MkdirAll(User, strings.Repeat("d/", 20)); !errors.Is(err, fault.DiskFull) {
		t.Errorf("many folders: %v, want disk_full", err)
	}
	if err := of(t, s, "bob", 0).Put(Input, "big", false, text(strings.Repeat("x", 1<<20))); err != nil {
		t.Errorf("another tenant: %v", err)
	}
}

// Who may write no more is told how much there is and what helps, whatever the way a file came.
func TestFullQuotaSaysWhy(t *testing.T) {
	for _, row := range []struct {
		name string
		put  func(s *Store, b []byte) error
	}{
		{"put", func(s *Store, b []byte) error {
			return s.Put(Input, "a.png", true, func(w io.Writer) error { _, err := w.Write(b); return err })
		}},
		{"saved", func(s *Store, b []byte) error {
			_, err := s.Save(Output, "", "a", ".png", 0, nil, func(w io.Writer) error { _, err := w.Write(b); return err })
			return err
		}},
	} {
		err := row.put(of(t, open(t), "alice", 100_000), make([]byte, 200_000))
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != fault.DiskFull || !strings.Contains(f.Detail, "this does not fit: your files take 0 of the 100000 bytes that you may have; delete some") {
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
