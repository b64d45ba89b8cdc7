package route

import (
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// Policy is the policy of every answer of an extension: whatever it is, a browser that shows it gives it an origin of its
// own, in which scripts may run but reach nothing of the server's and nothing outside.
const Policy = "sandbox allow-scripts allow-forms; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; " +
	"img-src data: blob:; media-src data: blob:; font-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// sentHeaders are those of an answer that a guest may set.
var sentHeaders = []string{"content-type", "content-language", "content-disposition", "cache-control", "etag", "last-modified", "expires", "retry-after"}

// PutHead checks a guest's status and headers and puts the headers into h, with those that the host adds to every answer. Errors:
// fault.ExtensionFailed.
func PutHead(h http.Header, m abi.Map) (status int, err error) {
	status = int(m.Int("status"))
	if status == 0 {
		status = http.StatusOK
	}
	if m == nil || status < 200 || status > 599 {
		return 0, fault.New(fault.ExtensionFailed, "the route's answer has no status")
	}
	for name, v := range m.Map("headers") {
		s, ok := v.(string)
		if !ok || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return 0, fault.New(fault.ExtensionFailed, "the route's header %q is no header", name)
		}
		if n := strings.ToLower(name); slices.Contains(sentHeaders, n) || strings.HasPrefix(n, "x-ext-") && token(n) {
			h.Set(n, s)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	h.Set("Cache-Control", private(h.Get("Cache-Control")))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", Policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	return status, nil
}

// private is what caches are told: as the guest says, but that only the caller's own may keep an answer. It is one tenant's, and
// "public" would let a proxy give it to others.
func private(said string) string {
	out := []string{"private"}
	for d := range strings.SplitSeq(said, ",") {
		d = strings.TrimSpace(d)
		switch name, _, _ := strings.Cut(strings.ToLower(d), "="); strings.TrimSpace(name) {
		case "max-age", "no-cache", "no-store", "must-revalidate", "immutable", "no-transform", "stale-while-revalidate", "stale-if-error":
			out = append(out, d)
		}
	}
	if slices.ContainsFunc(out, func(d string) bool { return strings.EqualFold(d, "no-store") }) {
		out = out[1:] // nobody keeps it
	}
	return strings.Join(out, ", ")
}

// MediaType is an answer's media type, without parameters.
func MediaType(h http.Header) string {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return t
}

func token(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	})
}
