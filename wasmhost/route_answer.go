package wasmhost

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"mime"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/picture"
	"github.com/cocoonhq/cocoon/wasmhost/route"
)

// outgoing reads a route's reply. A body is bytes, a text, an open file, or {image, format, quality, index}: a picture of a
// batch, which the host writes.
func (c *call) outgoing(m abi.Map) (*route.Answer, error) {
	o := &route.Answer{Headers: http.Header{}}
	var err error
	if o.Status, err = route.PutHead(o.Headers, m); err != nil {
		return nil, err
	}
	typed := m.Map("headers")["content-type"] != nil
	switch b := m["body"].(type) {
	case nil:
	case []byte:
		o.Body = b
	case string:
		o.Body = []byte(b)
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
func (c *call) sendFile(o *route.Answer, x abi.Handle, typed bool) error {
	e, ok := c.entry(x)
	f, file := e.val.(File)
	if b, upload := e.val.(*route.Body); upload {
		file = b.Again()
	}
	if !ok || !file || x.Kind != abi.KindAsset && x.Kind != abi.KindBody {
		return fault.New(fault.ExtensionFailed, "the body of the route's answer is no open file")
	}
	o.File, e.val = f, nil
	if n, named := f.(interface{ Name() string }); named && !typed {
		if t := mime.TypeByExtension(path.Ext(n.Name())); t != "" {
			o.Headers.Set("Content-Type", t)
		}
	}
	if d, dated := f.(interface{ ModTime() time.Time }); dated {
		o.At = d.ModTime()
		o.Etag = `"` + strconv.FormatInt(o.At.UnixNano(), 36) + "-" + strconv.FormatInt(f.Size(), 36) + `"`
	}
	return nil
}

// sendPicture writes a picture. Its pixels never were in the guest.
func (c *call) sendPicture(o *route.Answer, m abi.Map) error {
	x, _ := m["image"].(abi.Handle)
	e, ok := c.entry(x)
	if !ok {
		return fault.New(fault.ExtensionFailed, "the route's answer has no picture")
	}
	p, err := picture.Read(m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := c.encodePicture(&b, e.val, int(m.Int("index")), p); err != nil {
		return err
	}
	o.Body = b.Bytes()
	o.Headers.Set("Content-Type", "image/"+p.Format)
	sum := sha256.Sum256(o.Body)
	o.Etag = `"` + hex.EncodeToString(sum[:16]) + `"`
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

func (c *call) replyHead(ptr, n uint32) int32 {
	x, m := c.exchange, c.message(ptr, n)
	if x == nil {
		return abi.EUNSUP
	}
	if x.Began() {
		return abi.ECONFLICT
	}
	h := http.Header{}
	status, err := route.PutHead(h, m)
	if err != nil {
		c.note(err)
		return abi.EUNSUP
	}
	maps.Copy(x.W.Header(), h)
	events := route.MediaType(h) == "text/event-stream"
	c.park(func(context.Context) { err = x.Begin(status, events) })
	if err != nil {
		return abi.ECANCEL
	}
	return 0
}

func (c *call) replyWrite(ptr, n uint32) int64 {
	x, b := c.exchange, c.bytes(ptr, n)
	if x == nil || !x.Began() {
		return int64(abi.EUNSUP)
	}
	if !x.Take(int64(n)) {
		c.note(fault.New(fault.TooLarge, "the answer is over %d bytes", x.Limit))
		return int64(abi.ELIMIT)
	}
	c.work(int64(n))
	var err error
	c.park(func(context.Context) { err = x.Write(b) })
	if err != nil || c.Err() != nil {
		return int64(abi.ECANCEL)
	}
	return int64(n)
}
