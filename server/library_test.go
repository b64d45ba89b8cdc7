package server

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Where on this machine the model files lie is told to operators alone; others see how many folders there are, and their names.
func TestModelRootsAreTheOperators(t *testing.T) {
	s := build(Config{Models: noModels{"/srv/secret/checkpoints"}}.withDefaults())
	for _, row := range []struct {
		role tenant.Role // "" on a server without keys
		want string
	}{
		{"", `["/srv/secret/checkpoints"]`},
		{tenant.Admin, `["/srv/secret/checkpoints"]`},
		{tenant.User, `["checkpoints"]`},
		{tenant.Read, `["checkpoints"]`},
	} {
		r := httptest.NewRequest("GET", "/experiment/models", nil)
		if row.role != "" {
			r = r.WithContext(withIdentity(r.Context(), tenant.Identity{Role: row.role}))
		}
		w := httptest.NewRecorder()
		s.inner.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"folders": `+row.want) {
			t.Errorf("role %q: %d %s, want %s", row.role, w.Code, w.Body, row.want)
		}
	}
}
