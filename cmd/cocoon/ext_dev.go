package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// developer builds an extension again and again, and lets a server run it.
type developer struct {
	extPlace
	dir     string
	serve   bool
	stop    bool
	std     streams
	m       *install.Manager
	id      string // what runs; "" for nothing yet
	rounds  int
	looked  map[string]stamped
	serving chan error
}

type stamped struct {
	at   time.Time
	size int64
}

// extDev is "cocoon ext dev".
func extDev(ctx context.Context, args []string, std streams) error {
	d := developer{std: std}
	f := newFlags("ext dev", `cocoon ext dev builds an extension whenever one of its files changes, and runs it in the server of the same base directory, with all
that it asks for. Prompts that run go on with the code that they began with. Mistakes are shown, and the version before goes on. When
you stop it (Ctrl-C), what was installed before runs again.

  cocoon ext dev                    beside "cocoon serve" in another terminal
  cocoon ext dev --serve ./lens     starts a server too; flags of cocoon serve go behind --: cocoon ext dev --serve -- --port 8199
  cocoon ext dev --stop             after a crash: ends what is marked as in development`, std)
	d.add(f)
	f.BoolVar(&d.serve, "serve", false, "start a server too")
	f.BoolVar(&d.stop, "stop", false, "end what an earlier cocoon ext dev left running")
	args, more := cutDashes(args)
	dir, err := oneArgument(f, args, ".")
	if err != nil {
		return err
	}
	d.dir = dir
	if len(more) > 0 && !d.serve {
		return errors.New("flags behind -- are for the server; add --serve to start one")
	}
	if !d.stop {
		if _, err := languageOf(d.dir); err != nil {
			return err
		}
	}
	return d.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		d.m = m
		if d.stop {
			return d.endAll(ctx)
		}
		return d.run(ctx, more)
	})
}

// cutDashes takes off what stands behind --.
func cutDashes(args []string) (before, behind []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}

// still says what runs meanwhile.
func (d *developer) still() string {
	if d.id == "" {
		return "nothing of it runs yet"
	}
	return "the version before goes on"
}

// where is a folder as its name tells it best.
func where(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		return abs
	}
	return dir
}

const watchEvery = 300 * time.Millisecond

func (d *developer) run(ctx context.Context, serverArgs []string) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.serving = make(chan error, 1)
	if d.serve {
		args := append([]string{"--base-directory", d.base, "--extensions-directory", d.extPlace.dir}, serverArgs...)
		go func() { d.serving <- serve(ctx, args, d.std) }()
		defer func() {
			if cancel(); err == nil {
				err = <-d.serving
			}
		}()
	}
	defer func() { err = errors.Join(err, d.endAll(context.WithoutCancel(ctx))) }()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if now := d.look(); !sameFiles(now, d.looked) {
			d.looked = now
			if err := d.round(ctx); err != nil && ctx.Err() == nil {
				fmt.Fprintf(d.std.err, "%v\n%s: waiting for a change; %s\n", err, where(d.dir), d.still())
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case err := <-d.serving:
			d.serving <- nil
			return err
		case <-tick.C:
		}
	}
}

// round builds and runs what the files are now.
func (d *developer) round(ctx context.Context) error {
	begin := time.Now()
	l, err := languageOf(d.dir)
	if err != nil {
		return err
	}
	out, err := filepath.Abs(filepath.Join(d.dir, pack.ModuleFile))
	if err != nil {
		return err
	}
	fmt.Fprintf(d.std.out, "%s  building %s\n", begin.Format(time.TimeOnly), where(d.dir))
	b := &builder{ctx: ctx, dir: d.dir, out: out, std: d.std}
	if err := l.build(b); err != nil {
		return err
	}
	m, files, err := pack.Folder(d.dir)
	if err != nil {
		return err
	}
	if err := checkModule(m, files[pack.ModuleFile]); err != nil {
		return err
	}
	if err := d.describes(ctx, m, files[pack.ModuleFile]); err != nil {
		return err
	}
	m.Publisher = ""
	var packed bytes.Buffer
	if err := pack.Write(&packed, *m, files); err != nil {
		return err
	}
	if d.id != "" && d.id != m.ID {
		if err := d.m.EndDev(ctx, d.tenant(), d.id); err != nil {
			return err
		}
	}
	if _, err := d.m.Dev(ctx, d.tenant(), packed.Bytes()); err != nil {
		return err
	}
	d.id = m.ID
	if d.rounds++; d.rounds == 1 {
		fmt.Fprintf(d.std.out, "%s %s runs in the server of %s, as long as this command does. Its nodes are in the client under Add Node; change a file, and they are built anew.\n", m.ID, m.Version, d.base)
	}
	fmt.Fprintf(d.std.out, "%s  built and swapped in after %v\n", time.Now().Format(time.TimeOnly), time.Since(begin).Round(10*time.Millisecond))
	return nil
}

// describes looks whether an extension starts and says what it has: what a server could tell in its log only. It warns of what nobody would reach.
func (d *developer) describes(ctx context.Context, m *pack.Manifest, module []byte) error {
	return withSelftest(d.code(), func(c trial.Config) error {
		c.Loaded = func(e *wasmhost.Extension) { warnUnasked(d.std.err, e) }
		b, err := trial.Start(ctx, c, m, module, false)
		if err != nil {
			return err
		}
		return b.Close()
	})
}

// endAll lets what is installed run again.
func (d *developer) endAll(ctx context.Context) error {
	if !d.stop {
		if d.id == "" {
			return nil
		}
		return d.m.EndDev(ctx, d.tenant(), d.id)
	}
	for _, s := range d.m.List(d.tenant()) {
		if !s.Dev || s.Tenant != d.tenant() {
			continue
		}
		if err := d.m.EndDev(ctx, d.tenant(), s.ID); err != nil {
			return err
		}
		fmt.Fprintf(d.std.out, "%s is no longer in development\n", s.ID)
	}
	return nil
}

// look lists the project's files, without what building makes.
func (d *developer) look() map[string]stamped {
	const most = 20_000 // files
	out := map[string]stamped{}
	_ = filepath.WalkDir(d.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil // a file that is gone again is none
		}
		base := e.Name()
		if e.IsDir() {
			if name != d.dir && (strings.HasPrefix(base, ".") || base == "target" || base == "node_modules") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasPrefix(base, ".") || strings.HasSuffix(base, "~") || base == pack.ModuleFile || base == "Cargo.lock" || base == "go.sum" || strings.HasSuffix(base, pack.Suffix) {
			return nil
		}
		if info, err := os.Stat(name); err == nil && len(out) < most {
			out[name] = stamped{info.ModTime(), info.Size()}
		}
		return nil
	})
	return out
}

func sameFiles(a, b map[string]stamped) bool {
	return maps.EqualFunc(a, b, func(x, y stamped) bool { return x.at.Equal(y.at) && x.size == y.size })
}
