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
	f := newFlags("run", runUsage, std)
	o.add(f)
	f.Func("set", "`node.input=value`: changes an input; node is an id or a title. May be given several times", func(s string) error {
		sets = append(sets, s)
		return nil
	})
	o.verbose = "WARNING" // the bar tells the rest
	f.Lookup("verbose").DefValue = o.verbose
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
	prompt, problems, err := openPrompt(ctx, a.registry, file)
	if err != nil {
		return err
	}
	if prompt, err = applySets(prompt, sets); err != nil {
		return err
	}
	bar.expect(prompt)
	got, err := a.engine.Submit(ctx, engine.Submission{Prompt: prompt, ClientID: barClient})
	if err != nil {
		return explain(err, problems)
	}
	for _, p := range problems {
		fmt.Fprintf(r.std.err, "note: %s\n", problemText(p))
	}
	for _, e := range got.NodeErrors {
		fmt.Fprintf(r.std.err, "left out: %s\n", nodeError(e))
	}
	end, err := bar.wait(ctx)
	if err != nil {
		return errors.Join(err, a.Close())
	}
	return r.report(end, len(got.NodeErrors) > 0)
}

// report prints the files, and what went wrong.
func (r *runner) report(end ending, partly bool) error {
	for _, f := range end.files {
		if f.Type == "output" {
			fmt.Fprintln(r.std.out, filepath.Join(r.options.output, filepath.FromSlash(f.Subfolder), f.Filename))
		}
	}
	if end.problem != "" {
		fmt.Fprintln(r.std.err, "cocoon:", end.problem)
	}
	if end.problem != "" || partly {
		return exitCode(1)
	}
	return nil
}

// openPrompt reads a file that carries a prompt, and tells what is wrong with it.
func openPrompt(ctx context.Context, reg *node.Registry, file string) (json.RawMessage, []workflow.Problem, error) {
	const most = 64 << 20 // bytes
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, nil, err
	}
	types, err := workflow.ParseObjectInfo(node.ObjectInfo(ctx, reg))
	if err != nil {
		return nil, nil, err
	}
	o, err := workflow.Open(ctx, filepath.Base(file), b, types, workflow.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("open %s: %w", filepath.Base(file), err)
	}
	return o.Prompt, o.Problems, nil
}

// explain turns a refused prompt into lines for people. What the file's workflow lacks comes first: the engine sees only what
// was left of it.
func explain(err error, problems []workflow.Problem) error {
	var lines []string
	for _, p := range problems {
		if p.Blocks {
			lines = append(lines, problemText(p))
		}
	}
	var p *engine.PromptError
	if errors.As(err, &p) && len(lines) == 0 {
		for _, e := range p.NodeErrors {
			lines = append(lines, nodeError(e))
		}
	}
	if len(lines) == 0 {
		return err
	}
	return errors.New("the workflow cannot run:\n  " + strings.Join(lines, "\n  "))
}

func problemText(p workflow.Problem) string {
	switch {
	case p.NodeID == "":
		return p.Message
	case p.Title == "":
		return fmt.Sprintf("node %s: %s", p.NodeID, p.Message)
	}
	return fmt.Sprintf("node %s (%s): %s", p.NodeID, p.Title, p.Message)
}

func nodeError(e engine.NodeError) string {
	var parts []string
	for _, p := range e.Errors {
		text := strings.TrimSuffix(p.Message+": "+p.Details, ": ")
		if p.Type == "exception_during_inner_validation" { // the protocol's words are those of the code that tripped over it
			text = "an input is linked to a node or an output that is not there"
		}
		parts = append(parts, text)
	}
	return fmt.Sprintf("node %s (%s): %s", e.Node, e.Class, strings.Join(parts, "; "))
}
