package keys

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.db")
	server, tool := open(t, path), open(t, path)
	now := time.Now()
	server.now = func() time.Time { return now }
	token, key, err := tool.New(t.Context(), "alice", tenant.User, "laptop", now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	who, err := server.Check(t.Context(), token)
	if want := (tenant.Identity{Tenant: "alice", Role: tenant.User, Key: key.ID}); err != nil || who != want {
		t.Errorf("Check = %v, %v, want %v", who, err, want)
	}
	if _, err := server.Check(t.Context(), token[:len(token)-1]+"_"); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Check of another secret: %v, want forbidden", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := server.Check(t.Context(), token); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Check of an expired key: %v, want forbidden", err)
	}
	now = now.Add(-2 * time.Hour)
	if ok, err := server.Valid(t.Context(), key.ID); !ok || err != nil {
		t.Errorf("Valid = %v, %v, want it to be", ok, err)
	}
	if err := tool.Revoke(t.Context(), key.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Check(t.Context(), token); !errors.Is(err, fault.Forbidden) {
		t.Errorf("Check of a revoked key: %v, want forbidden", err)
	}
	if ok, err := server.Valid(t.Context(), key.ID); ok || err != nil {
		t.Errorf("Valid of a revoked key = %v, %v", ok, err)
	}
	if err := tool.Revoke(t.Context(), key.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("second Revoke: %v, want not found", err)
	}
	all, err := server.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "laptop" || all[0].Revoked.IsZero() {
		t.Errorf("List = %+v, %v", all, err)
	}
}

func TestSecretsAreNotOnDisk(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.db")
	s := open(t, path)
	token, _, err := s.New(t.Context(), "alice", tenant.Admin, "", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	_, secret, _ := tenant.Split(token)
	s.Close()
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s holds the secret", f.Name())
		}
	}
	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm()&0o077 != 0 {
		t.Errorf("the file's mode is %v, %v, want it to be its owner's alone", st.Mode(), err)
	}
}

func TestNewRefuses(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "keys.db"))
	for _, row := range []struct {
		name    string
		tenant  tenant.ID
		role    tenant.Role
		expires time.Time
	}{
		{"no tenant", "", tenant.User, time.Time{}}, {"a tenant that leads out", "..", tenant.User, time.Time{}},
		{"no role", "a", "", time.Time{}}, {"expired", "a", tenant.User, time.Unix(1, 0)},
	} {
		if _, _, err := s.New(t.Context(), row.tenant, row.role, "", row.expires); !errors.Is(err, fault.BadRequest) {
			t.Errorf("%s: %v, want bad_request", row.name, err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "keys.db"))
	token, _, err := s.New(b.Context(), "alice", tenant.User, "", time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Check(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
