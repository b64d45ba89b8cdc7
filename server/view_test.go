package server

import (
	"bytes"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/imaging"
	"github.com/cocoonhq/cocoon/internal/store/disk"
)

// filesOnly is a server whose file routes work.
func filesOnly(t *testing.T) (*Server, *disk.Store) {
	t.Helper()
	base := t.TempDir()
	dir := func(n string) string { return filepath.Join(base, n) }
	files, err := disk.Open(disk.Dirs{Input: dir("input"), Output: dir("output"), Temp: dir("temp"), User: dir("user")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	if err := os.WriteFile(filepath.Join(base, "secret.png"), []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	return New(Config{Files: files, Web: http.NotFoundHandler()}), files
}

func testPNG(t *testing.T, w, h int, c color.NRGBA) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.SetNRGBA(i%w, i/w, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func testGIF(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, w, h), palette.WebSafe), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, s *disk.Store, kind, name string, b []byte) {
	t.Helper()
	if err := s.Put(kind, name, true, func(w io.Writer) error { _, err := w.Write(b); return err }); err != nil {
		t.Fatal(err)
	}
}

func get(s *Server, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestView(t *testing.T) {
	s, files := filesOnly(t)
	put(t, files, "output", "sub/a.png", testPNG(t, 600, 300, color.NRGBA{10, 20, 30, 128}))
	put(t, files, "input", "b.png", testPNG(t, 8, 4, color.NRGBA{1, 2, 3, 255}))
	put(t, files, "input", "page.html", []byte("<script>alert(1)</script>"))
	put(t, files, "input", "pic.svg", []byte("<svg/>"))
	put(t, files, "input", "q\"uote.txt", []byte("x"))
	put(t, files, "output", "moves.gif", testGIF(t, 64, 32))
	for _, row := range []struct {
		query  string
		status int
		kind   string // content type
	}{
		{"filename=a.png&subfolder=sub", 200, "image/png"},
		{"filename=sub/a.png&subfolder=sub", 200, "image/png"}, // only the base name counts
		{"filename=b.png&type=input", 200, "image/png"},
		{"filename=b.png [input]", 200, "image/png"},
		{"filename=a.png&subfolder=sub&res=256", 200, "image/jpeg"},
		{"filename=a.png&subfolder=sub&preview=jpeg;80&channel=rgb", 200, "image/jpeg"},
		{"filename=a.png&subfolder=sub&preview=webp", 200, "image/webp"},
		{"filename=a.png&subfolder=sub&preview=jpeg", 200, "image/jpeg"},
		{"filename=a.png&subfolder=sub&preview=jpeg;90&channel=rgba", 200, "image/webp"},
		{"filename=a.png&subfolder=sub&channel=a", 200, "image/png"},
		{"filename=page.html&type=input", 200, "application/octet-stream"},
		{"filename=pic.svg&type=input", 200, "application/octet-stream"},
		{"filename=page.html&type=input&preview=webp", 400, ""},
		{"filename=page.html&type=input&res=64", 200, "application/octet-stream"},
		{"filename=moves.gif&res=16", 200, "image/gif"},
		{"filename=moves.gif&preview=jpeg", 200, "image/jpeg"},
		{"", 404, ""},
		{"filename=", 400, ""},
		{"filename=/etc/passwd", 400, ""},
		{"filename=../secret.png", 400, ""},
		{"filename=secret.png&subfolder=..", 403, ""},
		{"filename=secret.png&subfolder=sub/../..", 403, ""},
		{"filename=secret.png&subfolder=..\\", 403, ""},
		{"filename=a.png&type=user", 400, ""},
		{"filename=missing.png", 404, ""},
		{"filename=blake3:00", 404, ""},
	} {
		q := strings.NewReplacer(" ", "%20", "\\", "%5C").Replace(row.query)
		w := get(s, "/view?"+q)
		if w.Code != row.status {
			t.Errorf("%s: status %d, want %d", row.query, w.Code, row.status)
		}
		if row.kind != "" && w.Header().Get("Content-Type") != row.kind {
			t.Errorf("%s: type %q, want %q", row.query, w.Header().Get("Content-Type"), row.kind)
		}
	}
}

func TestViewHeaders(t *testing.T) {
	s, files := filesOnly(t)
	put(t, files, "input", "page.html", []byte("x"))
	put(t, files, "input", "pic.svg", []byte("<svg/>"))
	put(t, files, "output", "a.png", testPNG(t, 64, 64, color.NRGBA{1, 2, 3, 255}))
	w := get(s, "/view?filename=page.html&type=input")
	for k, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Content-Disposition": `attachment; filename="page.html"`,
		"Content-Security-Policy": "sandbox; default-src 'none'", "Cache-Control": "no-store", "Vary": "Sec-Fetch-Dest",
	} {
		if got := w.Header().Get(k); got != want {
			t.Errorf("page.html: %s is %q, want %q", k, got, want)
		}
	}
	if got := get(s, "/view?filename=pic.svg&type=input", "Sec-Fetch-Dest", "image").Header().Get("Content-Type"); got != "image/svg+xml" {
		t.Errorf("an SVG in an <img> is sent as %q, want image/svg+xml", got)
	}
	first := get(s, "/view?filename=a.png&res=32")
	again := get(s, "/view?filename=a.png&res=32", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != 304 || first.Header().Get("ETag") == get(s, "/view?filename=a.png").Header().Get("ETag") {
		t.Errorf("small picture: status %d with its own tag, want 304 and a tag other than the file's", again.Code)
	}
	if w := get(s, "/view?filename=a.png", "Range", "bytes=0-3"); w.Code != 206 || w.Body.Len() != 4 {
		t.Errorf("range: status %d with %d bytes, want 206 with 4", w.Code, w.Body.Len())
	}
}

// The quality that is asked for counts, in either format.
func TestViewQuality(t *testing.T) {
	s, files := filesOnly(t)
	img := image.NewNRGBA(image.Rect(0, 0, 128, 128))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * i >> 5)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	put(t, files, "output", "a.png", b.Bytes())
	for _, format := range []string{"webp", "jpeg"} {
		size := func(quality string) int {
			return get(s, "/view?filename=a.png&channel=rgb&preview="+format+"%3B"+quality).Body.Len()
		}
		if low, middle, high := size("10"), size("75"), size("100"); low >= middle || middle >= high {
			t.Errorf("%s: %d, %d and %d bytes at qualities of 10, 75 and 100", format, low, middle, high)
		}
	}
}

func TestViewRefusesPixelBombs(t *testing.T) {
	s, files := filesOnly(t)
	s.c.MaxPixels = 100
	put(t, files, "output", "big.png", testPNG(t, 64, 64, color.NRGBA{}))
	if w := get(s, "/view?filename=big.png&channel=rgb"); w.Code != 400 {
		t.Errorf("status %d, want 400", w.Code)
	}
}

// post sends a form; fields come in pairs, the file is the part "image".
func post(t *testing.T, s *Server, target, name string, file []byte, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for i := 0; i < len(fields); i += 2 {
		if err := form.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("image", name)
	if err != nil {
		t.Fatal(err)
	}
	part.Write(file)
	form.Close()
	r := httptest.NewRequest("POST", target, &b)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestUploadImage(t *testing.T) {
	s, files := filesOnly(t)
	one, two := []byte("one"), []byte("two")
	for _, row := range []struct {
		name, file string
		fields     []string
		status     int
		want       string
	}{
		{"new", "a.png", nil, 200, `{"name": "a.png", "subfolder": "", "type": "input"}`},
		{"same bytes", "a.png", nil, 200, `{"name": "a.png", "subfolder": "", "type": "input"}`},
		{"sub-folder", "a.png", []string{"subfolder", "x/y", "type", "temp"}, 200, `{"name": "a.png", "subfolder": "x/y", "type": "temp"}`},
		{"escape by sub-folder", "a.png", []string{"subfolder", "../x"}, 400, ""},
		{"escape by name", "../a.png", nil, 400, ""},
		{"backslash", `..\a.png`, nil, 400, ""},
		{"absolute name", "/a.png", nil, 400, ""},
		{"other type", "a.png", []string{"type", "user"}, 400, ""},
	} {
		w := post(t, s, "/upload/image", row.file, one, row.fields...)
		if w.Code != row.status || row.want != "" && w.Body.String() != row.want {
			t.Errorf("%s: %d %s, want %d %s", row.name, w.Code, w.Body, row.status, row.want)
		}
	}
	if w := post(t, s, "/upload/image", "a.png", two); w.Body.String() != `{"name": "a (1).png", "subfolder": "", "type": "input"}` {
		t.Errorf("other bytes: %s, want a (1).png", w.Body)
	}
	if w := post(t, s, "/api/upload/image", "a.png", two, "overwrite", "true"); w.Body.String() != `{"name": "a.png", "subfolder": "", "type": "input"}` {
		t.Errorf("overwrite: %s, want a.png", w.Body)
	}
	f, err := files.Open("input", "a.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, _ := io.ReadAll(f); !bytes.Equal(got, two) {
		t.Errorf("a.png holds %q, want %q", got, two)
	}
	s.c.MaxUpload = 100
	if w := post(t, s, "/upload/image", "big.png", make([]byte, 1000)); w.Code != 413 {
		t.Errorf("too large: status %d, want 413", w.Code)
	}
}

func TestUploadMask(t *testing.T) {
	s, files := filesOnly(t)
	var original bytes.Buffer
	b := imaging.Bytes{W: 2, H: 1, C: 3, Pix: []byte{1, 2, 3, 4, 5, 6}}
	if err := imaging.EncodePNG(t.Context(), &original, b, imaging.PNGOptions{Level: 1, Text: []imaging.Text{{Key: "prompt", Value: "{}"}}}); err != nil {
		t.Fatal(err)
	}
	put(t, files, "input", "a.png", original.Bytes())
	mask := testPNG(t, 2, 1, color.NRGBA{9, 9, 9, 77})
	ref := func(name string) []string {
		return []string{"original_ref", `{"filename":"` + name + `","type":"input"}`}
	}
	if w := post(t, s, "/upload/mask", "m.png", mask, ref("a.png")...); w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	f, err := files.Open("input", "m.png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	saved, _ := io.ReadAll(f)
	img, err := png.Decode(bytes.NewReader(saved))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := nrgba(img).Pix, []byte{1, 2, 3, 77, 4, 5, 6, 77}; !bytes.Equal(got, want) {
		t.Errorf("pixels %v, want %v", got, want)
	}
	if texts, err := imaging.ReadText(bytes.NewReader(saved), 1<<20); err != nil || len(texts) != 1 || texts[0].Key != "prompt" {
		t.Errorf("texts %v, %v, want the original's prompt", texts, err)
	}
	for _, row := range []struct {
		name   string
		mask   []byte
		fields []string
		want   int
	}{
		{"no reference", mask, nil, 400},
		{"missing original", mask, ref("b.png"), 200},
		{"escaping original", mask, ref("../secret.png"), 200},
		{"other size", testPNG(t, 3, 3, color.NRGBA{}), ref("a.png"), 400},
		{"no picture", []byte("x"), ref("a.png"), 400},
	} {
		if w := post(t, s, "/upload/mask", "n.png", row.mask, row.fields...); w.Code != row.want {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.want)
		}
	}
	if _, err := files.Stat("input", "n.png"); err == nil {
		t.Error("a refused mask left a file")
	}
}

func TestUnknownPaths(t *testing.T) {
	s, _ := filesOnly(t)
	for _, row := range []struct {
		method, path string
		want         int
		allow        string
	}{
		{"GET", "/nothing", 404, ""}, {"POST", "/nothing", 405, "GET, HEAD"}, {"DELETE", "/view", 405, "GET, HEAD"},
		{"GET", "/prompt/", 404, ""}, {"PUT", "/upload/image", 405, "POST"},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(row.method, row.path, nil))
		if w.Code != row.want || row.allow != "" && !strings.Contains(w.Header().Get("Allow"), strings.Split(row.allow, ",")[0]) {
			t.Errorf("%s %s: %d, Allow %q, want %d, %q", row.method, row.path, w.Code, w.Header().Get("Allow"), row.want, row.allow)
		}
	}
}
