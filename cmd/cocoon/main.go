// Command cocoon serves ComfyUI's API and runs its workflows: diffusion models on the CPU and on NVIDIA GPUs, extensions in a
// WebAssembly sandbox.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/cocoonhq/cocoon/wasmhost/jail"
	"github.com/cocoonhq/cocoon/wasmhost/worker"
)

// command is one subcommand.
type command struct {
	name, short string
	run         func(ctx context.Context, args []string, std streams) error
}

// streams are what a command reads and writes.
type streams struct {
	out, err io.Writer
}

func commands() []command {
	return []command{
		{"serve", "serve the API and the page (the default)", serve},
		{"run", "run a workflow file and write its pictures", runWorkflow},
		{"models", "list model files, or say what one is", modelsCommand},
		{"frontend", "install or list the official web client", frontendCommand},
		{"ext", "write, install, grant and remove extensions", extCommand},
		{"key", "make, list and revoke API keys for serve --auth", keyCommand},
		{"doctor", "say what this machine can do and what is missing", doctor},
		{"version", "print the version", printVersion},
	}
}

func main() {
	jail.Main()   // ends here when this process is one that compiles an extension
	worker.Main() // ends here when this process is one that runs extensions
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := dispatch(ctx, os.Args[1:], streams{os.Stdout, os.Stderr})
	stop()
	var code exitCode
	switch {
	case err == nil:
	case errors.As(err, &code):
		os.Exit(int(code))
	default:
		fmt.Fprintln(os.Stderr, "cocoon:", err)
		os.Exit(1)
	}
}

// exitCode ends the process with a code; what there was to say has been said.
type exitCode int

// Error gives the code.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

func dispatch(ctx context.Context, args []string, std streams) error {
	if len(args) > 0 {
		switch args[0] {
		case "help", "--help", "-h", "-help":
			help(std.out)
			return nil
		case "--version":
			return printVersion(ctx, nil, std)
		}
		for _, c := range commands() {
			if c.name == args[0] {
				return c.run(ctx, args[1:], std)
			}
		}
		if !strings.HasPrefix(args[0], "-") {
			help(std.err)
			return fmt.Errorf("there is no command %q", args[0])
		}
	}
	return serve(ctx, args, std)
}

func help(w io.Writer) {
	fmt.Fprint(w, `Cocoon makes pictures from words and workflows, and speaks ComfyUI's API.

  cocoon                         serve on http://127.0.0.1:8188, with a small demo model
  cocoon run workflow.json       make a workflow's pictures here in the terminal

Commands:
`)
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-9s %s\n", c.name, c.short)
	}
	fmt.Fprint(w, `
Models go into ~/cocoon/models/checkpoints (or --base-directory). "cocoon COMMAND --help" tells more.
`)
}
