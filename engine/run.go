package engine

import (
	"context"
	"sync/atomic"
)

type run struct {
	job     Job
	client  string
	current atomic.Pointer[string]
	cancel  context.CancelFunc
}

func (r *run) interrupt() { r.cancel() }

type cache struct{}

func newCache(CacheConfig) *cache { return &cache{} }

func (e *Engine) work(ctx context.Context, i int) {}
