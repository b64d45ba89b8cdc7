package wasmhost

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
)

// outgoing is a route's answer on its way: bytes, or a file.
type outgoing struct {
	status  int
	headers http.Header
	body    []byte
	file    File
	etag    string // of what the host made or opened; a guest's own goes first
	at      time.Time
}

func (o *outgoing) close() {
	if o.file != nil {
		_ = o.file.Close()
	}
}

// sentHeaders are those of an answer that a guest may set.
var sentHeaders = []string{"content-type", "content-language", "content-disposition", "cache-control", "etag", "last-modified", "expires", "retry-after"}

// putHead checks a guest's status and headers and puts the headers into h, with those that the host adds to every answer.
func putHead(h http.Header, m abi.Map) (status int, err error) {
	status = int(m.Int("status"))
	if status == 0 {
		status = http.StatusOK
	}
	if m == nil || status < 200 || status > 599 {
		return 0, fault.New(fault.ExtensionFailed, "the route's answer has no status")
	}
	for name, v := range m.Map("headers") {
		s, ok := v.(string)
		if !ok || strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return 0, fault.New(fault.ExtensionFailed, "the route's header %q is no header", name)
		}
		if n := strings.ToLower(name); slices.Contains(sentHeaders, n) || strings.HasPrefix(n, "x-ext-") && token(n) {
			h.Set(n, s)
		}
	}
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/octet-stream")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	return status, nil
}

// kindOfText is an answer's media type, without parameters.
func kindOfText(h http.Header) string {
	t, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	return t
}

func token(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool {
		return !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-')
	})
}

// outgoing reads a route's reply. A body is bytes, a text, an open file, or {image, format, quality, index}: a picture of a
// batch, which the host writes.
func (c *call) outgoing(m abi.Map) (*outgoing, error) {
	o := &outgoing{headers: http.Header{}}
	var err error
	if o.status, err = putHead(o.headers, m); err != nil {
		return nil, err
	}
	typed := m.Map("headers")["content-type"] != nil
	switch b := m["body"].(type) {
	case nil:
	case []byte:
		o.body = b
	case string:
		o.body = []byte(b)
	case abi.Handle:
		err = c.sendFile(o, b, typed)
	case map[string]any:
		err = c.sendPicture(o, abi.Map(b))
	default:
		err = fault.New(fault.ExtensionFailed, "the route's answer has no body")
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// sendFile takes an open file out of the call, which ends before the file has gone.
func (c *call) sendFile(o *outgoing, x abi.Handle, typed bool) error {
	e, ok := c.entry(x)
	f, file := e.val.(File)
	if b, upload := e.val.(*body); upload {
		file = b.file != nil
	}
	if !ok || !file || x.Kind != abi.KindAsset && x.Kind != abi.KindBody {
		return fault.New(fault.ExtensionFailed, "the body of the route's answer is no open file")
	}
	o.file, e.val = f, nil
	if n, named := f.(interface{ Name() string }); named && !typed {
		if t := mime.TypeByExtension(path.Ext(n.Name())); t != "" {
			o.headers.Set("Content-Type", t)
		}
	}
	if d, dated := f.(interface{ ModTime() time.Time }); dated {
		o.at = d.ModTime()
		o.etag = `"` + strconv.FormatInt(o.at.UnixNano(), 36) + "-" + strconv.FormatInt(f.Size(), 36) + `"`
	}
	return nil
}

// sendPicture writes a picture. Its pixels never were in the guest.
func (c *call) sendPicture(o *outgoing, m abi.Map) error {
	x, _ := m["image"].(abi.Handle)
	e, ok := c.entry(x)
	if !ok {
		return fault.New(fault.ExtensionFailed, "the route's answer has no picture")
	}
	p, err := readPictureForm(m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := c.encodePicture(&b, e.val, int(m.Int("index")), p); err != nil {
		return err
	}
	o.body = b.Bytes()
	o.headers.Set("Content-Type", "image/"+p.format)
	sum := sha256.Sum256(o.body)
	o.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	return nil
}

// entry finds the handle of a reply.
func (c *call) entry(x abi.Handle) (*handle, bool) {
	i, gen := uint32(x.ID), uint32(x.ID>>32)
	if uint64(i) >= uint64(len(c.handles.all)) || x.Kind == 0 || c.handles.all[i].kind != x.Kind || c.handles.all[i].gen != gen {
		return &handle{}, false
	}
	return &c.handles.all[i], true
}

// send answers. What is a file or a picture answers to If-None-Match and Range too.
func (o *outgoing) send(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	for k, v := range o.headers {
		h[k] = v
	}
	whole := o.status == http.StatusOK && (r.Method == http.MethodGet || r.Method == http.MethodHead)
	if o.etag != "" && h.Get("Etag") == "" && o.status == http.StatusOK {
		h.Set("Etag", o.etag)
	}
	switch {
	case o.file != nil && whole:
		http.ServeContent(w, r, "", o.at, io.NewSectionReader(o.file, 0, o.file.Size()))
		return r.Context().Err()
	case o.file != nil:
		h.Set("Content-Length", strconv.FormatInt(o.file.Size(), 10))
		w.WriteHeader(o.status)
		if r.Method == http.MethodHead {
			return nil
		}
		_, err := io.Copy(w, io.NewSectionReader(o.file, 0, o.file.Size()))
		return err
	case whole && h.Get("Etag") != "":
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(o.body))
		return r.Context().Err()
	}
	h.Set("Content-Length", strconv.Itoa(len(o.body)))
	w.WriteHeader(o.status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, err := w.Write(o.body)
	return err
}
