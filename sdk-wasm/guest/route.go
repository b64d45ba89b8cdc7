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
	Files        []FormFile
	m            abi.Map
}

// FormFile is a file of a form.
type FormFile struct {
	Field, Filename, Type string
	Data                  []byte
}

// Response answers a Request. Status 0 is 200.
type Response struct {
	Status  int
	Headers map[string]string
	Body    []byte
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
		r := &Request{Method: m.Text("method"), Path: m.Text("path"), Tenant: m.Text("tenant"), Body: m.Bytes("body"), Params: map[string]string{}, m: m}
		for k := range m.Map("params") {
			r.Params[k] = m.Map("params").Text(k)
		}
		for _, f := range m.List("files") {
			x := abi.AsMap(f)
			r.Files = append(r.Files, FormFile{x.Text("field"), x.Text("filename"), x.Text("type"), x.Bytes("data")})
		}
		res, err := route.Do(r)
		if err != nil {
			return nil, err
		}
		headers := map[string]any{}
		for k, v := range res.Headers {
			headers[k] = v
		}
		body := res.Body
		if body == nil {
			body = []byte{}
		}
		return map[string]any{"status": res.Status, "headers": headers, "body": body}, nil
	}
	return nil, Error(abi.ENOENT)
}

// HTML is a page, self-contained: it runs in an origin of its own and reaches the extension's routes through the bridge.
func HTML(page string) Response {
	return Response{Headers: map[string]string{"content-type": "text/html; charset=utf-8"}, Body: []byte(page)}
}

// Text is a plain text.
func Text(s string) Response {
	return Response{Headers: map[string]string{"content-type": "text/plain; charset=utf-8"}, Body: []byte(s)}
}
