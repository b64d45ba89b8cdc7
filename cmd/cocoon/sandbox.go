package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/nodes-builtin/image"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
)

// openSandbox makes the host of extensions and lets the registry find their nodes.
func (a *app) openSandbox(ctx context.Context, o *options, bus engine.Bus) (err error) {
	if o.noExtensions {
		return nil
	}
	secrets, err := readSecrets(o.secrets)
	if err != nil {
		return err
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cocoon's own file is not found, which compiles extensions: %w", err)
	}
	level := o.isolationLevel()
	a.sandbox, err = wasmhost.New(ctx, wasmhost.Config{
		Isolation: level, Worker: []string{exe}, Dir: o.extensions, CodeDir: o.codeDir(), Backend: a.backend, Lookup: a.registry.Core, Jail: []string{exe},
		Files: guestFiles{o.auth.images(a.files, image.Config{Files: a.files})}, Secrets: secrets.of,
		Send: func(ctx context.Context, client, event string, data []byte) error {
			bus.Publish(ctx, engine.Event{Tenant: tenant.Of(ctx), ClientID: client, Type: event, Data: data})
			return nil
		},
		Show: func(ctx context.Context, client string, p *node.Preview) error {
			for _, form := range []uint32{engine.FramePicture, engine.FramePictureMeta} { // each socket takes one of the two
				bus.Publish(ctx, engine.Event{Tenant: tenant.Of(ctx), ClientID: client, Preview: &engine.PreviewEvent{Form: form, Picture: p}})
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	a.registry.Extend(a.sandbox)
	tellConfinement(ctx, o, level, a.sandbox.Unconfined())
	a.shelf, err = openShelf(ctx, o, a.sandbox, trial.Config{Backend: a.backend, Jail: []string{exe}, CodeDir: o.codeDir(), Isolation: level, Worker: []string{exe}})
	return err
}

// isolations are the values of --extension-isolation.
var isolations = map[string]wasmhost.Isolation{"process": wasmhost.InProcess, "tenant": wasmhost.PerTenant, "job": wasmhost.PerJob}

// isolationLevel is where extensions run: with tenants in a process for each of them, where the system has that.
func (o *options) isolationLevel() wasmhost.Isolation {
	if o.isolation == "" && o.auth.on && runtime.GOOS == "linux" {
		return wasmhost.PerTenant
	}
	return isolations[o.isolation]
}

// promptEnds tells the host of extensions when a prompt is over, for what it keeps for it.
type promptEnds struct{ of *app }

// Publish looks at an event, and waits for no disk.
func (p promptEnds) Publish(ctx context.Context, e engine.Event) {
	switch e.Type {
	case "execution_success", "execution_error", "execution_interrupted":
		if p.of.sandbox == nil {
			return
		}
		if err := p.of.sandbox.PromptOver(tenant.With(ctx, e.Tenant), e.PromptID); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("what extensions kept for a prompt is still there")
		}
	}
}

// guestFiles are a tenant's files, as extensions are shown them.
type guestFiles struct{ c image.Config }

// guestFile is an open file with its size.
type guestFile struct {
	*os.File
	size int64
	at   time.Time
}

// ModTime is when the file was last changed.
func (f guestFile) ModTime() time.Time { return f.at }

// Size is the file's bytes when it was opened.
func (f guestFile) Size() int64 { return f.size }

// Open opens a file of whom ctx acts for.
func (g guestFiles) Open(ctx context.Context, f node.File) (wasmhost.File, error) {
	files, err := g.c.For(ctx)
	if err != nil {
		return nil, err
	}
	file, err := files.Open(f.Type, path.Join(f.Subfolder, f.Filename))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fault.New(fault.NotFound, "%q is no file", f.Filename)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return guestFile{file, info.Size(), info.ModTime()}, nil
}

// Save is Store of bytes.
func (g guestFiles) Save(ctx context.Context, subfolder, filename string, data []byte) (node.File, error) {
	return g.Store(ctx, subfolder, filename, bytes.NewReader(data))
}

// Store writes a file into the output folder under the next free number. Inside of a prompt it belongs to the job, as those
// of built-in nodes.
func (g guestFiles) Store(ctx context.Context, subfolder, filename string, data io.Reader) (node.File, error) {
	files, err := g.c.For(ctx)
	if err != nil {
		return node.File{}, err
	}
	ext := path.Ext(filename)
	claim := func(ticket string) error { return node.Reserve(ctx, ticket) }
	name, err := files.Save("output", subfolder, strings.TrimSuffix(filename, ext), ext, 0, claim, func(w io.Writer) error {
		_, err := io.Copy(w, data)
		return err
	})
	return node.File{Filename: name, Subfolder: subfolder, Type: "output"}, err
}

// secrets are what the operator lets extensions put into requests, by "id" or "tenant/id" of the extension and name.
type secrets map[string]map[string]string

// readSecrets reads a file of secrets, which nobody else may read; "" has none.
func readSecrets(file string) (secrets, error) {
	if file == "" {
		return nil, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s may be read by others: chmod 600 %s", file, file)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var s secrets
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf(`%s is not of the form {"extension": {"NAME": "value"}}: %w`, file, err)
	}
	return s, nil
}

// of gives the caller's tenant's secret of an extension, or that of all for one that the operator installed for all: a tenant could install
// another package under that id, and send the secret wherever it likes.
func (s secrets) of(ctx context.Context, owner tenant.ID, extension, name string) (string, bool) {
	if t := tenant.Of(ctx); t != "" {
		if v, ok := s[string(t)+"/"+extension][name]; ok {
			return v, true
		}
	}
	if owner != "" {
		return "", false
	}
	v, ok := s[extension][name]
	return v, ok
}
