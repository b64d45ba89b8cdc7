package main

import (
	"context"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server"
)

// ExtensionRevision is another number whenever ExtensionContents may give something else.
func (s *extShelf) ExtensionRevision() uint64 { return s.m.Revision() }

// ExtensionContents lists what the packages that run for a tenant bring for clients.
func (s *extShelf) ExtensionContents(ctx context.Context) []server.ExtensionContent {
	t := tenant.Of(ctx)
	bundles := s.m.Bundles(t)
	out := make([]server.ExtensionContent, len(bundles))
	for i, b := range bundles {
		out[i] = server.ExtensionContent{ID: b.ID, Sum: b.Hash, Classes: b.Classes, Files: b.Files, Read: func(name string) ([]byte, error) {
			return s.m.BundleFile(t, b.ID, b.Hash, name)
		}}
	}
	return out
}
