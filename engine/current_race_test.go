package engine_test

import (
	"sync"
	"testing"
)

// TestCurrentWhileRunsBegin: clients ask where their prompts are at any moment.
func TestCurrentWhileRunsBegin(t *testing.T) {
	b := start(t)
	done := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				b.engine.Current("", "c")
				b.engine.Interrupt("", "another")
				_ = b.engine.Remaining("")
			}
		}
	})
	for range 20 {
		if r := b.run(graph("1 GoldenConst value=1", "2 GoldenEcho value=@1.0")); r.status() != "success" {
			t.Errorf("%s", r.entry.Status)
		}
	}
	close(done)
	asking.Wait()
}
