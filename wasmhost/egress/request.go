package egress

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

const (
	usualTime     = time.Minute      // of an exchange whose request says nothing else
	maxTime       = 10 * time.Minute // of any
	maxHeaders    = 64
	maxHeaderText = 16 << 10
)

// Request is a guest's request, checked.
type Request struct {
	Stream io.Reader        // in place of the body that was read; it can be sent once
	Again  func() io.Reader // Stream anew; nil where there is none
	Size   int64            // of Stream; -1 when it is not known

	method  string
	url     *url.URL
	headers map[string]string
	body    []byte
	time    time.Duration
}

// Time is how long the exchange may take.
func (r *Request) Time() time.Duration { return r.time }

// Length is the bytes of the request's body, as far as they are known.
func (r *Request) Length() int64 {
	if r.Stream != nil {
		return max(r.Size, 0)
	}
	return int64(len(r.body))
}

// withheld are headers that guests do not set.
func withheld(name string) bool {
	n := strings.ToLower(name)
	return strings.HasPrefix(n, "proxy-") || slices.Contains([]string{"host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer",
		"keep-alive", "expect", "accept-encoding"}, n)
}

// Read reads a request: {method, url, headers, body, timeout_ms}. Errors: fault.BadRequest.
func Read(m abi.Map) (*Request, error) {
	u, err := url.Parse(m.Text("url"))
	if err != nil || u.Host == "" {
		return nil, fault.New(fault.BadRequest, "no address to fetch")
	}
	r := &Request{method: m.Text("method"), url: u, headers: map[string]string{}, body: m.Bytes("body"), time: usualTime}
	if ms := m.Int("timeout_ms"); ms > 0 {
		r.time = min(time.Duration(min(ms, int64(maxTime/time.Millisecond)))*time.Millisecond, maxTime)
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

// redirected is the request for the next address, with its body where the status keeps it.
func (r *Request) redirected(next *url.URL, status int) (*Request, error) {
	n := &Request{method: r.method, url: next, headers: r.headers, body: r.body, Again: r.Again, Size: r.Size, time: r.time}
	if status == http.StatusSeeOther && r.method != http.MethodHead || r.method == http.MethodPost && status < http.StatusTemporaryRedirect {
		n.method, n.body, n.Again = http.MethodGet, nil, nil
		return n, nil
	}
	if r.Stream != nil {
		if r.Again == nil {
			return nil, fault.New(fault.Unsupported, "a redirect asks for a body that can be sent only once")
		}
		n.Stream = r.Again()
	}
	return n, nil
}
