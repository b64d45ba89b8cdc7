package main

import (
	"context"

	"github.com/cocoonhq/cocoon/engine"
)

// buses tell every one of them.
type buses []engine.Bus

// Publish passes an event on.
func (b buses) Publish(ctx context.Context, e engine.Event) {
	for _, one := range b {
		one.Publish(ctx, e)
	}
}
