package v2

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"time"

	"golang.org/x/image/draw"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Times of a stream.
const (
	pause        = 100 * time.Millisecond // between two looks at a job
	previewPause = 500 * time.Millisecond // between two previews
	keepAlive    = 10 * time.Second
	glance       = 2 * time.Second // a look without being woken
	writeTimeout = 30 * time.Second
)

// stream is one reader's stream of a job's events. Each look at the job sends what differs from the last one, so that a slow
// reader gets fewer events and none too late.
type stream struct {
	w        http.ResponseWriter
	flush    *http.ResponseController
	status   string
	position int
	value    float64
	step     string // of the progress that was sent
	outputs  map[string]bool
	previews int
	pictured time.Time
	wrote    time.Time
	err      error
}

// events is GET /jobs/{id}/events: status, progress, preview and output as Server-Sent Events, until the job has ended.
func (h *Handler) events(w http.ResponseWriter, r *http.Request, id string) error {
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		w.Header().Set("Retry-After", "2")
		return problem(http.StatusTooManyRequests, "too_many_streams", "too many streams of events are open; ask for the job instead")
	}
	k := runKey{tenant.Of(r.Context()), id}
	wake, stop := h.c.Feed.watch(k)
	defer stop()
	v, err := h.find(r, id)
	if err != nil {
		return err
	}
	head := w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	s := &stream{w: w, flush: http.NewResponseController(w), outputs: map[string]bool{}, position: -1, value: -1}
	if r.Method == http.MethodHead {
		return nil
	}
	h.follow(r, s, v, k, wake)
	return nil
}

// follow looks at the job whenever something may be new.
func (h *Handler) follow(r *http.Request, s *stream, v *jobView, k runKey, wake <-chan struct{}) {
	look := time.NewTicker(glance)
	defer look.Stop()
	for {
		s.tell(v)
		if !terminal(v.Status) {
			h.picture(s, k, v)
		}
		if s.quiet(); s.err != nil || terminal(v.Status) {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-wake:
			if !wait(r, pause) {
				return
			}
		case <-look.C:
		}
		next, err := h.find(r, k.job)
		if err != nil { // between the run's end and its place in the history, or deleted since
			if !wait(r, pause) {
				return
			}
			if next, err = h.find(r, k.job); err != nil {
				return
			}
		}
		v = next
	}
}

func wait(r *http.Request, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// tell sends what is new in v, the end last.
func (s *stream) tell(v *jobView) {
	ended := terminal(v.Status)
	if !ended {
		s.tellStatus(v)
	}
	if p := v.Progress; p != nil && p.Value >= s.value {
		b, err := json.Marshal(p)
		if err == nil && string(b) != s.step {
			s.value, s.step = p.Value, string(b)
			s.send("progress", b)
		}
	}
	for _, o := range v.Outputs {
		if !s.outputs[o.ID] {
			s.outputs[o.ID] = true
			s.sendJSON("output", o)
		}
	}
	if ended {
		s.tellStatus(v)
	}
}

func (s *stream) tellStatus(v *jobView) {
	position := -1
	if v.QueuePosition != nil {
		position = *v.QueuePosition
	}
	if v.Status != s.status || position != s.position {
		s.status, s.position = v.Status, position
		s.sendJSON("status", map[string]any{"status": v.Status, "queue_position": v.QueuePosition})
	}
}

// picture sends the last preview, now and then.
func (h *Handler) picture(s *stream, k runKey, v *jobView) {
	if v.previews == s.previews || time.Since(s.pictured) < previewPause {
		return
	}
	told, _ := h.c.Feed.of(k)
	s.previews, s.pictured = v.previews, time.Now()
	if told.preview == nil {
		return
	}
	if b := encode(told.preview); b != nil {
		s.sendJSON("preview", map[string]any{"node_id": told.of, "content_type": "image/jpeg", "data_base64": b})
	}
}

// encode makes a JPEG of a preview, at most its own box wide and high.
func encode(p *node.Preview) []byte {
	img := p.Image
	side := p.MaxSide
	if w, h := img.Bounds().Dx(), img.Bounds().Dy(); side > 0 && w > 0 && h > 0 && max(w, h) > side {
		out := image.NewRGBA(image.Rect(0, 0, max(1, w*side/max(w, h)), max(1, h*side/max(w, h))))
		draw.BiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
		img = out
	}
	var b bytes.Buffer
	if jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}) != nil {
		return nil
	}
	return b.Bytes()
}

func (s *stream) sendJSON(event string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		s.err = err
		return
	}
	s.send(event, b)
}

func (s *stream) send(event string, data []byte) {
	if s.err == nil {
		s.wrote = time.Now()
		_, s.err = fmt.Fprintf(s.w, "event: %s\ndata: %s\n\n", event, data)
	}
}

// quiet sends what waits, and a sign of life when there was nothing for long.
func (s *stream) quiet() {
	if s.err == nil && time.Since(s.wrote) > keepAlive {
		s.wrote = time.Now()
		_, s.err = fmt.Fprint(s.w, ": \n\n")
	}
	_ = s.flush.SetWriteDeadline(time.Now().Add(writeTimeout)) // not every writer can
	if s.err == nil {
		s.err = s.flush.Flush()
	}
}
