package main

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

const (
	side = 256 // pixels of a shown picture's longer side
	most = 64  // pictures that are shown; the others can be chosen by number
)

// show keeps small copies of the pictures for pages, and tells the one that is open.
func show(batch guest.Image, node string, stays time.Duration) error {
	s := batch.Info().Shape // [n, h, w, c]
	h, w := fit(s[1], s[2])
	var r guest.Recorder
	x := r.Resize(r.Input(batch.Tensor), guest.Area, s[0], h, w, s[3])
	small, err := r.Run(r.Clamp(x, 0, 1))
	if err != nil {
		return err
	}
	raw := make([]byte, 4*h*w*s[3])
	for i := range min(s[0], most) {
		if _, err := small[0].Read(raw, int64(i*len(raw))); err != nil {
			return err
		}
		picture, err := encode(raw, h, w, s[3])
		if err != nil {
			return err
		}
		if err := guest.Tenant.Put(key(node, i), picture, stays); err != nil {
			return err
		}
	}
	if err := stillWaits(node, s[0]); err != nil {
		return err
	}
	tell("pictures", node)
	return guest.Preview(batch, 512)
}

// stillWaits keeps a node among those that wait, for a little longer than it takes to say so again.
func stillWaits(node string, count int) error {
	return guest.Tenant.Put("count/"+node, []byte(strconv.Itoa(count)), 2*pulse*time.Second)
}

// tell sends an event to the client whose prompt runs. A client may be away, and events may not be granted: the page asks too.
func tell(kind, node string) { _ = guest.Send(kind, `{"node":`+strconv.Quote(node)+`}`) }

// hide forgets the copies.
func hide(node string, count int) {
	_ = guest.Tenant.Delete("count/" + node)
	for i := range min(count, most) {
		_ = guest.Tenant.Delete(key(node, i))
	}
	tell("chosen", node)
}

func key(node string, index int) string { return "picture/" + node + "/" + strconv.Itoa(index) }

// fit makes a size no larger than side, with the same proportions.
func fit(h, w int) (int, int) {
	k := min(1, float64(side)/float64(max(h, w)))
	return max(1, int(math.Round(float64(h)*k))), max(1, int(math.Round(float64(w)*k)))
}

// encode makes a JPEG of float32 values of 0..1; raw is [h, w, c].
func encode(raw []byte, h, w, c int) ([]byte, error) {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		for k := range 3 {
			at := 4 * (i*c + min(k, c-1))
			v := math.Float32frombits(binary.LittleEndian.Uint32(raw[at:]))
			m.Pix[4*i+k] = byte(v*255 + 0.5)
		}
		m.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// pictures is how many a node waits with; 0 when it does not.
func pictures(node string) int {
	b, err := guest.Tenant.Get("count/" + node)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(string(b))
	return n
}

// waiting lists the nodes that wait: [{"node": "7", "count": 4, "shown": 4}].
func waiting(*guest.Request) (guest.Response, error) {
	keys, err := guest.Tenant.List("count/")
	if err != nil {
		return guest.Response{}, err
	}
	var list []string
	for _, k := range keys {
		node := strings.TrimPrefix(k, "count/")
		if n := pictures(node); n > 0 {
			list = append(list, `{"node":`+strconv.Quote(node)+`,"count":`+strconv.Itoa(n)+`,"shown":`+strconv.Itoa(min(n, most))+`}`)
		}
	}
	return says(200, "["+strings.Join(list, ",")+"]"), nil
}

// picture gives one of them.
func picture(r *guest.Request) (guest.Response, error) {
	index, err := strconv.Atoi(r.Params["index"])
	if err != nil {
		return says(400, `{"error":"pictures are counted from 0"}`), nil
	}
	b, err := guest.Tenant.Get(key(r.Params["node"], index))
	if err != nil {
		return says(404, `{"error":"there is no such picture"}`), nil
	}
	return guest.Response{Headers: map[string]string{"content-type": "image/jpeg", "cache-control": "no-store"}, Body: b}, nil
}
