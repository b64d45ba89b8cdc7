package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/engine"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/workflow"
)

const runUsage = `cocoon run FILE.json makes a workflow's pictures and prints where they are.

FILE is a workflow as ComfyUI's client saves it, a prompt in API format, or a picture that carries one of them.

  cocoon run examples/text-to-image.json --output-directory out
  cocoon run flow.json --set 5.seed=7 --set "2.text=the sea at night"`

// runWorkflow is "cocoon run".
func runWorkflow(ctx context.Context, args []string, std streams) error {
	var o options
	var sets []string
	f := newFlags("run", runUsage, std.err)
	o.add(f)
	f.Func("set", "`node.input=value`: changes an input; node is an id or a title. May be given several times", func(s string) error {
		sets = append(sets, s)
		return nil
	})
	o.verbose = "WARNING"
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) != 1 {
		f.Usage()
		return exitCode(2)
	}
	if err := o.check(); err != nil {
		return err
	}
	if !flagGiven(f, "verbose") {
		o.verbose = "WARNING" // the bar tells the rest
	}
	log, err := newLogger(&o, std.err)
	if err != nil {
		return err
	}
	return (&runner{options: &o, std: std}).run(log.WithContext(ctx), plain[0], sets)
}

// runner runs one prompt in this process.
type runner struct {
	options *options
	std     streams
}

func (r *runner) run(ctx context.Context, file string, sets []string) error {
	// Other commands and servers may use the temporary folder of the base directory: this one takes its own.
	temp, err := os.MkdirTemp("", "cocoon-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	r.options.temp = filepath.Join(temp, "temp")
	bar := newBar(r.std.err)
	a, err := newApp(ctx, r.options, bar, "")
	if err != nil {
		return err
	}
	defer a.Close()
	prompt, err := openPrompt(ctx, a.registry, file)
	if err != nil {
		return err
	}
	if prompt, err = applySets(prompt, sets); err != nil {
		return err
	}
	bar.expect(prompt)
	got, err := a.engine.Submit(ctx, engine.Submission{Prompt: prompt, ClientID: barClient})
	if err != nil {
		return explain(err)
	}
	for _, e := range got.NodeErrors {
		fmt.Fprintf(r.std.err, "left out: %s\n", nodeError(e))
	}
	end, err := bar.wait(ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	for _, f := range end.files {
		if f.Type == "output" {
			fmt.Fprintln(r.std.out, filepath.Join(r.options.output, filepath.FromSlash(f.Subfolder), f.Filename))
		}
	}
	if end.problem != "" || len(got.NodeErrors) > 0 {
		if end.problem != "" {
			fmt.Fprintln(r.std.err, "cocoon:", end.problem)
		}
		return exitCode(1)
	}
	return nil
}

// openPrompt reads a file that carries a prompt.
func openPrompt(ctx context.Context, reg *node.Registry, file string) (json.RawMessage, error) {
	const most = 64 << 20 // bytes
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	types, err := workflow.ParseObjectInfo(node.ObjectInfo(ctx, reg))
	if err != nil {
		return nil, err
	}
	o, err := workflow.Open(ctx, filepath.Base(file), b, types, workflow.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return o.Prompt, nil
}

// explain turns a refused prompt into lines for people.
func explain(err error) error {
	var p *engine.PromptError
	if !errors.As(err, &p) || len(p.NodeErrors) == 0 {
		return err
	}
	var b strings.Builder
	b.WriteString("the workflow cannot run:")
	for _, e := range p.NodeErrors {
		b.WriteString("\n  " + nodeError(e))
	}
	return errors.New(b.String())
}

func nodeError(e engine.NodeError) string {
	var parts []string
	for _, p := range e.Errors {
		parts = append(parts, p.Message+": "+p.Details)
	}
	return fmt.Sprintf("node %s (%s): %s", e.Node, e.Class, strings.Join(parts, "; "))
}
