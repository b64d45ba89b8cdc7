package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// oneKey knows the token "good", whose key is k1 of the tenant alice.
type oneKey struct{}

func (oneKey) Check(_ context.Context, token string) (tenant.Identity, error) {
	if token != "good" {
		return tenant.Identity{}, fault.New(fault.Forbidden, "no such key")
	}
	return tenant.Identity{Tenant: "alice", Role: tenant.User, Key: "k1"}, nil
}

func (oneKey) Valid(context.Context, string) (bool, error) { return true, nil }

// The access log says who asked for what, and neither the key nor the query.
func TestAccessLog(t *testing.T) {
	_, files := filesOnly(t)
	var log bytes.Buffer
	s := New(Config{Files: files, Web: http.NotFoundHandler(),
		Auth:        &Auth{Keys: oneKey{}, Files: func(tenant.ID) (Files, error) { return files, nil }},
		BaseContext: func(ctx context.Context) context.Context { return zerolog.New(&log).WithContext(ctx) }})
	for _, row := range []struct{ target, token, want string }{
		{"/view?filename=secret", "good", `{"bytes":0,"key":"k1","level":"debug","message":"request","method":"GET","path":"/view","remote":"192.0.2.1:1234","status":404,"tenant":"alice"}`},
		{"/view?filename=secret", "bad-token", `{"bytes":203,"level":"debug","message":"request","method":"GET","path":"/view","remote":"192.0.2.1:1234","status":401}`},
		{"/a%0ab", "good", `{"bytes":19,"key":"k1","level":"debug","message":"request","method":"GET","path":"/a\nb","remote":"192.0.2.1:1234","status":404,"tenant":"alice"}`},
	} {
		log.Reset()
		r := httptest.NewRequest("GET", row.target, nil)
		r.Header.Set("X-API-Key", row.token)
		s.ServeHTTP(httptest.NewRecorder(), r)
		last := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		var line map[string]any
		if err := json.Unmarshal(last[len(last)-1], &line); err != nil {
			t.Fatalf("%s: %v: %s", row.target, err, log.Bytes())
		}
		if _, ok := line["took"].(float64); !ok {
			t.Errorf("%s: took is %v", row.target, line["took"])
		}
		delete(line, "took")
		if got, _ := json.Marshal(line); string(got) != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.target, got, row.want)
		}
		if bytes.Contains(log.Bytes(), []byte("secret")) || bytes.Contains(log.Bytes(), []byte("token")) {
			t.Errorf("the log tells too much: %s", log.Bytes())
		}
	}
}
