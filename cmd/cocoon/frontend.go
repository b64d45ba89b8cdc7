package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"github.com/rs/zerolog"

	"github.com/cocoonhq/cocoon/internal/demo"
	"github.com/cocoonhq/cocoon/internal/frontend"
	"github.com/cocoonhq/cocoon/server"
	"github.com/cocoonhq/cocoon/server/web"
)

var frontendUsage = `cocoon frontend install [SOURCE ...]  installs the official web client, to be served at / (Cocoon's own page is then at /cocoon/)
cocoon frontend list                  lists what is installed

A SOURCE is a wheel, a zip, a folder or a URL of one, or one of these names, which this machine's pip is asked for:

  client      the web client (what is installed when no SOURCE is given)
  templates   its example workflows with their pictures (about 550 MB)
  docs        its pages about nodes

A name stands for the version that belongs to the ComfyUI whose protocol Cocoon speaks (client ` + frontend.Pinned(frontend.Client) + `); another is asked
for by client==1.58.1, client==latest or --version. Versions are kept side by side; "cocoon serve --front-end-version" chooses.
These packages have licences of their own (the client is under the GPL 3); Cocoon contains no part of them.`

// frontendCommand is "cocoon frontend".
func frontendCommand(ctx context.Context, args []string, std streams) error {
	var o options
	var version string
	f := newFlags("frontend", frontendUsage, std)
	f.StringVar(&o.base, "base-directory", defaultBase(), "`folder` of models, input, output, temp and user")
	f.StringVar(&version, "version", "", "the `version` to get of a published package, also latest, or what a zip or folder is to be called, which tells none itself")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) == 0 {
		f.Usage()
		return exitCode(2)
	}
	shelf := o.frontends()
	switch plain[0] {
	case "list":
		return listFrontends(shelf, std)
	case "install":
		sources := plain[1:]
		if len(sources) == 0 {
			sources = []string{string(frontend.Client)}
		}
		i := frontend.Installer{Shelf: shelf, Version: version, Say: func(format string, args ...any) {
			fmt.Fprintf(std.err, format+"\n", args...)
		}}
		return installFrontends(ctx, i, sources, std)
	}
	return fmt.Errorf("there is no frontend command %q; it is install or list", plain[0])
}

// frontends is where web clients are kept.
func (o *options) frontends() frontend.Shelf {
	return frontend.NewShelf(filepath.Join(o.base, "frontend"))
}

func installFrontends(ctx context.Context, i frontend.Installer, sources []string, std streams) error {
	client := false
	for _, s := range sources {
		done, err := i.Install(ctx, s)
		for _, p := range done {
			word := "installed"
			if !p.Fresh {
				word = "was installed already:"
			}
			fmt.Fprintf(std.out, "%s %s %s (%d files, %d MB)\n", word, p.Name, p.Version, p.Files, (p.Bytes+1<<19)>>20)
			client = client || p.Kind == frontend.Client
		}
		if err != nil {
			return fmt.Errorf("install %s: %w", s, err)
		}
	}
	if client {
		fmt.Fprint(std.out, "\nRun \"cocoon serve\" and open http://127.0.0.1:8188/. Cocoon's own page is then at http://127.0.0.1:8188/cocoon/.\n")
	} else {
		fmt.Fprint(std.out, "\nThe web client shows it after the next start of \"cocoon serve\".\n")
	}
	return nil
}

func listFrontends(shelf frontend.Shelf, std streams) error {
	all, err := shelf.List()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(std.out, `Nothing is installed. "cocoon frontend install" asks this machine's pip for the official web client.`)
		return nil
	}
	t := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, p := range all {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d files\t%d MB\t%s\n", p.Kind, p.Name, p.Version, p.Files, (p.Bytes+1<<19)>>20, p.Source)
	}
	return t.Flush()
}

// clientFlags choose the web client.
type clientFlags struct{ root, version string }

func (c *clientFlags) add(f *flag.FlagSet) {
	f.StringVar(&c.root, "front-end-root", "", "`folder` of a web client to serve at / (Cocoon's own page is always at /cocoon/)")
	f.StringVar(&c.version, "front-end-version", "", "installed `version` of the web client to serve, also as owner/repository@version; none serves Cocoon's own page (default: the newest that is installed)")
}

// put opens the client that is to be served and puts it into the server's configuration. done gives it back.
func (c *clientFlags) put(ctx context.Context, o *options, into *server.Config) (done func() error, err error) {
	into.Web = web.Handler()
	into.Page = web.Handler()
	v, err := o.frontends().Serve(c.root, c.version)
	if err != nil {
		return nil, err
	}
	if v.Files == nil {
		return v.Close, nil
	}
	into.Web, into.ClientFiles, into.FrontendVersion = server.Static(v.Files), v.Files, v.Version
	into.Templates, into.Docs, into.Welcome, into.Example = v.Templates, v.Docs, frontend.Welcome(), frontend.Example()
	// Its list of models shows pictures, and its default graph loads the parts of a model by nodes of their own.
	if err := errors.Join(frontend.PictureOf(filepath.Join(o.models, "checkpoints")), demo.Share(o.models)); err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("the demo model could not be prepared for the web client")
	}
	return v.Close, nil
}
