package engine

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
)

// reporter takes what one call of a node tells. Compat: steps are thinned as in the reference: the first, the last and
// those with a picture always go out, others when enough time has passed and enough has changed.
type reporter struct {
	r *run
	v *vertex

	mu   sync.Mutex // guards the rest
	last float64    // value sent last; -1 before the first
	at   time.Time
}

const (
	stepPause   = 100 * time.Millisecond
	stepPercent = 0.5
)

func newReporter(r *run, v *vertex) *reporter { return &reporter{r: r, v: v, last: -1} }

// Progress implements node.Reporter.
func (p *reporter) Progress(value, total float64, preview *node.Preview) {
	value = min(value, total)
	if !p.due(value, total, preview != nil) || p.r.ctx.Err() != nil {
		return
	}
	v, t := wholeOrFloat(value), wholeOrFloat(total)
	p.r.progress.update(p.v, v, t, func() {
		p.preview(FramePictureMeta, preview)
		p.r.tell("progress", doc.Encode(doc.Of("value", v, "max", t, "prompt_id", p.r.job.PromptID, "node", p.v.id)))
		p.preview(FramePicture, preview)
	})
}

func (p *reporter) due(value, total float64, picture bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !picture && p.last >= 0 && value < total {
		percent := 100.0
		if total > 0 {
			percent = (value - max(0, p.last)) / total * 100
		}
		if now.Sub(p.at) < stepPause || percent < stepPercent {
			return false
		}
	}
	p.last, p.at = value, now
	return true
}

// State implements node.StateReporter.
func (p *reporter) State(value, total float64, preview *node.Preview) {
	if p.r.ctx.Err() == nil {
		p.r.progress.update(p.v, value, total, func() { p.preview(FramePictureMeta, preview) })
	}
}

func (p *reporter) preview(form uint32, picture *node.Preview) {
	if picture == nil || picture.Image == nil {
		return
	}
	meta := PreviewMeta{NodeID: p.v.id, PromptID: p.r.job.PromptID, DisplayNodeID: p.v.shownID,
		ParentNodeID: p.v.parentID(), RealNodeID: p.v.realID}
	p.r.publish(Event{ClientID: p.r.client, Preview: &PreviewEvent{form, picture, meta}})
}

// Text implements node.Reporter: the line goes to the client that asked.
func (p *reporter) Text(s string) { p.text(s, p.r.client) }

// BroadcastText implements node.TextTo.
func (p *reporter) BroadcastText(s string) { p.text(s, "") }

func (p *reporter) text(s, client string) {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(p.v.id)))
	b = append(append(b, p.v.id...), s...)
	p.r.publish(Event{ClientID: client, Frame: &Frame{FrameText, b}})
}

// Binary implements node.Reporter.
func (p *reporter) Binary(event uint32, data []byte) {
	p.r.publish(Event{ClientID: p.r.client, Frame: &Frame{event, data}})
}

// Reserve implements node.Reserver.
func (p *reporter) Reserve(path string) error {
	return p.r.e.c.Store.Reserve(p.r.ctx, p.r.lease, path)
}
