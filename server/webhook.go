package server

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// Webhook tells an address of the operator's when a prompt has ended. Clients cannot choose the address: a server that asks
// wherever it is told to would reach what only it can.
//
// The request is a POST of {"prompt_id", "tenant", "status", "outputs", "time"} with the header Cocoon-Signature: t=SECONDS,v1=HEX,
// where HEX is the HMAC-SHA256 of "SECONDS.BODY" under the secret. It is sent up to Attempts times until the answer is a 2xx.
type Webhook struct {
	URL      string
	Secret   []byte
	Client   *http.Client  // nil makes one that waits 10 s and follows no redirects
	Attempts int           // 5
	Pause    time.Duration // after a failure, doubled each time; 1 s

	began time.Time
	wake  chan struct{}
	done  sync.WaitGroup
	stop  context.CancelFunc

	mu    sync.Mutex // guards the rest
	dirty map[tenant.ID]bool
	told  map[tenant.ID]map[engine.Mark]bool
}

// Start begins to tell what e finishes from now on; Close ends it. ctx carries the logger.
func (h *Webhook) Start(ctx context.Context, e *engine.Engine) {
	if h.Client == nil {
		h.Client = &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	if h.Attempts == 0 {
		h.Attempts = 5
	}
	if h.Pause == 0 {
		h.Pause = time.Second
	}
	h.began, h.wake = time.Now(), make(chan struct{}, 1)
	h.dirty, h.told = map[tenant.ID]bool{}, map[tenant.ID]map[engine.Mark]bool{}
	ctx, h.stop = context.WithCancel(ctx)
	h.done.Go(func() {
		for {
			select {
			case <-h.wake:
				h.look(ctx, e)
			case <-ctx.Done():
				return
			}
		}
	})
}

// Close waits for the request that is under way.
func (h *Webhook) Close() {
	h.stop()
	h.done.Wait()
}

// changed notes that a tenant's queue has changed.
func (h *Webhook) changed(t tenant.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dirty[t] = true
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// look tells what has ended.
func (h *Webhook) look(ctx context.Context, e *engine.Engine) {
	h.mu.Lock()
	dirty := h.dirty
	h.dirty = map[tenant.ID]bool{}
	h.mu.Unlock()
	for t := range dirty {
		if err := h.lookAt(ctx, e, t); err != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("tenant", string(t)).Msg("the webhook was not told")
		}
	}
}

// manyUnknown is how many of the last prompts of a tenant are looked at when it is heard of for the first time.
const manyUnknown = 64

func (h *Webhook) lookAt(ctx context.Context, e *engine.Engine, t tenant.ID) error {
	g, err := e.Peek(ctx, t, engine.PeekQuery{Finished: -1})
	if err != nil {
		return err
	}
	told, known := h.told[t]
	now := make(map[engine.Mark]bool, len(g.Finished))
	var fresh []engine.Mark
	for _, m := range g.Finished {
		if now[m] = true; !told[m] {
			fresh = append(fresh, m)
		}
	}
	if !known { // the first look at a tenant: what ended since the start
		fresh = fresh[max(0, len(fresh)-manyUnknown):]
	}
	for e, err := range e.Entries(ctx, t, fresh, false) {
		if err == nil {
			err = h.tell(ctx, t, &e)
		}
		if err != nil {
			return err
		}
	}
	h.told[t] = now
	return nil
}

// tell sends one prompt's end, if it ended after the start.
func (h *Webhook) tell(ctx context.Context, t tenant.ID, e *engine.HistoryEntry) error {
	status := doc.Stored(e.Status)
	_, end, _, _ := milestones(status)
	if int64(float(end)) < h.began.UnixMilli() {
		return nil
	}
	body := doc.Encode(doc.Of("prompt_id", e.PromptID, "tenant", string(t), "status", status, "outputs", e.Outputs, "time", end))
	pause := h.Pause
	for i := 1; ; i++ {
		err := h.send(ctx, body)
		if err == nil {
			return nil
		}
		if i >= h.Attempts {
			zerolog.Ctx(ctx).Warn().Err(err).Str("prompt_id", e.PromptID).Int("attempts", i).Msg("the webhook does not answer")
			return nil
		}
		select {
		case <-time.After(pause):
			pause *= 2
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Webhook) send(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Cocoon-Signature", Sign(h.Secret, time.Now(), body))
	res, err := h.Client.Do(r)
	if err != nil {
		return withoutURL(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answers %s", res.Status)
	}
	return nil
}

// withoutURL is what went wrong without the address, whose path and query may be secrets: it is for the log.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Sign makes the value of Cocoon-Signature.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
