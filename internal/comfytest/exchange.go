package comfytest

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
)

// exchange sends a request and compares the answer.
func (r *replay) exchange(q *Request, want *Response) string {
	req, err := r.request(q)
	if err != nil {
		return err.Error()
	}
	res, err := r.client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "body: " + err.Error()
	}
	if want == nil {
		return ""
	}
	if res.StatusCode != want.Status {
		return fmt.Sprintf("status %d, want %d: %s", res.StatusCode, want.Status, show(string(body)))
	}
	if why := r.headers(res, want); why != "" {
		return why
	}
	if body, err = decoded(res.Header.Get("Content-Encoding"), body); err != nil {
		return err.Error()
	}
	return r.body(want, body, body)
}

func (r *replay) request(q *Request) (*http.Request, error) {
	body, kind, err := r.content(q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(r.ctx, q.Method, r.t.URL, body)
	if err != nil {
		return nil, err
	}
	req.URL.Opaque = r.m.fill(q.Path)
	if strings.HasPrefix(req.URL.Opaque, "//") {
		// A path that starts with two slashes would be taken for a host.
		req.URL.Opaque = "http://" + req.URL.Host + req.URL.Opaque
	}
	req.URL.RawQuery = r.m.fill(q.Query)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	for k, v := range q.Headers {
		if strings.EqualFold(k, "host") {
			req.Host = r.m.fill(v)
			continue
		}
		req.Header.Set(k, r.m.fill(v))
	}
	return req, nil
}

// content is a request's body and its type.
func (r *replay) content(q *Request) (io.Reader, string, error) {
	switch {
	case q.JSON != nil:
		return strings.NewReader(r.m.fill(string(q.JSON))), "application/json", nil
	case q.Text != nil:
		return strings.NewReader(r.m.fill(*q.Text)), "", nil
	case q.Base64 != nil:
		b, err := base64.StdEncoding.DecodeString(*q.Base64)
		return bytes.NewReader(b), "", err
	case q.Zeros > 0:
		return bytes.NewReader(bytes.Repeat([]byte{'0'}, int(q.Zeros))), "", nil
	case q.Form != nil:
		return r.form(q.Form)
	}
	return nil, "", nil
}

func (r *replay) form(parts []Part) (io.Reader, string, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name="%s"`, p.Name)
		data, err := base64.StdEncoding.DecodeString(p.Base64)
		if err != nil {
			return nil, "", err
		}
		switch {
		case p.Filename != nil:
			disposition += fmt.Sprintf(`; filename="%s"`, r.m.fill(*p.Filename))
			kind := p.Type
			if kind == "" {
				kind = "application/octet-stream"
			}
			h.Set("Content-Type", kind)
		case p.Value != nil:
			data = []byte(r.m.fill(*p.Value))
		}
		if p.Zeros > 0 {
			data = bytes.Repeat([]byte{'0'}, int(p.Zeros))
		}
		h.Set("Content-Disposition", disposition)
		part, err := w.CreatePart(h)
		if err != nil {
			return nil, "", err
		}
		if _, err := part.Write(data); err != nil {
			return nil, "", err
		}
	}
	return &b, w.FormDataContentType(), w.Close()
}

func (r *replay) headers(res *http.Response, want *Response) string {
	names := make([]string, 0, len(want.Headers))
	for k := range want.Headers {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		pattern, err := decode(want.Headers[k])
		if err != nil {
			return err.Error()
		}
		got, there := res.Header[textproto.CanonicalMIMEHeaderKey(k)]
		if k == "content-length" && !there && res.ContentLength >= 0 {
			got, there = []string{fmt.Sprint(res.ContentLength)}, true
		}
		if pattern == nil {
			if there {
				return fmt.Sprintf("header %s: want none, got %q", k, got)
			}
			continue
		}
		if !there {
			return fmt.Sprintf("header %s: missing", k)
		}
		if why := r.m.match(pattern, strings.Join(got, ", ")); why != "" {
			return "header " + k + ": " + why
		}
	}
	return ""
}

func decoded(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	case "deflate":
		if z, err := zlib.NewReader(bytes.NewReader(body)); err == nil {
			return io.ReadAll(z)
		}
		return io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	}
	return body, nil
}

// body compares an answer's body, or a file.
func (r *replay) body(want *Response, text, raw []byte) string {
	switch {
	case want.Empty:
		if len(raw) > 0 {
			return "want an empty body, got " + show(string(raw))
		}
	case want.JSON != nil:
		return r.jsonBody(want.JSON, text)
	case want.Text != nil:
		pattern, err := decode(want.Text)
		if err != nil {
			return err.Error()
		}
		return r.m.match(pattern, string(raw))
	case want.Base64 != nil:
		if got := base64.StdEncoding.EncodeToString(raw); got != *want.Base64 {
			return fmt.Sprintf("want the bytes %s, got %s", show(*want.Base64), show(got))
		}
	case want.Bytes != nil:
		sum := sha256.Sum256(raw)
		if len(raw) != want.Bytes.Len || hex.EncodeToString(sum[:]) != want.Bytes.SHA256 {
			return fmt.Sprintf("want %d bytes of SHA-256 %s, got %d of %x", want.Bytes.Len, want.Bytes.SHA256, len(raw), sum)
		}
	case want.Image != nil:
		return r.picture(want.Image, raw)
	}
	return ""
}

func (r *replay) jsonBody(want json.RawMessage, text []byte) string {
	pattern, err := decode(want)
	if err != nil {
		return err.Error()
	}
	got, err := decode(text)
	if err != nil {
		return fmt.Sprintf("no JSON: %v: %s", err, show(string(text)))
	}
	return r.m.match(pattern, got)
}

// rawURL is the server's address with a path that is sent as it is.
func (r *replay) rawURL(path string) string {
	u, _ := url.Parse(r.t.URL)
	return "ws://" + u.Host + path
}
