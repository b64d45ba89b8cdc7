package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestDiscard(t *testing.T) {
	for _, row := range []struct {
		name  string
		after func(t *testing.T, path string)
		stays bool
	}{
		{"the file itself", func(*testing.T, string) {}, false},
		{"another file of that name", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("other"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}, true},
		{"gone already", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			base := t.TempDir()
			s, err := Open(Dirs{Input: filepath.Join(base, "i"), Output: filepath.Join(base, "o"), Temp: filepath.Join(base, "t"), User: filepath.Join(base, "u")})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var ticket string
			name, err := s.Save(Output, "sub", "x", ".png", 0, func(tk string) error { ticket = tk; return nil }, text("1"))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(base, "o", "sub", name)
			row.after(t, path)
			if err := s.Discard(ticket); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); (err == nil) != row.stays {
				t.Errorf("the file is there: %v, want %v", err == nil, row.stays)
			}
		})
	}
}

func TestDiscardRefuses(t *testing.T) {
	s, err := Open(Dirs{Input: t.TempDir(), Output: t.TempDir(), Temp: t.TempDir(), User: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, ticket := range []string{"", "output", "output\x1f../../etc/passwd\x1f1-1-1", "nope\x1fa\x1f1"} {
		if err := s.Discard(ticket); err == nil || fault.CodeOf(err) == fault.Internal {
			t.Errorf("%q: %v, want a refusal", ticket, err)
		}
	}
}

func TestClaimRefused(t *testing.T) {
	base := t.TempDir()
	s, err := Open(Dirs{Input: t.TempDir(), Output: base, Temp: t.TempDir(), User: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	no := errors.New("no")
	if _, err := s.Save(Output, "", "x", ".png", 0, func(string) error { return no }, text("1")); !errors.Is(err, no) {
		t.Errorf("error %v, want the claim's", err)
	}
	if left, _ := filepath.Glob(filepath.Join(base, "*.png")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}
