package guest

import "github.com/cocoonhq/cocoon/sdk-wasm/abi"

// Route answers requests to /ext/<id><Path>. Segments of Path that start with a colon are parameters. Do may return an error
// of the extension's own, which becomes a 500.
type Route struct {
	Method, Path string
	Do           func(r *Request) (Response, error)
}

// Request is an HTTP request.
type Request struct {
	Method, Path string
	Params       map[string]string
	Tenant       string
	Body         []byte
	Stream       *Body // the body when it is over abi.MaxBodyBytes; else nil
	Files        []FormFile
	m            abi.Map
}

// FormFile is a file of a form.
type FormFile struct {
	Field, Filename, Type string
	Data                  []byte
	Stream                *Body // of a long file, in place of Data; else nil
}

// Response answers a Request. Status 0 is 200. One of Body, File and Image is what is sent; the host sends a file and a
// picture without a byte of it here.
type Response struct {
	Status  int
	Headers map[string]string
	Body    []byte
	File    *Asset
	Image   *Image      // its first picture
	Form    PictureForm // of Image
}

// Query is the first value of a query parameter.
func (r *Request) Query(name string) string { return first(r.m.Map("query"), name) }

// Form is the first value of a form's field.
func (r *Request) Form(name string) string { return first(r.m.Map("form"), name) }

// Header is a header, by its lower-case name.
func (r *Request) Header(name string) string { return r.m.Map("headers").Text(name) }

func first(m abi.Map, name string) string {
	if l := m.List(name); len(l) > 0 {
		s, _ := l[0].(string)
		return s
	}
	return ""
}

func serveRoute(m abi.Map) (any, error) {
	for _, route := range extension.Routes {
		if route.Method+" "+route.Path != m.Text("route") {
			continue
		}
		r := &Request{Method: m.Text("method"), Path: m.Text("path"), Tenant: m.Text("tenant"), Body: m.Bytes("body"), Stream: body(m, "length"), Params: map[string]string{}, m: m}
		for k := range m.Map("params") {
			r.Params[k] = m.Map("params").Text(k)
		}
		for _, f := range m.List("files") {
			x := abi.AsMap(f)
			r.Files = append(r.Files, FormFile{x.Text("field"), x.Text("filename"), x.Text("type"), x.Bytes("data"), body(x, "size")})
		}
		res, err := route.Do(r)
		if err != nil {
			return nil, err
		}
		return map[string]any{"status": res.Status, "headers": anyMap(res.Headers), "body": res.body()}, nil
	}
	return nil, Error(abi.ENOENT)
}

func (r *Response) body() any {
	switch {
	case r.File != nil:
		return r.File.Handle
	case r.Image != nil:
		return r.Form.message(*r.Image)
	case r.Body == nil:
		return []byte{}
	}
	return r.Body
}

// HTML is a page, self-contained: it runs in an origin of its own and reaches the extension's routes through the bridge.
func HTML(page string) Response {
	return Response{Headers: map[string]string{"content-type": "text/html; charset=utf-8"}, Body: []byte(page)}
}

// Text is a plain text.
func Text(s string) Response {
	return Response{Headers: map[string]string{"content-type": "text/plain; charset=utf-8"}, Body: []byte(s)}
}
