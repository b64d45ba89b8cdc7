package main

import (
	"errors"
	"os"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/models"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
)

// withBuiltIns lets extensions under test run the built-in nodes, with nothing around them: no models, and folders of their own
// that are gone afterwards. Nobody has consented yet to what a package does with real ones.
func withBuiltIns(c trial.Config, f func(c trial.Config) error) error {
	dir, err := os.MkdirTemp("", "cocoon-test-*")
	if err != nil {
		return err
	}
	clean := func() error { return os.RemoveAll(dir) }
	o := options{base: dir, previewMethod: "none"}
	if err := o.check(); err != nil {
		return errors.Join(err, clean())
	}
	a := &app{}
	if a.files, err = disk.Open(disk.Dirs{Input: o.input, Output: o.output, Temp: o.temp, User: o.user}); err != nil {
		return errors.Join(err, clean())
	}
	if a.folders, err = o.folders(); err == nil {
		a.library = models.NewLibrary(a.folders, c.Backend)
		a.registry, err = node.NewRegistry(a.nodes(&o)...)
	}
	if err == nil {
		c.Lookup = a.registry.Core
		err = f(c)
	}
	if a.library != nil {
		err = errors.Join(err, a.library.Close())
	}
	return errors.Join(err, a.files.Close(), clean())
}
