package frontend

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// file is a file of an archive; mode 0 is a plain one.
type file struct {
	name, text string
	mode       fs.FileMode
}

func archive(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// wheelOf adds a wheel's metadata to files; change alters its list.
func wheelOf(name, version string, change func(record string) string, files ...file) []file {
	dist := name + "-" + version + ".dist-info"
	files = append(slices.Clone(files), file{dist + "/METADATA", "Name: " + name + "\n", 0})
	var record strings.Builder
	for _, f := range files {
		sum := sha256.Sum256([]byte(f.text))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.text))
	}
	fmt.Fprintf(&record, "%s/RECORD,,\n", dist)
	text := record.String()
	if change != nil {
		text = change(text)
	}
	return append(files, file{dist + "/RECORD", text, 0})
}

func clientWheel(version string) []file {
	return wheelOf(clientPackage, version, nil, file{clientPackage + "/static/index.html", "<p>" + version, 0},
		file{clientPackage + "/static/assets/a.js", "1", 0}, file{clientPackage + "/__init__.py", "", 0})
}

func write(t testing.TB, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// index is a client without a wheel around it, with one more file.
func index(f file) []file { return []file{{"index.html", "<p>", 0}, f} }

func TestInstallRefuses(t *testing.T) {
	long := strings.Repeat("a", 201)
	for _, tt := range []struct {
		name  string
		files []file
		want  fault.Code
	}{
		{"no client", []file{{"readme.txt", "x", 0}}, fault.BadFile},
		{"parent", index(file{"../x", "x", 0}), fault.BadFile},
		{"parent inside", index(file{"a/../../x", "x", 0}), fault.BadFile},
		{"absolute", index(file{"/etc/x", "x", 0}), fault.BadFile},
		{"backslash", index(file{`a\..\x`, "x", 0}), fault.BadFile},
		{"drive", index(file{"c:/x", "x", 0}), fault.BadFile},
		{"stream", index(file{"a.js:x", "x", 0}), fault.BadFile},
		{"device", index(file{"aux.js", "x", 0}), fault.BadFile},
		{"port", index(file{"a/com1", "x", 0}), fault.BadFile},
		{"dot at the end", index(file{"a./x", "x", 0}), fault.BadFile},
		{"control character", index(file{"a\nb", "x", 0}), fault.BadFile},
		{"long name", index(file{long, "x", 0}), fault.BadFile},
		{"link", index(file{"a", "/etc/passwd", fs.ModeSymlink | 0o777}), fault.BadFile},
		{"named pipe", index(file{"a", "", fs.ModeNamedPipe | 0o644}), fault.BadFile},
		{"twice", index(file{"index.html", "x", 0}), fault.BadFile},
		{"twice by case", index(file{"INDEX.html", "x", 0}), fault.BadFile},
		{"file and folder", []file{{"index.html", "x", 0}, {"a", "x", 0}, {"A/b", "x", 0}}, fault.BadFile},
		{"a wheel without a list", []file{{clientPackage + "/static/index.html", "x", 0}, {clientPackage + "-1.0.dist-info/METADATA", "", 0}}, fault.BadFile},
		{"a damaged wheel", wheelOf(clientPackage, "1.0", func(r string) string { return strings.Replace(r, "sha256=", "sha256=A", 1) },
			file{clientPackage + "/static/index.html", "x", 0}), fault.BadFile},
		{"an unlisted file", append(clientWheel("1.0"), file{clientPackage + "/static/evil.js", "x", 0}), fault.BadFile},
		{"a listed file that is missing", wheelOf(clientPackage, "1.0", func(r string) string { return r + "x,sha256=AA,1\n" },
			file{clientPackage + "/static/index.html", "x", 0}), fault.BadFile},
		{"a weak hash", wheelOf(clientPackage, "1.0", func(r string) string { return strings.ReplaceAll(r, "sha256=", "md5=") },
			file{clientPackage + "/static/index.html", "x", 0}), fault.Unsupported},
		{"another package", wheelOf("requests", "1.0", nil, file{"requests/a.py", "x", 0}), fault.Unsupported},
		{"a version that leads out", wheelOf(clientPackage, "..", nil, file{clientPackage + "/static/index.html", "x", 0}), fault.BadFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			i := Installer{Shelf: NewShelf(dir)}
			_, err := i.Install(t.Context(), write(t, "a.whl", archive(t, tt.files...)))
			if got := fault.CodeOf(err); err == nil || got != tt.want {
				t.Errorf("got %v (%v), want %s", err, got, tt.want)
			}
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("files were left: %v", left)
			}
		})
	}
}

func TestInstallIsNoZip(t *testing.T) {
	i := Installer{Shelf: NewShelf(t.TempDir())}
	for _, source := range []string{write(t, "a.whl", []byte("not a zip")), filepath.Join(t.TempDir(), "absent"), "https://"} {
		if got, err := i.Install(t.Context(), source); err == nil {
			t.Errorf("%s: got %v, want an error", source, got)
		}
	}
}

// read gives a served file, or its error.
func read(f fs.FS, name string) string {
	b, err := fs.ReadFile(f, name)
	if err != nil {
		return "error"
	}
	return string(b)
}

func TestVersionsSideBySide(t *testing.T) {
	s := NewShelf(t.TempDir())
	for _, v := range []string{"1.9.0", "1.10.0", "1.10.0rc1"} {
		got, err := Installer{Shelf: s}.Install(t.Context(), write(t, "a.whl", archive(t, clientWheel(v)...)))
		if err != nil {
			t.Fatal(err)
		}
		if !got[0].Fresh || got[0].Version != v || got[0].Files != 2 {
			t.Errorf("%s: got %+v", v, got[0])
		}
	}
	for _, tt := range []struct{ version, want string }{
		{"", "<p>1.10.0"}, {"latest", "<p>1.10.0"}, {"1.9.0", "<p>1.9.0"}, {"v1.9.0", "<p>1.9.0"},
		{"Comfy-Org/ComfyUI_frontend@v1.10.0rc1", "<p>1.10.0rc1"}, {"Comfy-Org/ComfyUI_frontend@latest", "<p>1.10.0"}, {None, ""}, {"2.0", "error"},
	} {
		v, err := s.Serve("", tt.version)
		got := ""
		switch {
		case err != nil:
			got = "error"
		case v.Files != nil:
			got = read(v.Files, "index.html")
		}
		if got != tt.want {
			t.Errorf("version %q: got %q, want %q (%v)", tt.version, got, tt.want, err)
		}
		if v != nil {
			v.Close()
		}
	}
	again, err := Installer{Shelf: s}.Install(t.Context(), write(t, "a.whl", archive(t, clientWheel("1.9.0")...)))
	if err != nil || again[0].Fresh {
		t.Errorf("the same again: got %+v, %v", again, err)
	}
	other := wheelOf(clientPackage, "1.9.0", nil, file{clientPackage + "/static/index.html", "other", 0})
	if _, err := (Installer{Shelf: s}).Install(t.Context(), write(t, "a.whl", archive(t, other...))); fault.CodeOf(err) != fault.Conflict {
		t.Errorf("other bytes of the same version: got %v, want %s", err, fault.Conflict)
	}
}

func TestServeExtras(t *testing.T) {
	s := NewShelf(t.TempDir())
	for _, files := range [][]file{
		clientWheel("1.0"),
		wheelOf(templatesPackage+"_json", "0.1", nil, file{templatesPackage + "_json/templates/index.json", `[{"title":"theirs","templates":[]}]`, 0},
			file{templatesPackage + "_json/templates/t.json", "{}", 0}, file{templatesPackage + "_json/templates/index.zh.json", "[]", 0}),
		wheelOf(templatesPackage+"_media_image", "0.1", nil, file{templatesPackage + "_media_image/templates/t-1.webp", "w", 0}),
		wheelOf(docsPackage, "0.1", nil, file{docsPackage + "/docs/KSampler/en.md", "# K", 0}),
	} {
		if _, err := (Installer{Shelf: s}).Install(t.Context(), write(t, "a.whl", archive(t, files...))); err != nil {
			t.Fatal(err)
		}
	}
	v, err := s.Serve("", "")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, tt := range []struct {
		files      fs.FS
		name, want string
	}{
		{v.Templates, "t.json", "{}"}, {v.Templates, "t-1.webp", "w"}, {v.Docs, "KSampler/en.md", "# K"}, {v.Files, "assets/a.js", "1"},
		{v.Templates, "../1.0/package.json", "error"}, {v.Templates, "index.xx.json", "error"}, {v.Files, "nothing", "error"},
	} {
		if got := read(tt.files, tt.name); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	titles := func(name string) (all []string) {
		var index []struct{ Title string }
		if err := json.Unmarshal([]byte(read(v.Templates, name)), &index); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, c := range index {
			all = append(all, c.Title)
		}
		return all
	}
	if d := cmp.Diff([]string{"Getting Started", "theirs"}, titles("index.json")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"Getting Started"}, titles("index.zh.json")); d != "" {
		t.Error(d)
	}
	var names []string
	_ = fs.WalkDir(v.Files, ".", func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, p)
		}
		return nil
	})
	if !slices.Contains(names, "assets/a.js") {
		t.Errorf("the client's files cannot be listed: %v", names)
	}
}

func TestFolderAndURL(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("<p>folder"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := NewShelf(t.TempDir())
	if _, err := (Installer{Shelf: s, Version: "2.0-mine"}).Install(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	body := archive(t, file{"dist/index.html", "<p>zip", 0})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/dist.zip" {
			_, _ = w.Write(body)
			return
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	defer web.Close()
	got, err := Installer{Shelf: s}.Install(t.Context(), web.URL+"/dist.zip")
	if err != nil || !strings.HasPrefix(got[0].Version, "local-") {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := (Installer{Shelf: s}).Install(t.Context(), web.URL+"/absent.zip"); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("an absent URL: got %v", err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err == nil {
		if _, err := (Installer{Shelf: s}).Install(t.Context(), dir); fault.CodeOf(err) != fault.BadFile {
			t.Errorf("a folder with a link: got %v", err)
		}
	}
	v, err := s.Serve("", "2.0-mine")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if got := read(v.Files, "index.html"); got != "<p>folder" {
		t.Errorf("got %q", got)
	}
	if _, err := s.Serve(t.TempDir(), ""); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("an empty --front-end-root: got %v", err)
	}
}

// TestPip lets a program that writes a wheel stand for pip, as pip would with a wheel in its cache.
func TestPip(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("this system has no /bin/sh")
	}
	from := write(t, "comfyui_frontend_package-3.0-py3-none-any.whl", archive(t, clientWheel("3.0")...))
	script := write(t, "pip", []byte("#!/bin/sh\nfor a; do [ \"$last\" = --dest ] && dest=$a; last=$a; done\n"+
		"[ \"$last\" = comfyui-frontend-package==3.0 ] || { echo no such version: \"$last\" >&2; exit 1; }\ncp '"+from+"' \"$dest\"\n"))
	i := Installer{Shelf: NewShelf(t.TempDir()), Pip: []string{"/bin/sh", script}}
	for source, want := range map[string]string{
		"client": "comfyui-frontend-package==" + Pinned(Client), "client==latest": "comfyui-frontend-package",
		"docs": "comfyui-embedded-docs==" + Pinned(Docs),
	} {
		if _, err := i.Install(t.Context(), source); err == nil || !strings.Contains(err.Error(), "no such version: "+want+":") {
			t.Errorf("%s asks pip for another than %s: %v", source, want, err)
		}
	}
	got, err := i.Install(t.Context(), "client==3.0")
	if err != nil || got[0].Version != "3.0" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := i.Install(t.Context(), "client==4.0"); err == nil || !strings.Contains(err.Error(), "no such version") {
		t.Errorf("got %v", err)
	}
	if _, err := i.Install(t.Context(), "client==--index-url=x y"); err == nil {
		t.Error("an option as a version was taken")
	}
}

func TestWelcome(t *testing.T) {
	for _, name := range []string{"user.css", "comfy.templates.json", "workflows/Papercut.json", "workflows/.index.json"} {
		if len(Welcome()[name]) == 0 {
			t.Errorf("%s is not there", name)
		}
	}
}

func TestPictureOf(t *testing.T) {
	dir := t.TempDir()
	picture := filepath.Join(dir, "papercut.png")
	if err := PictureOf(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(picture); err == nil {
		t.Error("a picture without a model")
	}
	if err := errorsOf(os.WriteFile(filepath.Join(dir, "papercut.safetensors"), nil, 0o644), PictureOf(dir)); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(picture); err != nil || len(b) == 0 {
		t.Errorf("no picture: %v", err)
	}
	if err := errorsOf(os.WriteFile(picture, []byte("mine"), 0o644), PictureOf(dir)); err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(picture); string(b) != "mine" {
		t.Errorf("a file of the user became %q", b)
	}
}

func errorsOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestCompareVersions(t *testing.T) {
	in := []string{"1.10.0", "1.9.0", "local-abc", "v2.0", "1.10", "1.10.0rc1", "99999999999999999999.0"}
	slices.SortStableFunc(in, compareVersions)
	want := []string{"99999999999999999999.0", "local-abc", "1.9.0", "1.10.0rc1", "1.10.0", "1.10", "v2.0"}
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
}

func FuzzInstall(f *testing.F) {
	f.Add(archive(f, clientWheel("1.0")...))
	f.Add(archive(f, index(file{"../x", "x", 0})...))
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1<<16 {
			return
		}
		base := t.TempDir()
		i := Installer{Shelf: NewShelf(filepath.Join(base, "shelf"))}
		_, _ = i.Install(context.Background(), write(t, "a.zip", b)) // errors are right, panics and files elsewhere are not
		entries, _ := os.ReadDir(base)
		for _, e := range entries {
			if e.Name() != "shelf" {
				t.Fatalf("a file was written outside: %s", e.Name())
			}
		}
	})
}
