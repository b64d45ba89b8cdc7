package pack

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// DefaultBytes bounds what passes between a guest and the outside in one exchange, where no other bound is granted.
const DefaultBytes = 32 << 20

// mostBytes is the most that can be asked for.
const mostBytes = 16 << 30

func checkBytes(what string, n int64) error {
	if n < 0 || n > mostBytes {
		return fault.New(fault.BadFile, "%s asks for %d bytes; there are up to %d", what, n, int64(mostBytes))
	}
	return nil
}

// BodyBytes is the most of one request's body to a route, and of one streamed answer.
func (g *Grant) BodyBytes() int64 { return cmp.Or(g.RouteBytes, DefaultBytes) }

// bytes is the most of a request and its answer.
func (r *HTTPRule) bytes() int64 { return cmp.Or(r.Bytes, DefaultBytes) }

// serverOwn are the first segments of paths that are the server's, or its web client's, whatever routes there are.
var serverOwn = []string{"", "api", "assets", "cocoon", "docs", "ext", "extensions", "free", "global_subgraphs", "healthz", "history", "i18n",
	"internal", "interrupt", "models", "object_info", "prompt", "queue", "readyz", "metrics", "scripts", "settings", "templates", "upload",
	"userdata", "users", "v2", "view", "view_metadata", "workflow_templates", "ws"}

// checkLegacy looks at paths outside of an extension's own: at least two segments, the first of which is a name that is not
// the server's, so that what an operator grants is a folder that nobody has.
func checkLegacy(routes []string) error {
	for _, r := range routes {
		_, path, err := SplitRoute(r)
		if err != nil {
			return err
		}
		first, rest, _ := strings.Cut(path[1:], "/")
		if rest == "" || strings.HasPrefix(first, ":") || strings.Contains(first, ".") || slices.Contains(serverOwn, strings.ToLower(first)) {
			return fault.New(fault.BadFile, "%q cannot be a path of an extension's at the server's root", r)
		}
	}
	return nil
}
