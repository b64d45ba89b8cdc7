package route

import (
	"bytes"
	"errors"
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

const mib = 1 << 20

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

// TestForms: fields and short files come with the request, long files as files that nobody else finds.
func TestForms(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("0123456789", abi.MaxBodyBytes/8)
	b, kind := form(t, [2]string{"message", "one"}, [2]string{"message", "two"}, [2]string{"short.txt", "hello"}, [2]string{"long.bin", long})
	r := httptest.NewRequest("POST", "/", b)
	r.Header.Set("Content-Type", kind)
	m, in := map[string]any{}, &Incoming{}
	if err := in.Read(r, m, 8*mib, dir); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"form": map[string]any{"message": []any{"one", "two"}}, "files": []any{
		map[string]any{"field": "file", "filename": "short.txt", "type": "application/octet-stream", "data": []byte("hello")},
		map[string]any{"field": "file", "filename": "long.bin", "type": "application/octet-stream", "size": int64(len(long))}}}
	if d := cmp.Diff(want, m); d != "" {
		t.Error(d)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("the long file has a name: %v, %v", left, err)
	}
	if len(in.Streams) != 1 || in.Streams[0].Into["filename"] != "long.bin" {
		t.Fatalf("%v", in.Streams)
	}
	f, end := in.Streams[0].Body, make([]byte, 3)
	if _, err := f.ReadAt(end, int64(len(long))-3); err != nil || string(end) != long[len(long)-3:] || !f.Again() || f.Size() != int64(len(long)) {
		t.Errorf("the end is %q: %v", end, err)
	}
	if all, err := io.ReadAll(f.R); err != nil || string(all) != long {
		t.Errorf("%d bytes, %v", len(all), err)
	}
	in.Close()
	in.Close()
	if _, err := f.ReadAt(end, 0); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is still open: %v", err)
	}
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
		in := &Incoming{}
		err := in.Read(r, map[string]any{}, 2*mib, t.TempDir())
		if in.Close(); fault.CodeOf(err) != x.want {
			t.Errorf("%s: %v, want %s", x.name, err, x.want)
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
		m, err := Message(r, &Route{Pattern: "POST /"}, nil)
		if err != nil {
			return
		}
		in := &Incoming{}
		defer in.Close()
		if in.Read(r, m, mib, t.TempDir()) != nil {
			return
		}
		if _, err := abi.Append(nil, m); err != nil {
			t.Errorf("%v", err)
		}
	})
}

type brokenReader struct{}

// Read fails.
func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("the line is cut") }
