package attacks

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/wasm/asm"
)

// telling is a reporter that tells when it is told.
type telling struct {
	*world
	told chan struct{}
}

// Text tells.
func (r telling) Text(string) { r.told <- struct{}{} }

// TestCloseAmongCalls: a host that closes ends the calls that run, whether they compute or wait, before their memory goes.
func TestCloseAmongCalls(t *testing.T) {
	touch := asm.Code(grow(16), asm.I32(128<<10), asm.I32(64<<10), asm.I32(500<<10), asm.I(0xfc, 11, 0)) // the memory behind the image
	text := asm.Code(asm.I32(eventAt), asm.I32(4))
	for name, module := range map[string][]byte{
		"computing": build(func(g *guest) {
			g.need([3]string{core, "progress_text", "ii:"})
			g.execute = asm.Code(text, g.call(core, "progress_text", "ii:"), loop(touch))
		}),
		"waiting": build(func(g *guest) {
			g.need([3]string{core, "progress_text", "ii:"}, [3]string{core, "sleep_ms", "i:i"})
			g.execute = asm.Code(text, g.call(core, "progress_text", "ii:"), loop(asm.I32(-1), g.call(core, "sleep_ms", "i:i"), []byte{0x1a}, touch))
		}),
	} {
		t.Run(name, func(t *testing.T) {
			b := cpu.New(cpu.Options{})
			defer b.Close()
			h, err := wasmhost.New(t.Context(), wasmhost.Config{Backend: b})
			if err != nil {
				t.Fatal(err)
			}
			e, err := load(t.Context(), h, module, func(s *wasmhost.Source) {
				s.Limits = wasmhost.DefaultLimitSet()
				s.Limits.Execute.Fuel = 1 << 40
			})
			if err != nil {
				t.Fatal(err)
			}
			run := func(r node.Reporter) error {
				ctx := node.WithRun(context.Background(), node.Run{PromptID: "p", NodeID: "n", Reporter: r}.CountGraphs())
				_, err := e.Nodes()[0].Run(ctx, node.Args{})
				return err
			}
			var calls sync.WaitGroup
			told := make(chan struct{}, 2)
			calls.Go(func() {
				defer func() { told <- struct{}{} }()
				if err := run(telling{&world{}, told}); !errors.Is(err, fault.Cancelled) {
					t.Errorf("a call that ran: %v", err)
				}
			})
			<-told
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
			calls.Wait()
			if err := run(nil); !errors.Is(err, fault.Cancelled) {
				t.Errorf("a call that came late: %v", err)
			}
			if _, err := load(t.Context(), h, module); !errors.Is(err, fault.Cancelled) {
				t.Errorf("an extension that came late: %v", err)
			}
		})
	}
}
