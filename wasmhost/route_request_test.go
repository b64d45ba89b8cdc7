package wasmhost

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// longForm reads a form with so many files that are too long to come with their request.
func longForm(t *testing.T, files int) (in *route.Incoming, m map[string]any, text string) {
	t.Helper()
	text = strings.Repeat("0123456789", abi.MaxBodyBytes/8)
	var b strings.Builder
	for range files {
		b.WriteString("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"long.bin\"\r\n\r\n" + text + "\r\n")
	}
	r := httptest.NewRequest("POST", "/", strings.NewReader(b.String()+"--x--\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	in, m = &route.Incoming{}, map[string]any{}
	if err := in.Read(r, m, 64*mib, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in, m, text
}

// open reports whether a file can still be read.
func open(b *route.Body) bool {
	_, err := b.ReadAt(make([]byte, 1), 0)
	return err == nil
}

// TestLongFiles: a long file of a form is a stream and a file for the guest, and goes with its handle.
func TestLongFiles(t *testing.T) {
	in, m, long := longForm(t, 1)
	withCall(t, newHost(t, Config{}), Grant{}, RouteLimits(), func(c *call) {
		if err := c.putStreams(in); err != nil {
			t.Fatal(err)
		}
		h := int64(m["files"].([]any)[0].(map[string]any)["stream"].(abi.Handle).ID)
		if c.assetSize(h) != int64(len(long)) {
			t.Errorf("size %v", c.assetSize(h))
		}
		if n := c.assetRead(h, int64(len(long))-3, guestMemory, 10); n != 3 || string(c.bytes(guestMemory, 3)) != long[len(long)-3:] {
			t.Errorf("the end: %d", n)
		}
		if n := c.bodyRead(h, guestMemory, 5); n != 5 || string(c.bytes(guestMemory, 5)) != "01234" {
			t.Errorf("the start: %d", n)
		}
		if c.hDrop(h); open(in.Streams[0].Body) {
			t.Error("the file is open behind its handle")
		}
	})
}

// TestTooManyFiles: files of a form for which the route has no handles are refused, and closed.
func TestTooManyFiles(t *testing.T) {
	l := RouteLimits()
	in, _, _ := longForm(t, l.Handles+1)
	withCall(t, newHost(t, Config{}), Grant{}, l, func(c *call) {
		if err := c.putStreams(in); fault.CodeOf(err) != fault.TooLarge {
			t.Errorf("%v", err)
		}
	})
	in.Close()
	for _, s := range in.Streams {
		if open(s.Body) {
			t.Error("a file is still open")
		}
	}
}
