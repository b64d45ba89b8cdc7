package quota

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func TestPut(t *testing.T) {
	inner, err := sqlite.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	s := New(inner, 5)
	put := func(id tenant.ID, i int) error {
		_, err := s.Put(t.Context(), engine.Job{Tenant: id, PromptID: fmt.Sprint(i), Prompt: []byte("{}"), Extra: []byte("{}"), Outputs: []string{}})
		return err
	}
	var wg sync.WaitGroup
	var fine, refused atomic.Int64
	for i := range 20 {
		wg.Go(func() {
			switch err := put("a", i); {
			case err == nil:
				fine.Add(1)
			case errors.Is(err, fault.TooMany):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if fine.Load() > 5 || fine.Load()+refused.Load() != 20 || fine.Load() == 0 {
		t.Errorf("%d prompts were taken and %d refused, want at most 5 taken", fine.Load(), refused.Load())
	}
	if err := put("b", 0); err != nil {
		t.Errorf("another tenant: %v", err)
	}
	if _, err := s.Clear(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := put("a", 100); err != nil {
		t.Errorf("after the queue is empty: %v", err)
	}
}
