package route

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// shownHeaders are those of a request that a route gets: none that says who asks.
var shownHeaders = []string{"Accept", "Accept-Language", "Content-Type", "If-None-Match", "If-Modified-Since", "Last-Event-ID", "Range"}

// Message is a request for x as a message, without its body. Errors: fault.BadRequest.
func Message(r *http.Request, x *Route, params map[string]string) (map[string]any, error) {
	headers := map[string]any{}
	for _, name := range shownHeaders {
		if v := r.Header.Get(name); v != "" {
			headers[strings.ToLower(name)] = strings.ToValidUTF8(v, "\uFFFD")
		}
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "the query cannot be read")
	}
	p := map[string]any{}
	for k, v := range params {
		p[k] = strings.ToValidUTF8(v, "\uFFFD")
	}
	return map[string]any{"method": r.Method, "path": strings.ToValidUTF8(r.URL.Path, "\uFFFD"), "route": x.Pattern, "params": p, "query": texts(query), "headers": headers}, nil
}

func texts(v url.Values) map[string]any {
	m := make(map[string]any, len(v))
	for k, list := range v {
		out := make([]any, len(list))
		for i, s := range list {
			out[i] = strings.ToValidUTF8(s, "\uFFFD")
		}
		m[strings.ToValidUTF8(k, "\uFFFD")] = out
	}
	return m
}

// Incoming is what of a request's body does not come with it. Close it.
type Incoming struct{ Streams []Stream }

// Stream is a body that a message is to tell of as "stream".
type Stream struct {
	Body *Body
	Into map[string]any
}

// Close lets go of files.
func (in *Incoming) Close() {
	for _, s := range in.Streams {
		_ = s.Body.Close()
	}
}

// Read puts a form into m as fields and files, and any other body as bytes. What is over MaxBodyBytes comes as streams; all
// together is bounded by limit. Files of a form go to a file in dir that has no name any more. Errors: fault.TooLarge, fault.BadRequest,
// fault.DiskFull.
func (in *Incoming) Read(r *http.Request, m map[string]any, limit int64, dir string) (err error) {
	r.Body = http.MaxBytesReader(nil, r.Body, limit)
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "multipart/form-data":
		err = in.form(r, m, dir)
	case "application/x-www-form-urlencoded":
		r.Body = http.MaxBytesReader(nil, r.Body, min(limit, abi.MaxBodyBytes))
		if err = r.ParseForm(); err == nil {
			m["form"] = texts(r.PostForm)
		}
	default:
		err = in.plain(r, m)
	}
	if err != nil {
		return bodyError(err)
	}
	return nil
}

func bodyError(err error) error {
	var large *http.MaxBytesError
	var known *fault.Error
	switch {
	case errors.As(err, &large):
		return fault.New(fault.TooLarge, "the body is over %d bytes", large.Limit)
	case errors.As(err, &known):
		return err
	}
	return fault.Wrap(err, fault.BadRequest, "the body cannot be read")
}

func (in *Incoming) plain(r *http.Request, m map[string]any) error {
	start, err := io.ReadAll(io.LimitReader(r.Body, abi.MaxBodyBytes+1))
	if err != nil {
		return err
	}
	if len(start) <= abi.MaxBodyBytes {
		m["body"] = start
		return nil
	}
	m["length"] = any(nil)
	if r.ContentLength >= 0 {
		m["length"] = r.ContentLength
	}
	in.Streams = append(in.Streams, Stream{NewBody(io.MultiReader(bytes.NewReader(start), r.Body), r.ContentLength), m})
	return nil
}

// maxParts bounds the parts of a form.
const maxParts = 256

func (in *Incoming) form(r *http.Request, m map[string]any, dir string) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	form, files, left := url.Values{}, []any{}, abi.MaxBodyBytes
	for n := 0; ; n++ {
		p, err := parts.NextPart()
		if err == io.EOF {
			m["form"], m["files"] = texts(form), files
			return nil
		}
		if err != nil {
			return err
		}
		if n == maxParts {
			return fault.New(fault.TooLarge, "the form has more than %d parts", maxParts)
		}
		data, err := io.ReadAll(io.LimitReader(p, int64(left)+1))
		if err != nil {
			return err
		}
		long := len(data) > left
		if !long {
			left -= len(data)
		}
		if p.FileName() == "" {
			if long {
				return fault.New(fault.TooLarge, "the fields of the form are over %d bytes", abi.MaxBodyBytes)
			}
			form.Add(p.FormName(), string(data))
			continue
		}
		f := map[string]any{"field": clean(p.FormName()), "filename": clean(p.FileName()), "type": clean(p.Header.Get("Content-Type"))}
		if files = append(files, f); !long {
			f["data"] = data
			continue
		}
		if err := in.spool(f, data, p, dir); err != nil {
			return err
		}
	}
}

func clean(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// spool puts a long file of a form on the disk, where only its descriptor finds it.
func (in *Incoming) spool(f map[string]any, start []byte, rest *multipart.Part, dir string) error {
	file, err := os.CreateTemp(dir, "upload-")
	if err != nil {
		return fault.Wrap(err, fault.DiskFull, "there is no room for the form's files")
	}
	b := &Body{file: file}
	if os.Remove(file.Name()) != nil { // elsewhere than on Unix: when it is closed
		b.path = file.Name()
	}
	in.Streams = append(in.Streams, Stream{b, f})
	if _, err := file.Write(start); err != nil {
		return fault.Wrap(err, fault.DiskFull, "there is no room for the form's files")
	}
	n, err := io.Copy(file, rest)
	if err != nil {
		return err
	}
	b.size = int64(len(start)) + n
	b.R = io.NewSectionReader(file, 0, b.size)
	f["size"] = b.size
	return nil
}
