package main

import (
	"context"
	"errors"
	"flag"
	"path/filepath"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/internal/jobs/quota"
	"github.com/cocoonhq/cocoon/internal/keys"
	"github.com/cocoonhq/cocoon/internal/store/disk"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
	"github.com/cocoonhq/cocoon/server"
)

// keysFile is where API keys are kept, in the user folder.
const keysFile = "keys.db"

// authFlags say who may ask, and how much of the machine they get.
type authFlags struct {
	on      bool
	diskGB  float64
	sockets int
	pending int
}

func (a *authFlags) add(f *flag.FlagSet) {
	f.BoolVar(&a.on, "auth", false, "answer only those who have an API key (cocoon key new makes one), each with files, queue and settings of their own")
	f.Float64Var(&a.diskGB, "tenant-disk", 20, "with --auth: most `gigabytes` of a tenant's files; 0 for no bound")
	f.IntVar(&a.sockets, "tenant-sockets", 100, "with --auth: most `sockets` of a tenant; 0 for no bound")
	f.IntVar(&a.pending, "tenant-jobs", 1000, "with --auth: most `prompts` of a tenant that wait or run; 0 for no bound")
}

func (a *authFlags) check() error {
	if a.diskGB < 0 || a.sockets < 0 || a.pending < 0 {
		return errors.New("--tenant-disk, --tenant-sockets and --tenant-jobs must not be below 0")
	}
	return nil
}

func (a *authFlags) diskBytes() int64 { return int64(a.diskGB * 1e9) }

// store bounds a job store.
func (a *authFlags) store(s engine.Store) engine.Store {
	if !a.on || a.pending == 0 {
		return s
	}
	return quota.New(s, a.pending)
}

// images gives the nodes the files of the tenant they run for.
func (a *authFlags) images(files *disk.Store, c image.Config) image.Config {
	if a.on {
		c.Of = func(ctx context.Context) (image.Files, error) { return files.Tenant(tenant.Of(ctx), a.diskBytes()) }
	}
	return c
}

// put gives the server its keys; done closes their file.
func (a *authFlags) put(ctx context.Context, o *options, files *disk.Store, c *server.Config) (done func() error, err error) {
	if !a.on {
		return func() error { return nil }, nil
	}
	k, err := keys.Open(ctx, filepath.Join(o.user, keysFile))
	if err != nil {
		return nil, err
	}
	if all, err := k.List(ctx); err == nil && len(all) == 0 {
		zerolog.Ctx(ctx).Warn().Msg("there is no API key yet, so that nobody can ask; make one by: cocoon key new NAME, with the same --base-directory")
	}
	c.Auth = &server.Auth{
		Keys:   k,
		Files:  func(t tenant.ID) (server.Files, error) { return files.Tenant(t, a.diskBytes()) },
		Limits: tenant.Limits{Disk: a.diskBytes(), Sockets: a.sockets, Pending: a.pending},
	}
	return k.Close, nil
}
