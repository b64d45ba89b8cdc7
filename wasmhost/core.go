package wasmhost

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/internal/value"
	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

func (c *call) reply(ptr, n uint32) {
	if int64(n) > int64(c.limits.ReplyBytes) {
		c.spent("its reply of %d bytes is over %d", n, c.limits.ReplyBytes)
	}
	b := c.bytes(ptr, n)
	c.work(int64(n))
	c.reply_ = bytes.Clone(b)
	if c.reply_ == nil {
		c.reply_ = []byte{}
	}
}

func (c *call) fail(code int32, ptr, n uint32) {
	text := seen(strings.ToValidUTF8(string(cutBytes(c.bytes(ptr, n), abi.MaxTextBytes)), "\uFFFD"))
	c.failed = &Failure{code, c.words.because(code, text, c.hostCalls)}
}

func (c *call) take(ptr, limit uint32) int64 {
	dst := c.bytes(ptr, limit)
	n := copy(dst, c.pending)
	c.pending = c.pending[n:]
	return int64(n)
}

func (c *call) log(level int32, ptr, n uint32) {
	b := c.bytes(ptr, n)
	b = cutBytes(b, abi.MaxLogBytes-c.logBytes)
	if c.logBytes += len(b); uint32(len(b)) < n {
		c.logBytes = abi.MaxLogBytes // what comes behind is dropped too
	}
	if len(b) == 0 {
		return
	}
	at := []zerolog.Level{zerolog.DebugLevel, zerolog.InfoLevel, zerolog.WarnLevel, zerolog.ErrorLevel}[min(max(level, 0), 3)]
	line := seen(strings.ToValidUTF8(strings.TrimRight(string(b), "\n"), "\uFFFD"))
	if at == zerolog.ErrorLevel {
		c.words.last = line[:min(len(line), maxLineBytes)]
	}
	c.write(at, line)
}

// note tells the author, in the extension's log, why a call of the host was refused.
func (c *call) note(err error) {
	text := err.Error()
	if c.words.refused, c.words.at = text, c.hostCalls; c.words.noted != text {
		c.words.noted = text
		c.ext.journal.add(zerolog.WarnLevel, text)
	}
}

// deny refuses what was not granted, and tells the author what that is.
func (c *call) deny(capability, rest string) int32 {
	key := capability
	if rest != "" {
		key += ":" + rest
	}
	c.note(fault.New(fault.Forbidden, "it may not do this: %q is not granted. To grant what its manifest asks for: Extensions in the client, or cocoon ext grant %s", key, c.ext.Manifest.ID))
	return abi.EPERM
}

// maxTold is how many reports a call may make at any pace; then they are thinned to the pace of events.
const maxTold = 1000

// tells reports whether the client is to hear of it; what is over the call's pace is dropped.
func (c *call) tells() bool {
	if c.told++; c.told > maxTold && !c.ext.events.take(c.tenant, time.Now()) {
		return false
	}
	return c.run.Reporter != nil
}

func (c *call) progress(v, most float64) int32 {
	if c.run.Reporter != nil && (v < most || c.tells()) { // the engine thins those before the last
		c.run.Reporter.Progress(v, most, c.heldPreview())
	}
	return c.cancelled()
}

func (c *call) progressState(v, most float64) int32 {
	if s, ok := c.run.Reporter.(node.StateReporter); ok && c.tells() {
		s.State(v, most, c.heldPreview())
	}
	return c.cancelled()
}

// heldPreview is the picture that waits for the next progress.
func (c *call) heldPreview() *node.Preview {
	p := c.held
	c.held = nil
	return p
}

func (c *call) cancelled() int32 {
	if c.Err() != nil {
		return 1
	}
	return 0
}

// line is a text for the client, up to abi.MaxTextBytes of it, in which nothing is markup.
func (c *call) line(ptr, n uint32) string {
	b := cutBytes(c.bytes(ptr, n), abi.MaxTextBytes)
	if !utf8.Valid(b) {
		c.trap("a text is no UTF-8")
	}
	return plainLine(string(b))
}

func (c *call) progressText(ptr, n uint32) {
	s := c.line(ptr, n)
	if c.tells() {
		c.run.Reporter.Text(s)
	}
}

func (c *call) progressTextAll(ptr, n uint32) {
	s := c.line(ptr, n)
	if t, ok := c.run.Reporter.(node.TextTo); ok && c.tells() {
		t.BroadcastText(s)
	}
}

// withProgress is the flag of preview that holds the picture back for the next progress.
const withProgress = 1

func (c *call) preview(h int64, maxSide, format, flags uint32) int32 {
	img, ok := c.handle(h).val.(value.Image)
	if !ok || format > 1 {
		return abi.EUNSUP
	}
	if !c.tells() {
		return c.cancelled()
	}
	p := c.previewOf(img, maxSide, format)
	if flags&withProgress != 0 {
		c.held = p
	} else {
		c.run.Reporter.Progress(0, 0, p)
	}
	return c.cancelled()
}

const (
	// mostSide is the most of a preview's side, growSide that of one that is smaller itself: clients are shown what is made larger.
	mostSide, growSide = 4096, 1024
	// previewWork is what a pixel of a preview costs: it is scaled and written for the clients, where no clock of the call's is looked at.
	previewWork = 32
)

// previewOf is a preview of the first picture of a batch.
func (c *call) previewOf(img value.Image, maxSide, format uint32) *node.Preview {
	s := img.Shape()
	longest := max(s[1], s[2], 1)
	side := min(int64(maxSide), mostSide, int64(max(longest, growSide)))
	if side == 0 {
		side = int64(min(longest, mostSide))
	}
	c.work(4*int64(s[1])*int64(s[2])*int64(s[3]) + previewWork*side*max(side*int64(min(s[1], s[2]))/int64(longest), 1))
	return &node.Preview{Image: c.picture(img.Tensor), Format: [...]string{"JPEG", "PNG"}[format], MaxSide: int(side)}
}

// picture is the first picture of a batch, 8 bits a channel.
func (c *call) picture(t *tensor.Tensor) (out *image.NRGBA) {
	c.labour(func(context.Context) { out = c.pictureOf(t) })
	return out
}

func (c *call) pictureOf(t *tensor.Tensor) *image.NRGBA {
	const step = 32 << 10 // pixels between two looks at the clock
	d := t.Dense()
	s, px := d.Shape(), d.F32()
	h, w, ch := s[1], s[2], s[3]
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range h * w {
		if i%step == step-1 {
			c.alive()
		}
		p, q := px[i*ch:i*ch+ch], out.Pix[i*4:i*4+4]
		for k := range 3 {
			q[k] = eightBit(p[min(k, ch-1)])
		}
		q[3] = 255
		if ch == 4 {
			q[3] = eightBit(p[3])
		}
	}
	return out
}

func eightBit(f float32) uint8 { return uint8(min(max(f, 0), 1)*255 + 0.5) }

func (c *call) sleepMs(ms uint32) int32 {
	d := min(time.Duration(ms)*time.Millisecond, time.Hour)
	c.virtual += d
	c.park(func(ctx context.Context) { sleep(ctx, c.ext.waits(d)) })
	if c.Err() != nil {
		return abi.ECANCEL
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// now is the guest's clock: the call's start and what it has slept since, or the real time where that is granted.
func (c *call) now() time.Time {
	if c.ext.grant.RealClock {
		return time.Now()
	}
	return c.start.Add(c.virtual)
}

func (c *call) nowMs() int64 { return c.now().UnixMilli() }

func (c *call) random(ptr, n uint32) int32 {
	b := c.bytes(ptr, n)
	if n > abi.MaxRandomBytes {
		return abi.ETOOBIG
	}
	c.work(int64(n))
	c.fillRandom(b)
	return 0
}

// fillRandom looks at the clock now and then: WASI's random has no bound but the memory.
func (c *call) fillRandom(b []byte) {
	for from := 0; from < len(b); from += copyStep {
		if from > 0 {
			c.alive()
		}
		c.randomPart(b[from:min(from+copyStep, len(b))])
	}
}

func (c *call) randomPart(b []byte) {
	if c.ext.grant.SecureRandom {
		_, _ = crand.Read(b)
		return
	}
	if c.rng == nil {
		c.rng = rand.NewChaCha8(c.seed())
	}
	_, _ = c.rng.Read(b)
}

// seed is the same for equal calls: it names the prompt, the node, the item and the module.
func (c *call) seed() [32]byte {
	h := sha256.New()
	for _, s := range []string{string(c.tenant), c.run.PromptID, c.run.NodeID, c.ext.admitted.Hash} {
		h.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
		h.Write([]byte(s))
	}
	h.Write(binary.LittleEndian.AppendUint32(nil, uint32(c.run.Index)))
	return [32]byte(h.Sum(nil))
}

func (c *call) fuelLeft() int64 { return max(c.limits.Fuel-c.used(), 0) }

// deadlineMs is in whole seconds, since the real time is not for every guest to measure.
func (c *call) deadlineMs() int64 {
	left := max(time.Until(c.deadline).Milliseconds(), 0)
	if c.ext.grant.RealClock {
		return left
	}
	return (left + 999) / 1000 * 1000
}

func (c *call) feature(id uint32) int32 {
	has := false
	switch id {
	case abi.FeatureTensorWindows:
		has = slot.CanShare
	case abi.FeatureRealClock:
		has = c.ext.grant.RealClock
	case abi.FeatureSecureRandom:
		has = c.ext.grant.SecureRandom
	case abi.FeatureNodeCall:
		has = len(c.ext.grant.Classes) > 0
	case abi.FeatureMessages:
		has = c.ext.grant.Has("msg")
	case abi.FeatureStreams, abi.FeatureParts:
		has = true
	case abi.FeatureRequests:
		has = c.ext.grant.Has("http")
	case abi.FeatureDrafts:
		has = c.ext.grant.Has("asset") && c.ext.grant.Asset.Save
	case abi.FeatureEvents:
		has = c.ext.grant.Has("ws")
	case abi.FeatureReceives:
		has = len(c.ext.grant.Receive) > 0
	}
	if has {
		return 1
	}
	return 0
}
