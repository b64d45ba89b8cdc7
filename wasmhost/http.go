package wasmhost

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	maxRedirects  = 3
	maxFetches    = 32
	maxFetchBytes = 32 * mib // of one call, both ways
)

var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/32"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("2002::/16"),
}

// publicAddress reports whether an address is one of the public internet, to which guests' requests may go.
func publicAddress(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified() || a.IsInterfaceLocalMulticast() {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// newClient is a client that looks at the address it is about to dial, after names were resolved, so that no name can lead
// inside. It follows no redirects, knows no proxy and keeps no cookies.
func newClient() *http.Client {
	d := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !publicAddress(a.Addr()) {
			return fault.New(fault.Forbidden, "%s is no public address", address)
		}
		return nil
	}}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
			MaxResponseHeaderBytes: 64 << 10, MaxConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
	}
}

// request is a guest's request, checked.
type request struct {
	method  string
	url     *url.URL
	headers map[string]string
	body    []byte
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
	r := &request{method: m.Text("method"), url: u, headers: map[string]string{}, body: m.Bytes("body")}
	for name, v := range m.Map("headers") {
		s, ok := v.(string)
		if !ok || withheld(name) || strings.ContainsAny(name+s, "\r\n\x00") {
			return nil, fault.New(fault.BadRequest, "the header %q cannot be sent", name)
		}
		r.headers[name] = s
	}
	return r, nil
}

func (c *call) httpFetch(ptr, n, out, limit uint32) int64 {
	r, err := readRequest(c.message(ptr, n))
	c.bytes(out, limit)
	if err != nil {
		return c.refuse(err)
	}
	if c.fetches++; c.fetches > maxFetches {
		return int64(abi.ELIMIT)
	}
	var status int
	var headers map[string]any
	var body []byte
	c.park(func(ctx context.Context) { status, headers, body, err = c.fetch(ctx, r) })
	var code *fault.Error
	switch {
	case err == nil:
		return c.outValue(map[string]any{"status": int64(status), "headers": headers, "body": body}, out, limit)
	case c.Err() != nil:
		return int64(abi.ECANCEL)
	case errors.As(err, &code) && code.Code == fault.Forbidden:
		c.note(err)
		return int64(abi.EPERM)
	case errors.As(err, &code) && code.Code == fault.TooLarge:
		return int64(abi.ETOOBIG)
	case errors.Is(err, context.DeadlineExceeded):
		return int64(abi.ETIMEOUT)
	}
	c.note(err)
	return int64(abi.EIO)
}

// fetch sends the request and follows up to three redirects; each is held against the rules anew, and secrets go to the
// first origin only.
func (c *call) fetch(ctx context.Context, r *request) (int, map[string]any, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	origin := r.url.Scheme + "://" + strings.ToLower(r.url.Host)
	for hop := 0; ; hop++ {
		permit, ok := c.ext.grant.Permitted(r.method, r.url)
		if !ok {
			return 0, nil, nil, fault.New(fault.Forbidden, "%s %s fits no rule that was granted", r.method, r.url.Redacted())
		}
		res, err := c.send(ctx, r, permit, r.url.Scheme+"://"+strings.ToLower(r.url.Host) == origin)
		if err != nil {
			return 0, nil, nil, err
		}
		next, err := res.Location()
		if res.StatusCode < 300 || res.StatusCode > 399 || err != nil {
			return c.receive(res)
		}
		_ = res.Body.Close()
		if hop == maxRedirects {
			return 0, nil, nil, fault.New(fault.Forbidden, "more than %d redirects", maxRedirects)
		}
		r = &request{method: r.method, url: next, headers: r.headers, body: r.body}
		if res.StatusCode == http.StatusSeeOther || r.method == "POST" && res.StatusCode < http.StatusTemporaryRedirect {
			r.method, r.body = "GET", nil
		}
	}
}

func (c *call) send(ctx context.Context, r *request, permit HTTPRule, sameOrigin bool) (*http.Response, error) {
	if c.fetched += int64(len(r.body)); c.fetched > maxFetchBytes {
		return nil, fault.New(fault.TooLarge, "more than %d bytes fetched", maxFetchBytes)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), bytes.NewReader(r.body))
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "no request")
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
			if s, ok := c.secret(ctx, name); ok && !strings.ContainsAny(s, "\r\n") {
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

func (c *call) receive(res *http.Response) (int, map[string]any, []byte, error) {
	defer res.Body.Close()
	left := min(maxFetchBytes-c.fetched, abi.MaxCborBytes/2)
	body, err := io.ReadAll(io.LimitReader(res.Body, left+1))
	if err != nil {
		return 0, nil, nil, err
	}
	if c.fetched += int64(len(body)); int64(len(body)) > left {
		return 0, nil, nil, fault.New(fault.TooLarge, "the answer is over %d bytes", left)
	}
	headers := map[string]any{}
	for name, v := range res.Header {
		if n := strings.ToLower(name); n != "set-cookie" && len(headers) < 64 {
			headers[n] = strings.ToValidUTF8(strings.Join(v, ", "), "\uFFFD")
		}
	}
	return res.StatusCode, headers, body, nil
}
