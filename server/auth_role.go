package server

import (
	"context"
	"net/http"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

type identityKey struct{}

func withIdentity(ctx context.Context, who tenant.Identity) context.Context {
	return context.WithValue(ctx, identityKey{}, who)
}

// identityOf is who asks; ok is false on a server without keys.
func identityOf(ctx context.Context) (who tenant.Identity, ok bool) {
	who, ok = ctx.Value(identityKey{}).(tenant.Identity)
	return who, ok
}

// operators are the routes that show or change what belongs to no single tenant.
var operators = map[string]bool{
	"GET /metrics": true, "GET /internal/logs": true, "GET /internal/logs/raw": true, "PATCH /internal/logs/subscribe": true,
	"GET /internal/folder_paths": true, "POST /free": true,
}

// needOf is what a route asks of a role: by the method, unless it is the operator's.
func needOf(t route) tenant.Need {
	switch {
	case operators[t.method+" "+t.path]:
		return tenant.ToOperate
	case t.method == http.MethodGet || t.method == http.MethodHead:
		return tenant.ToRead
	}
	return tenant.ToWrite
}

// allowed refuses what the asker's role does not allow. Errors: fault.Forbidden.
func allowed(r *http.Request, need tenant.Need) error {
	if who, ok := identityOf(r.Context()); ok && !who.Role.May(need) {
		return fault.New(fault.Forbidden, "a key of the role %s does not allow this", who.Role)
	}
	return nil
}

// operates reports whether the asker may change what belongs to no single tenant; on a server without keys everybody may.
func operates(r *http.Request) bool { return allowed(r, tenant.ToOperate) == nil }
