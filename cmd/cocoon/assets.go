package main

import (
	"context"
	"encoding/json"
	"flag"
	"path/filepath"

	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/server/assetapi"
)

// assetsFile is where the catalogue of assets is kept, in the user folder.
const assetsFile = "assets.db"

// assetFlags say whether there is a catalogue of assets.
type assetFlags struct{ on, off, hashAll bool }

func (a *assetFlags) add(f *flag.FlagSet) {
	f.BoolVar(&a.on, "enable-assets", false, "keep a catalogue of all files by their content, with tags")
	f.BoolVar(&a.off, "disable-assets", false, "hidden: keep none, even when --enable-assets says so")
	f.BoolVar(&a.hashAll, "enable-asset-hashing", false, "hash all files for the catalogue, also those over 256 MiB, which takes long for many models")
}

// hashLimit is how large files are that a scan hashes.
func (a *assetFlags) hashLimit() int64 {
	if a.hashAll {
		return -1
	}
	return 0
}

// openAssets opens the catalogue, if there is to be one; nil is none.
func (o *options) openAssets(ctx context.Context) (*assets.Catalogue, error) {
	if !o.assets.on || o.assets.off {
		return nil, nil
	}
	if err := ensureDir(o.user); err != nil {
		return nil, err
	}
	return assets.Open(ctx, filepath.Join(o.user, assetsFile))
}

// present enters what prompts write into the catalogue, as their tenant's.
func (a *app) present(o *options) func(context.Context, string, json.RawMessage) json.RawMessage {
	if a.assets == nil {
		return nil
	}
	return func(ctx context.Context, promptID string, ui json.RawMessage) json.RawMessage {
		files := a.files
		if o.auth.on {
			var err error
			if files, err = a.files.Tenant(tenant.Of(ctx), o.auth.diskBytes()); err != nil {
				return ui
			}
		}
		return assetapi.Present(ctx, a.assets, files, promptID, ui)
	}
}
