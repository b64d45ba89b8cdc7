package wasmhost

import (
	"bytes"
	"image"
	_ "image/jpeg" // as answers have it
	_ "image/png"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	_ "golang.org/x/image/webp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/picture"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// memFile is an open file.
type memFile struct {
	*strings.Reader
	name   string
	closed bool
}

// Close says that it was.
func (f *memFile) Close() error {
	f.closed = true
	return nil
}

// Name is the file's path.
func (f *memFile) Name() string { return f.name }

// ModTime is always the same.
func (f *memFile) ModTime() time.Time { return time.Unix(1700000000, 0) }

// TestFileAnswers: a route answers with an open file, and its client may ask for parts and for changes only.
func TestFileAnswers(t *testing.T) {
	h := newHost(t, Config{})
	etag := ""
	for _, x := range []struct {
		name, method string
		headers      [2]string
		reply        map[string]any
		status       int
		body         string
		kind         string
	}{
		{name: "whole", method: "GET", status: 200, body: "0123456789", kind: "image/png"},
		{name: "head", method: "HEAD", status: 200, kind: "image/png"},
		{name: "a part", method: "GET", headers: [2]string{"Range", "bytes=2-4"}, status: 206, body: "234", kind: "image/png"},
		{name: "the end", method: "GET", headers: [2]string{"Range", "bytes=-2"}, status: 206, body: "89", kind: "image/png"},
		{name: "a part that is not there", method: "GET", headers: [2]string{"Range", "bytes=20-"}, status: 416, body: "invalid range: failed to overlap\n", kind: "text/plain; charset=utf-8"},
		{name: "unchanged", method: "GET", headers: [2]string{"If-None-Match", "etag"}, status: 304},
		{name: "a type of its own", method: "GET", reply: map[string]any{"headers": map[string]any{"content-type": "text/x-own"}}, status: 200, body: "0123456789", kind: "text/x-own"},
		{name: "a status of its own", method: "GET", reply: map[string]any{"status": int64(404)}, status: 404, body: "0123456789", kind: "image/png"},
		{name: "a status of its own, head", method: "HEAD", reply: map[string]any{"status": int64(404)}, status: 404, kind: "image/png"},
	} {
		f := &memFile{Reader: strings.NewReader("0123456789"), name: "/out/a.png"}
		var out *route.Answer
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			reply := abi.Map{"body": abi.Handle{Kind: abi.KindAsset, ID: uint64(c.put(abi.KindAsset, f))}}
			for k, v := range x.reply {
				reply[k] = v
			}
			var err error
			if out, err = c.outgoing(reply); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
		})
		if f.closed {
			t.Errorf("%s: the file is closed before it went", x.name)
		}
		r, w := httptest.NewRequest(x.method, "/", nil), httptest.NewRecorder()
		if v := x.headers[1]; v == "etag" {
			r.Header.Set(x.headers[0], etag)
		} else if v != "" {
			r.Header.Set(x.headers[0], v)
		}
		_ = out.Send(w, r)
		out.Close()
		if w.Code != x.status || w.Body.String() != x.body || w.Header().Get("Content-Type") != x.kind || !f.closed {
			t.Errorf("%s: %d %q %q, want %d %q %q; closed %v", x.name, w.Code, w.Body, w.Header().Get("Content-Type"), x.status, x.body, x.kind, f.closed)
		}
		if got := w.Header().Get("Etag"); got != "" {
			etag = got
		} else if x.status < 400 {
			t.Errorf("%s: no ETag", x.name)
		}
	}
}

// TestPictureAnswers: the host writes a picture of a batch in each format.
func TestPictureAnswers(t *testing.T) {
	h := newHost(t, Config{})
	for _, x := range []struct {
		name   string
		body   map[string]any
		format string
		near   uint32
		wrong  bool
	}{
		{"png", map[string]any{}, "png", 0, false},
		{"webp", map[string]any{"format": "webp"}, "webp", 0, false},
		{"jpeg", map[string]any{"format": "jpeg", "quality": int64(100)}, "jpeg", 4 << 8, false},
		{"another format", map[string]any{"format": "gif"}, "", 0, true},
		{"a picture that is not there", map[string]any{"index": int64(2)}, "", 0, true},
		{"a negative one", map[string]any{"index": int64(-1)}, "", 0, true},
		{"quality without end", map[string]any{"format": "jpeg", "quality": int64(101)}, "", 0, true},
		{"texts in a jpeg", map[string]any{"format": "jpeg", "text": map[string]any{"prompt": "{}"}}, "", 0, true},
		{"no picture", map[string]any{"image": nil}, "", 0, true},
	} {
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			img := ramp(2, 8, 8, 3)
			for i := range img.F32() {
				img.F32()[i] = float32(i/3) / 128
			}
			body := map[string]any{"image": abi.Handle{Kind: abi.KindImage, ID: uint64(c.put(abi.KindImage, img))}, "index": int64(1)}
			for k, v := range x.body {
				body[k] = v
			}
			out, err := c.outgoing(abi.Map{"body": body})
			if x.wrong {
				if err == nil {
					t.Errorf("%s: answered", x.name)
				}
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
			w := httptest.NewRecorder()
			_ = out.Send(w, httptest.NewRequest("GET", "/", nil))
			got, format, err := image.Decode(w.Body)
			if err != nil || format != x.format || w.Header().Get("Content-Type") != "image/"+x.format {
				t.Fatalf("%s: %s %v %v", x.name, format, err, w.Header())
			}
			for i := range 64 {
				r, _, _, _ := got.At(i%8, i/8).RGBA()
				want := uint32(img.F32()[(64+i)*3]*255) * 257 // Compat: cut off, not rounded
				if max(r, want)-min(r, want) > x.near {
					t.Fatalf("%s: pixel %d is %d, want %d", x.name, i, r, want)
				}
			}
		})
	}
}

func TestWrongAnswers(t *testing.T) {
	h := newHost(t, Config{})
	for _, x := range []struct {
		name  string
		reply func(c *call) abi.Map
	}{
		{"nothing", func(*call) abi.Map { return nil }},
		{"a number", func(*call) abi.Map { return abi.Map{"body": int64(1)} }},
		{"a handle that is not alive", func(*call) abi.Map { return abi.Map{"body": abi.Handle{Kind: abi.KindAsset, ID: 77}} }},
		{"a handle of another kind", func(c *call) abi.Map {
			return abi.Map{"body": abi.Handle{Kind: abi.KindAsset, ID: uint64(c.put(abi.KindImage, ramp(1, 2, 2, 3)))}}
		}},
		{"a picture as a file", func(c *call) abi.Map {
			return abi.Map{"body": abi.Handle{Kind: abi.KindImage, ID: uint64(c.put(abi.KindImage, ramp(1, 2, 2, 3)))}}
		}},
		{"a stream as a file", func(c *call) abi.Map {
			return abi.Map{"body": abi.Handle{Kind: abi.KindBody, ID: uint64(c.put(abi.KindBody, route.NewBody(strings.NewReader("x"), 1)))}}
		}},
		{"a draft as a file", func(c *call) abi.Map {
			return abi.Map{"body": abi.Handle{Kind: abi.KindDraft, ID: uint64(c.put(abi.KindDraft, &draft{}))}}
		}},
	} {
		withCall(t, h, Grant{}, RouteLimits(), func(c *call) {
			if _, err := c.outgoing(x.reply(c)); fault.CodeOf(err) != fault.ExtensionFailed {
				t.Errorf("%s: %v", x.name, err)
			}
		})
	}
}

// TestPicturesOfFiles: what image_save wrote, asset_image reads.
func TestPicturesOfFiles(t *testing.T) {
	h := newHost(t, Config{})
	withCall(t, h, Grant{}, ExecuteLimits(), func(c *call) {
		var b bytes.Buffer
		img := ramp(1, 4, 6, 4)
		form, err := picture.Read(abi.Map{})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.encodePicture(&b, img, 0, form); err != nil {
			t.Fatal(err)
		}
		file := c.put(abi.KindAsset, &memFile{Reader: strings.NewReader(b.String())})
		pixels, ok := c.handle(c.assetImage(file, 0)).tensor()
		mask, ok2 := c.handle(c.assetImage(file, 1)).tensor()
		if !ok || !ok2 || !pixels.Shape().Equal([]int{1, 4, 6, 3}) || !mask.Shape().Equal([]int{1, 4, 6}) {
			t.Fatalf("%v %v", pixels, mask)
		}
		for i := range 24 {
			if got, want := pixels.F32()[3*i], img.F32()[4*i]; got != want {
				t.Errorf("pixel %d is %v, want %v", i, got, want)
			}
			if got, want := mask.F32()[i], 1-img.F32()[4*i+3]; got != want {
				t.Errorf("mask %d is %v, want %v", i, got, want)
			}
		}
		for _, x := range []struct {
			name string
			data string
			part uint32
			left int64
			want int32
		}{
			{"no picture", "hello", 0, gib, abi.EUNSUP},
			{"an empty file", "", 0, gib, abi.EUNSUP},
			{"no such part", b.String(), 2, gib, abi.EUNSUP},
			{"cut short", b.String()[:60], 0, gib, abi.EUNSUP},
			{"more pixels than the call may have", b.String(), 0, 24 * decodeCost / 2, abi.ELIMIT},
			{"nothing left", b.String(), 0, 0, abi.ELIMIT},
		} {
			c.outBytes = c.limits.OutputBytes - x.left
			if got := c.assetImage(c.put(abi.KindAsset, &memFile{Reader: strings.NewReader(x.data)}), x.part); got != int64(x.want) {
				t.Errorf("%s: %d, want %d", x.name, got, x.want)
			}
		}
	})
}

// FuzzPicture: whatever bytes a file has, asset_image gives a picture within the bound, or an errno.
func FuzzPicture(f *testing.F) {
	f.Add([]byte("\x89PNG\r\n\x1a\n"), byte(0))
	f.Add([]byte("RIFF\x10\x00\x00\x00WEBPVP8 "), byte(1))
	f.Add([]byte("GIF89a\x01\x00\x01\x00"), byte(0))
	f.Fuzz(func(t *testing.T, b []byte, part byte) {
		inFuzzCall(t, func(c *call) {
			c.limits.OutputBytes = 4 * mib
			h := c.assetImage(c.put(abi.KindAsset, &memFile{Reader: strings.NewReader(string(b))}), uint32(part%2))
			if h < 0 {
				return
			}
			if x, ok := c.handle(h).tensor(); !ok || int64(len(x.Bytes())) > 4*mib {
				t.Errorf("%v", x)
			}
		})
	})
}

// TestDrafts: a file in the making is what was written to it, however long the pieces are.
func TestDrafts(t *testing.T) {
	d, want := &draft{}, strings.Repeat("0123456789abcdef", draftPiece/8+3)
	for at, n := 0, 1; at < len(want); n = n*3 + 1 {
		end := min(at+n, len(want))
		d.add([]byte(want[at:end]))
		at = end
	}
	got, err := io.ReadAll(d.reader())
	if err != nil || string(got) != want || d.Size() != int64(len(want)) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}
