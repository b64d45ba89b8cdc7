package wasmhost

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	fetchTime     = time.Minute      // of an exchange whose request says nothing else
	maxFetchTime  = 10 * time.Minute // of any
	maxHeaders    = 64
	maxHeaderText = 16 << 10
)

// request is a guest's request, checked.
type request struct {
	method  string
	url     *url.URL
	headers map[string]string
	body    []byte
	stream  io.Reader // in place of body; it can be sent once, unless it is again
	again   func() io.Reader
	size    int64 // of stream; -1 when it is not known
	time    time.Duration
}

// length is the bytes of the request's body, as far as they are known.
func (r *request) length() int64 {
	if r.stream != nil {
		return max(r.size, 0)
	}
	return int64(len(r.body))
}

var secretForm = regexp.MustCompile(`\{\{secret:([A-Z][A-Z0-9_]{0,63})\}\}`)

// withheld are headers that guests do not set.
func withheld(name string) bool {
	n := strings.ToLower(name)
	return strings.HasPrefix(n, "proxy-") || slices.Contains([]string{"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer",
		"keep-alive", "expect", "accept-encoding"}, n)
}

func readRequest(m abi.Map) (*request, error) {
	u, err := url.Parse(m.Text("url"))
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.BadRequest, "no address to fetch")
	}
	r := &request{method: m.Text("method"), url: u, headers: map[string]string{}, body: m.Bytes("body"), time: fetchTime}
	if ms := m.Int("timeout_ms"); ms > 0 {
		r.time = min(time.Duration(min(ms, int64(maxFetchTime/time.Millisecond)))*time.Millisecond, maxFetchTime)
	}
	headers := m.Map("headers")
	if len(headers) > maxHeaders {
		return nil, fault.New(fault.BadRequest, "%d headers, more than %d", len(headers), maxHeaders)
	}
	for name, v := range headers {
		s, ok := v.(string)
		if !ok || withheld(name) || strings.ContainsAny(name+s, "\r\n\x00") || len(s) > maxHeaderText {
			return nil, fault.New(fault.BadRequest, "the header %q cannot be sent", name)
		}
		r.headers[name] = s
	}
	return r, nil
}

// exchanged sends the request and follows up to three redirects; each is held against the rules anew, and secrets go to the
// first origin only. The answer's body is the caller's to close. ctx bounds both.
func (c *call) exchanged(ctx context.Context, r *request) (*http.Response, error) {
	origin := r.url.Scheme + "://" + strings.ToLower(r.url.Host)
	for hop := 0; ; hop++ {
		permit, ok := c.ext.grant.Permitted(r.method, r.url)
		if !ok {
			return nil, fault.New(fault.Forbidden, "%s %s fits no rule that was granted", r.method, r.url.Redacted())
		}
		c.net.allow(permit.Bytes)
		res, err := c.send(ctx, r, permit, r.url.Scheme+"://"+strings.ToLower(r.url.Host) == origin)
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

// redirected is the request for the next address, with its body where the status keeps it.
func (r *request) redirected(next *url.URL, status int) (*request, error) {
	n := &request{method: r.method, url: next, headers: r.headers, body: r.body, again: r.again, size: r.size, time: r.time}
	if status == http.StatusSeeOther || r.method == http.MethodPost && status < http.StatusTemporaryRedirect {
		n.method, n.body, n.again = http.MethodGet, nil, nil
		return n, nil
	}
	if r.stream != nil {
		if r.again == nil {
			return nil, fault.New(fault.Unsupported, "a redirect asks for a body that can be sent only once")
		}
		n.stream = r.again()
	}
	return n, nil
}

func (c *call) send(ctx context.Context, r *request, permit HTTPRule, sameOrigin bool) (*http.Response, error) {
	var body io.Reader = bytes.NewReader(r.body)
	if r.stream != nil {
		body = &counted{r.stream, &c.net}
	} else if err := c.net.spend(int64(len(r.body))); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), body)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "no request")
	}
	if r.stream != nil {
		if req.ContentLength = r.size; r.size == 0 {
			req.Body = http.NoBody
		}
	}
	req.Header.Set("User-Agent", "cocoon-extension/"+c.ext.Manifest.ID)
	for name, v := range r.headers {
		if secretForm.MatchString(v) {
			if !sameOrigin {
				continue
			}
			if v, err = c.fillSecrets(ctx, v, permit); err != nil {
				return nil, err
			}
		} else if !sameOrigin && (strings.EqualFold(name, "authorization") || strings.EqualFold(name, "cookie")) {
			continue
		}
		req.Header.Set(name, v)
	}
	return c.host.c.Client.Do(req)
}

// fillSecrets puts in the secrets that the rule binds; others are refused.
func (c *call) fillSecrets(ctx context.Context, v string, permit HTTPRule) (string, error) {
	var failed error
	out := secretForm.ReplaceAllStringFunc(v, func(m string) string {
		name := secretForm.FindStringSubmatch(m)[1]
		if slices.Contains(permit.Secrets, name) {
			if s, ok := c.secret(ctx, name); ok && !strings.ContainsAny(s, "\r\n\x00") {
				return s
			}
		}
		failed = fault.New(fault.Forbidden, "the secret %s is not bound to this address", name)
		return ""
	})
	return out, failed
}

// secret is the value of a secret: the caller's own where a hidden input named it, else the operator's.
func (c *call) secret(ctx context.Context, name string) (string, bool) {
	if s, ok := c.account[name]; ok {
		return s, true
	}
	if c.host.c.Secrets == nil {
		return "", false
	}
	return c.host.c.Secrets(ctx, c.ext.Manifest.ID, name)
}
