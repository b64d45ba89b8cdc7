package main

import (
	"context"
	"flag"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/server"
)

// assetsFile is where the catalogue of assets is kept, in the user folder.
const assetsFile = "assets.db"

func (s *serveFlags) addAssets(f *flag.FlagSet) {
	f.BoolVar(&s.assets, "enable-assets", false, "keep a catalogue of all files by their content, with tags")
	f.BoolVar(&s.noAssets, "disable-assets", false, "keep none, even when --enable-assets says so")
	f.Bool("enable-asset-hashing", true, "hidden: content is always hashed")
}

// putAssets gives the server its catalogue, if there is to be one; done stops its scans and closes it.
func (s *serveFlags) putAssets(ctx context.Context, c *server.Config) (done func() error, err error) {
	if !s.assets || s.noAssets {
		return func() error { return nil }, nil
	}
	if c.Assets, err = assets.Open(ctx, filepath.Join(s.user, assetsFile)); err != nil {
		return nil, err
	}
	return c.Assets.Close, nil
}
