package server

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
)

// visitSocket opens a socket, says what it takes, reads a few messages and goes, politely or not.
func visitSocket(ctx context.Context, url string, dice *rand.Rand) {
	c, _, err := websocket.Dial(ctx, url+"/ws?clientId="+fmt.Sprint(dice.IntN(3)), nil)
	if err != nil {
		return // the hub may have closed
	}
	defer func() { _ = c.CloseNow() }()
	if dice.IntN(2) == 0 {
		_ = c.Write(ctx, websocket.MessageText, []byte(`{"type":"feature_flags","data":{"supports_preview_metadata":true}}`))
	}
	for range dice.IntN(40) {
		if _, _, err := c.Read(ctx); err != nil {
			return
		}
	}
	if dice.IntN(2) == 0 {
		_ = c.Close(websocket.StatusNormalClosure, "")
	}
}

// visitEvents follows a stream for a while.
func visitEvents(ctx context.Context, url string, dice *rand.Rand) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/cocoon/events?clientId=1", nil)
	if err != nil {
		return
	}
	r.Header.Set("Last-Event-ID", fmt.Sprint(dice.IntN(50)))
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for range dice.IntN(60) {
		if !lines.Scan() {
			return
		}
	}
}

// happen publishes something.
func happen(ctx context.Context, s *site, dice *rand.Rand) {
	e := engine.Event{ClientID: []string{"", "0", "1", "2"}[dice.IntN(4)], PromptID: "p"}
	switch dice.IntN(4) {
	case 0:
		e.Frame = &engine.Frame{Type: engine.FrameText, Data: []byte("text")}
	case 1:
		p := &node.Preview{Image: image.NewGray(image.Rect(0, 0, 8, 8)), Format: "PNG", MaxSide: 4}
		for _, form := range []uint32{engine.FramePictureMeta, engine.FramePicture} {
			e.Preview = &engine.PreviewEvent{Form: form, Picture: p}
			s.c.Hub.Publish(ctx, e)
		}
		return
	default:
		e.Type, e.Data = "n", json.RawMessage(`[1]`)
	}
	s.c.Hub.Publish(ctx, e)
}

// TestCrowd: clients come and go while events happen, and the hub closes in the midst of it.
func TestCrowd(t *testing.T) {
	s := whole(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	var crowd sync.WaitGroup
	busy := func(n int, do func(dice *rand.Rand)) {
		for i := range n {
			crowd.Go(func() {
				for dice := rand.New(rand.NewPCG(uint64(i), 7)); ctx.Err() == nil; {
					do(dice)
				}
			})
		}
	}
	busy(4, func(dice *rand.Rand) { visitSocket(ctx, s.url, dice) })
	busy(2, func(dice *rand.Rand) { visitEvents(ctx, s.url, dice) })
	busy(1, func(dice *rand.Rand) {
		s.logs.subscribe(clientKey{"", fmt.Sprint(dice.IntN(3))}, dice.IntN(2) == 0)
		_, _ = s.logs.Write([]byte("a line\n"))
		_ = s.logs.last()
	})
	for _, path := range []string{"/metrics", "/queue", "/history", "/object_info"} {
		busy(1, func(*rand.Rand) {
			if r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil); err == nil {
				if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
					_ = res.Body.Close()
				}
			}
		})
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		happen(ctx, s, dice)
	}
	for range 5 {
		if res, text := s.ask(t, "POST", "/prompt", `{"client_id": "1", "prompt": {"1": {"class_type": "GoldenEcho", "inputs": {"value": "1"}}}}`); res.StatusCode != 200 {
			t.Error(text)
		}
	}
	s.c.Hub.Close()
	stop()
	crowd.Wait()
}
