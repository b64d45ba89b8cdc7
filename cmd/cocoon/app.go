package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/assets"
	"github.com/cocoonhq/cocoon/internal/demo"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/jobs/sqlite"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/internal/tensor/cpu"
	nodes "github.com/cocoonhq/cocoon/nodes-builtin"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
	"github.com/cocoonhq/cocoon/nodes-builtin/sampling"
	"github.com/cocoonhq/cocoon/wasmhost"
)

// app is everything that computes, wired together. serve puts a server before it, run a progress bar.
type app struct {
	files    *disk.Store
	folders  *models.Folders
	library  *models.Library
	backend  *cpu.Backend
	registry *node.Registry
	jobs     *sqlite.Store
	engine   *engine.Engine
	assets   *assets.Catalogue // nil for none
	sandbox  *wasmhost.Host    // of extensions; nil for none
	shelf    *extShelf         // of what is installed; nil for none
}

// newApp opens folders and stores and starts the engine. database is the job store's file; "" keeps jobs in memory.
func newApp(ctx context.Context, o *options, bus engine.Bus, database string) (_ *app, err error) {
	a := &app{}
	defer func() {
		if err != nil {
			_ = a.Close()
		}
	}()
	if err = a.openStores(ctx, o, database); err != nil {
		return nil, err
	}
	if err = a.openModels(ctx, o); err != nil {
		return nil, err
	}
	if a.registry, err = node.NewRegistry(a.nodes(o)...); err != nil {
		return nil, err
	}
	for _, r := range nodes.Replacements() {
		a.registry.Replace(r)
	}
	bus = buses{bus, promptEnds{a}}
	if err = a.openSandbox(ctx, o, bus); err != nil {
		return nil, err
	}
	if err = a.addTestNodes(ctx, o); err != nil {
		return nil, err
	}
	if a.assets, err = o.openAssets(ctx); err != nil {
		return nil, err
	}
	cache, err := o.cache()
	if err != nil {
		return nil, err
	}
	a.engine, err = engine.New(engine.Config{
		Registry: a.registry, Store: o.auth.store(a.jobs), Bus: bus, Cache: cache,
		Free: func(context.Context) { a.library.Unload() }, Discard: a.files.Discard, Present: a.present(o),
	})
	if err != nil {
		return nil, err
	}
	return a, a.engine.Start(ctx)
}

// openStores opens the job store, which one server has at a time, and then the folders: a second server on the same ones ends before it
// clears the temporary one.
func (a *app) openStores(ctx context.Context, o *options, database string) (err error) {
	a.jobs, err = sqlite.OpenWith(ctx, sqlite.Config{Path: database, Full: o.durability == "full"})
	if errors.Is(err, fault.Conflict) {
		return fmt.Errorf("%w: a server runs on %s already; stop it, or choose another folder by --base-directory", err, filepath.Dir(database))
	}
	if err != nil {
		return err
	}
	a.files, err = disk.Open(disk.Dirs{Input: o.input, Output: o.output, Temp: o.temp, User: o.user})
	return err
}

// openModels finds the model folders and unpacks the demo model when they hold no checkpoint.
func (a *app) openModels(ctx context.Context, o *options) (err error) {
	if a.folders, err = o.folders(); err != nil {
		return err
	}
	a.backend = cpu.New(cpu.Options{Threads: o.cpuThreads})
	a.library = models.NewLibrary(a.folders, a.backend)
	if names, err := a.folders.List("checkpoints"); err == nil && len(names) > 0 {
		return nil
	}
	log := zerolog.Ctx(ctx)
	if path, installed, err := demo.Install(filepath.Join(o.models, "checkpoints")); err != nil {
		log.Warn().Err(err).Msg("the demo model could not be unpacked")
	} else if installed {
		log.Info().Str("file", path).Msg("no checkpoint was there: the demo model was unpacked")
	}
	return nil
}

func (a *app) nodes(o *options) []node.Node {
	return append(nodes.All(nodes.Deps{
		Models:   a.library,
		Images:   o.auth.images(a.files, image.Config{Files: a.files, Metadata: !o.disableMetadata}),
		Sampling: sampling.Config{Preview: o.previewMethod != "none", PreviewSize: o.previewSize},
	}), o.builtInTestNodes()...)
}

// Close stops the engine and gives everything back.
func (a *app) Close() error {
	const grace = 15 * time.Second // for running nodes to obey
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var errs []error
	if a.assets != nil { // its scans ask the engine
		a.assets.StopScans()
	}
	if a.engine != nil {
		errs = append(errs, a.engine.Close(ctx))
	}
	if a.assets != nil {
		errs = append(errs, a.assets.Close())
	}
	if a.jobs != nil {
		errs = append(errs, a.jobs.Close())
	}
	if a.shelf != nil {
		errs = append(errs, a.shelf.stop())
	}
	if a.sandbox != nil {
		errs = append(errs, a.sandbox.Close(ctx))
	}
	if a.library != nil {
		errs = append(errs, a.library.Close())
	}
	if a.backend != nil {
		errs = append(errs, a.backend.Close())
	}
	if a.files != nil {
		errs = append(errs, a.files.Close())
	}
	return errors.Join(errs...)
}

// folders are the model folders of the flags.
func (o *options) folders() (*models.Folders, error) {
	f := models.NewFolders(o.base, o.models)
	for _, path := range o.extraPaths {
		if err := f.AddConfig(path); err != nil {
			return nil, err
		}
	}
	f.AddOutput(o.output)
	return f, nil
}

// cache reads the flags of the cache.
func (o *options) cache() (engine.CacheConfig, error) {
	switch {
	case o.cacheClassic || o.highRAM:
		return engine.CacheConfig{Kind: engine.CacheClassic}, nil
	case o.cacheNone:
		return engine.CacheConfig{Kind: engine.CacheNone}, nil
	case o.cacheLRU > 0:
		return engine.CacheConfig{Kind: engine.CacheLRU, Entries: o.cacheLRU}, nil
	}
	c := engine.CacheConfig{Kind: engine.CacheRAM}
	if o.cacheRAM == "" {
		return c, nil
	}
	active, idle, both := strings.Cut(o.cacheRAM, ",")
	for _, v := range []struct {
		text string
		to   *uint64
	}{{active, &c.ActiveFree}, {idle, &c.InactiveFree}} {
		gb, err := strconv.ParseFloat(cmp.Or(v.text, "0"), 64)
		if err != nil || gb < 0 || v.text == "" && both {
			return c, fmt.Errorf("--cache-ram is %q; it must be a number of gigabytes, or one while prompts run and one while none does", o.cacheRAM)
		}
		*v.to = uint64(gb * 1e9)
	}
	return c, nil
}

// ensureDir makes a folder that is to hold a file of ours.
func ensureDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder %q: %w", dir, err)
	}
	return nil
}
