package disk

import (
	"fmt"
	"sync"
	"testing"
)

// TestQuotaAmongMany: whatever is written, replaced and removed at once, what the quota counts is what is there.
func TestQuotaAmongMany(t *testing.T) {
	const limit = 100 << 20
	s := of(t, open(t), "alice", limit)
	large := make([]byte, 1<<20)
	for round := range 10 {
		name := fmt.Sprintf("%d.bin", round)
		if err := s.Put(Input, name, true, text(string(large))); err != nil {
			t.Fatal(err)
		}
		var many sync.WaitGroup
		for i := range 8 {
			many.Go(func() {
				switch i % 4 {
				case 0:
					_ = s.Remove(Input, name)
				case 1:
					_ = s.Rename(Input, "0.bin", name, true)
				default:
					if err := s.Put(Input, name, true, text("small")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		many.Wait()
		if left, _ := s.Remaining(); left != limit-s.size() {
			t.Fatalf("round %d: the quota counts %d bytes of %d", round, limit-left, s.size())
		}
	}
}
