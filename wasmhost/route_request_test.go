package wasmhost

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// form writes a form: names with a dot are files.
func form(t testing.TB, parts ...[2]string) (body *bytes.Buffer, kind string) {
	t.Helper()
	body = &bytes.Buffer{}
	w := multipart.NewWriter(body)
	for _, p := range parts {
		var to io.Writer
		var err error
		if strings.Contains(p[0], ".") {
			to, err = w.CreateFormFile("file", p[0])
		} else {
			to, err = w.CreateFormField(p[0])
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, p[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return body, w.FormDataContentType()
}

// TestForms: fields and short files come with the request, long files as streams that nobody else finds.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789", abi.MaxBodyBytes/8)
	b, kind := form(t, [2]string{"message", "one"}, [2]string{"message", "two"}, [2]string{"short.txt", "hello"}, [2]string{"long.bin", long})
	r := httptest.NewRequest("POST", "/", b)
	r.Header.Set("Content-Type", kind)
	m, in := map[string]any{}, &incoming{}
	defer in.close()
	if err := in.read(r, m, 8*mib, dir); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"message": []any{"one", "two"}}, m["form"]); d != "" {
		t.Error(d)
	}
	files := m["files"].([]any)
	if d := cmp.Diff(map[string]any{"field": "file", "filename": "short.txt", "type": "application/octet-stream", "data": []byte("hello")}, files[0]); d != "" {
		t.Error(d)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the long file has a name: %v, %v", left, err)
	}
	withCall(t, newHost(t, Config{}), Grant{}, RouteLimits(), func(c *call) {
		if err := in.put(c, m); err != nil {
			t.Fatal(err)
		}
		f := files[1].(map[string]any)
		h := int64(f["stream"].(abi.Handle).ID)
		if f["size"] != int64(len(long)) || c.assetSize(h) != int64(len(long)) {
			t.Errorf("size %v", f["size"])
		}
		if n := c.assetRead(h, int64(len(long))-3, guestMemory, 10); n != 3 || string(c.bytes(guestMemory, 3)) != long[len(long)-3:] {
			t.Errorf("the end: %d", n)
		}
		if n := c.bodyRead(h, guestMemory, 5); n != 5 || string(c.bytes(guestMemory, 5)) != "01234" {
			t.Errorf("the start: %d", n)
		}
		c.hDrop(h)
		if in.files[0].file.Close() == nil {
			t.Error("the file is open behind its handle")
		}
	})
}

func TestRefusedBodies(t *testing.T) {
	big := strings.Repeat("x", abi.MaxBodyBytes+1)
	fields, kind := form(t, [2]string{"a", big})
	bigFile, fileKind := form(t, [2]string{"a.bin", strings.Repeat("x", 3*mib)})
	many := make([][2]string, maxParts+1)
	for i := range many {
		many[i] = [2]string{"a", "b"}
	}
	parts, partsKind := form(t, many...)
	for _, x := range []struct {
		name, kind string
		body       io.Reader
		want       fault.Code
	}{
		{"long fields", kind, fields, fault.TooLarge},
		{"a file over the bound", fileKind, bigFile, fault.TooLarge},
		{"many parts", partsKind, parts, fault.TooLarge},
		{"a long urlencoded form", "application/x-www-form-urlencoded", strings.NewReader("a=" + big), fault.TooLarge},
		{"a form without a boundary", "multipart/form-data", strings.NewReader("x"), fault.BadRequest},
		{"a form that is cut short", "multipart/form-data; boundary=b", strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx"), fault.BadRequest},
		{"a form with a bad escape", "application/x-www-form-urlencoded", strings.NewReader("a=%zz"), fault.BadRequest},
		{"a body that breaks", "text/plain", brokenReader{}, fault.BadRequest},
	} {
		r := httptest.NewRequest("POST", "/", x.body)
		r.Header.Set("Content-Type", x.kind)
		in := &incoming{}
		err := in.read(r, map[string]any{}, 2*mib, t.TempDir())
		if in.close(); fault.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %s", x.name, err, x.want)
		}
	}
}

// TestTooManyFiles: files of a form for which the route has no handles are refused, and closed.
func TestTooManyFiles(t *testing.T) {
	in, l := &incoming{}, RouteLimits()
	for range l.Handles + 1 {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		in.files, in.into = append(in.files, &body{file: f, path: f.Name()}), append(in.into, map[string]any{})
	}
	withCall(t, newHost(t, Config{}), Grant{}, l, func(c *call) {
		if err := in.put(c, map[string]any{}); fault.CodeOf(err) != fault.TooLarge {
			t.Errorf("%v", err)
		}
	})
	in.close()
	for _, f := range in.files {
		if f.file.Close() == nil {
			t.Error("a file is still open")
		}
	}
}

// FuzzBody: whatever a client sends, the request has a form as a message or is refused.
func FuzzBody(f *testing.F) {
	b, kind := form(f, [2]string{"message", "one"}, [2]string{"a.txt", "hello"})
	f.Add(kind, b.Bytes(), "a=b&c=%20")
	f.Add("application/x-www-form-urlencoded", []byte("a=%ff&b"), "")
	f.Add("text/plain", []byte("\xff"), "%ff=%fe")
	f.Fuzz(func(t *testing.T, kind string, b []byte, query string) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(b))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", kind)
		m, err := readHTTP(r, &route{pattern: "POST /"}, nil)
		if err != nil {
			return
		}
		in := &incoming{}
		defer in.close()
		if in.read(r, m, mib, t.TempDir()) != nil {
			return
		}
		if _, err := abi.Append(nil, m); err != nil {
			t.Errorf("%v", err)
		}
	})
}
