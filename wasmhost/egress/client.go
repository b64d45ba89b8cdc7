package egress

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

const maxRedirects = 3

var secretForm = regexp.MustCompile(`\{\{secret:([A-Z][A-Z0-9_]{0,63})\}\}`)

// Client sends the requests of one call.
type Client struct {
	HTTP *http.Client // that follows no redirects; see NewHTTP
	// Permit finds the rule that allows a request.
	Permit func(method string, u *url.URL) (pack.HTTPRule, bool)
	// Secret gives the value of a secret.
	Secret func(ctx context.Context, name string) (string, bool)
	Agent  string // the User-Agent
	Meter  *Meter
}

// Do sends the request and follows up to three redirects; each is held against the rules anew, and secrets go to the first
// origin only, and never after a redirect has left it. The answer's body is the caller's to read, by Counted, and to close. ctx
// bounds both. Errors: fault.Forbidden, fault.TooLarge, fault.Unsupported, fault.BadRequest.
func (c *Client) Do(ctx context.Context, r *Request) (*http.Response, error) {
	first, trusted := origin(r.url), true
	for hop := 0; ; hop++ {
		permit, ok := c.Permit(r.method, r.url)
		if !ok {
			return nil, fault.New(fault.Forbidden, "%s %s fits no rule that was granted", r.method, r.url.Redacted())
		}
		c.Meter.allow(permit.Bytes)
		trusted = trusted && origin(r.url) == first
		res, err := c.send(ctx, r, permit, trusted)
		if err != nil {
			return nil, err
		}
		next, err := res.Location()
		if res.StatusCode < 300 || res.StatusCode > 399 || err != nil {
			return res, nil
		}
		_ = res.Body.Close()
		if hop == maxRedirects {
			return nil, fault.New(fault.Forbidden, "more than %d redirects", maxRedirects)
		}
		if r, err = r.redirected(next, res.StatusCode); err != nil {
			return nil, err
		}
	}
}

func origin(u *url.URL) string { return u.Scheme + "://" + strings.ToLower(u.Host) }

// Counted is the answer's body, whose bytes count; over the bound it is fault.TooLarge.
func (c *Client) Counted(res *http.Response) io.Reader { return &counted{res.Body, c.Meter} }

// Head is status and headers of an answer, without cookies.
func Head(res *http.Response) map[string]any {
	headers := map[string]any{}
	for name, v := range res.Header {
		if n := strings.ToLower(name); n != "set-cookie" && len(headers) < maxHeaders {
			headers[strings.ToValidUTF8(n, "\uFFFD")] = strings.ToValidUTF8(strings.Join(v, ", "), "\uFFFD")
		}
	}
	return map[string]any{"status": int64(res.StatusCode), "headers": headers}
}

func (c *Client) send(ctx context.Context, r *Request, permit pack.HTTPRule, trusted bool) (*http.Response, error) {
	var body io.Reader = bytes.NewReader(r.body)
	if r.Stream != nil {
		body = &counted{r.Stream, c.Meter}
	} else if err := c.Meter.spend(int64(len(r.body))); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), body)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "no request")
	}
	if r.Stream != nil {
		if req.ContentLength = r.Size; r.Size == 0 {
			req.Body = http.NoBody
		}
	}
	req.Header.Set("User-Agent", c.Agent)
	for name, v := range r.headers {
		if secretForm.MatchString(v) {
			if !trusted {
				continue
			}
			if v, err = c.fillSecrets(ctx, v, permit); err != nil {
				return nil, err
			}
		} else if !trusted && (strings.EqualFold(name, "authorization") || strings.EqualFold(name, "cookie")) {
			continue
		}
		req.Header.Set(name, v)
	}
	return c.HTTP.Do(req)
}

// fillSecrets puts in the secrets that the rule binds; others are refused.
func (c *Client) fillSecrets(ctx context.Context, v string, permit pack.HTTPRule) (string, error) {
	var failed error
	out := secretForm.ReplaceAllStringFunc(v, func(m string) string {
		name := secretForm.FindStringSubmatch(m)[1]
		if slices.Contains(permit.Secrets, name) {
			if s, ok := c.Secret(ctx, name); ok && !strings.ContainsAny(s, "\r\n\x00") {
				return s
			}
		}
		failed = fault.New(fault.Forbidden, "the secret %s is not bound to this address", name)
		return ""
	})
	return out, failed
}
