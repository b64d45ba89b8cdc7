package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// subject is an extension that is tried out: a project's folder or a package.
type subject struct {
	dir      string // "" for a package
	manifest *pack.Manifest
	module   []byte
	vectors  []trial.Vector
}

func openSubject(name string) (*subject, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	s := &subject{}
	if !info.IsDir() {
		p, err := openPackage(name)
		if err != nil {
			return nil, err
		}
		s.manifest = p.Manifest
		if s.module, err = p.Module(); err != nil {
			return nil, err
		}
		s.vectors, err = trial.Vectors(p)
		return s, err
	}
	m, files, err := pack.Folder(name)
	if err != nil {
		return nil, err
	}
	s.dir, s.manifest, s.module = name, m, files[pack.ModuleFile]
	if text, ok := files[trial.VectorsJSON]; ok {
		s.vectors, err = trial.ParseVectors(text)
	}
	return s, err
}

// extTest is "cocoon ext test".
func extTest(ctx context.Context, args []string, std streams) error {
	f := newFlags("ext test", `cocoon ext test runs an extension's tests, tests/vectors.json, compiled and interpreted, which must agree to the byte and to the
instruction. Without that file it runs each node once, with inputs made up from its schema.

  cocoon ext test
  cocoon ext test --update                    writes what the nodes give into tests/vectors.json
  cocoon ext test acme.lens-1.4.2.cocoon

A test names a node and its inputs; what is left out has its default:
  {"vectors": [{"name": "no light", "node": "Glow", "inputs": {"image": {"$image": {"shape": [1, 8, 8, 3], "fill": "half"}}, "amount": 0},
                "outputs": [{"$image": {"shape": [1, 8, 8, 3], "samples": [0.5, …]}}]},
               {"name": "page", "request": {"path": "/page"}, "answer": {"status": 200, "type": "text/html"}}]}`, std)
	update := f.Bool("update", false, "write what comes out into tests/vectors.json, as what must come out from now on")
	name, err := oneArgument(f, args, ".")
	if err != nil {
		return err
	}
	s, err := openSubject(name)
	if err != nil {
		return err
	}
	return withSelftest("", func(c trial.Config) error {
		if err := checkModule(s.manifest, s.module); err != nil {
			return err
		}
		c.Loaded = warnOnce(std.err)
		if len(s.vectors) == 0 {
			if s.vectors, err = made(ctx, c, s, std.err); err != nil {
				return err
			}
		}
		if *update {
			for i := range s.vectors {
				s.vectors[i].Outputs = nil
			}
		}
		results, err := trial.Run(ctx, c, s.manifest, s.module, s.vectors)
		if err != nil {
			return err
		}
		if err := report(std.out, results); err != nil || !*update {
			return err
		}
		return s.write(results, std.out)
	})
}

// made makes a test for each node that it can.
func made(ctx context.Context, c trial.Config, s *subject, w io.Writer) (out []trial.Vector, err error) {
	b, err := trial.Start(ctx, c, s.manifest, s.module, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	for _, n := range b.Ext.Nodes() {
		v, err := trial.Made(ctx, n.Schema(), 16, 16)
		if err != nil {
			fmt.Fprintln(w, err)
			continue
		}
		if err := b.Refuses(ctx, &v); err != nil {
			fmt.Fprintf(w, "the node %s refuses inputs that are made up (%v): write a vector\n", v.Node, err)
			continue
		}
		out = append(out, v)
	}
	return out, nil
}

// write keeps what came out as what must come out.
func (s *subject) write(results []trial.Result, w io.Writer) error {
	if s.dir == "" {
		return errors.New("--update is for an extension's folder; a package does not change")
	}
	vectors := make([]trial.Vector, len(results))
	for i, r := range results {
		vectors[i] = r.Vector
		vectors[i].Outputs = r.Outputs
	}
	text, err := trial.FormatVectors(vectors)
	if err != nil {
		return err
	}
	name := filepath.Join(s.dir, filepath.FromSlash(trial.VectorsJSON))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if err := writeWhole(name, text); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s is written, %d in all: look it over, it is from now on what is right\n", name, len(vectors))
	return nil
}

type benchFlags struct {
	node, vector, inputs string
	width, height        int
	time                 time.Duration
}

// extBench is "cocoon ext bench".
func extBench(ctx context.Context, args []string, std streams) error {
	var b benchFlags
	f := newFlags("ext bench", `cocoon ext bench calls an extension's nodes over and over, each call from a pristine memory as in the server, and prints calls a second,
instructions, and bytes that the host moved or computed for it.

  cocoon ext bench                                       each node, with inputs made up, else those of its test
  cocoon ext bench --node Glow --width 1024 --height 1024
  cocoon ext bench --node Glow --inputs '{"amount": 0.9, "image": {"$image": {"shape": [4, 512, 512, 3]}}}'
  cocoon ext bench --vector "no light"                   the inputs of a test`, std)
	f.StringVar(&b.node, "node", "", "only the node of this `class`")
	f.StringVar(&b.vector, "vector", "", "only the test of this `name`")
	f.StringVar(&b.inputs, "inputs", "", "the node's inputs as `JSON`; what is left out is made up")
	f.IntVar(&b.width, "width", 512, "`pixels` of pictures that are made up")
	f.IntVar(&b.height, "height", 512, "`pixels` of pictures that are made up")
	f.DurationVar(&b.time, "time", time.Second, "how `long` to call each node")
	name, err := oneArgument(f, args, ".")
	if err != nil {
		return err
	}
	if b.inputs != "" && b.node == "" {
		return errors.New("--inputs are of which node? add --node CLASS")
	}
	s, err := openSubject(name)
	if err != nil {
		return err
	}
	return withSelftest("", func(c trial.Config) (err error) {
		x, err := trial.Start(ctx, c, s.manifest, s.module, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, x.Close()) }()
		fmt.Fprintf(std.out, "%s %s: %s, ready in %v (compiled anew), image %s\n\n", s.manifest.ID, s.manifest.Version, sizeOf(len(s.module)), x.Took.Round(time.Millisecond), sizeOf(x.Ext.Stats().Image))
		vectors, err := b.vectors(ctx, x, s, std.err)
		if err != nil {
			return err
		}
		return b.measureAll(ctx, x, vectors, std.out)
	})
}

func (b *benchFlags) vectors(ctx context.Context, x *trial.Bench, s *subject, w io.Writer) (out []trial.Vector, err error) {
	if b.vector != "" {
		for _, v := range s.vectors {
			if v.Name == b.vector && v.Node != "" {
				return []trial.Vector{v}, nil
			}
		}
		return nil, fmt.Errorf("there is no test of a node called %q", b.vector)
	}
	for _, n := range x.Ext.Nodes() {
		if b.node != "" && n.Schema().ID != b.node {
			continue
		}
		v, err := trial.Made(ctx, n.Schema(), b.width, b.height)
		if t, ok := s.testOf(n.Schema().ID); ok && b.inputs == "" && (err != nil || len(t.Messages) > 0) {
			v, err = t, nil // its test has what cannot be made up
		}
		if err != nil && b.inputs == "" {
			fmt.Fprintln(w, err)
			continue
		}
		if b.inputs != "" {
			given := map[string]json.RawMessage{}
			if err := json.Unmarshal([]byte(b.inputs), &given); err != nil {
				return nil, fmt.Errorf("--inputs is no JSON object: %w", err)
			}
			for k, raw := range given {
				v.Inputs[k] = raw
			}
		}
		v.Name = n.Schema().ID
		out = append(out, v)
	}
	if len(out) == 0 {
		_, err = x.Node(b.node)
		if err == nil {
			err = errors.New("no node can be measured with inputs made up; give some by --inputs or --vector")
		}
	}
	return out, err
}

// testOf is the first test in which a node runs to its end.
func (s *subject) testOf(class string) (trial.Vector, bool) {
	for _, v := range s.vectors {
		if v.Node == class && v.Error == "" && v.Need == nil {
			return v, true
		}
	}
	return trial.Vector{}, false
}

func (b *benchFlags) measureAll(ctx context.Context, x *trial.Bench, vectors []trial.Vector, w io.Writer) error {
	failed := 0
	for _, v := range vectors {
		if err := b.measure(ctx, x, &v, w); err != nil {
			failed++
			fmt.Fprintf(w, "%s\n  fails: %v\n", v.Name, err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d nodes cannot be measured like this: --inputs or a test may give them what they need", failed, len(vectors))
	}
	return nil
}

func (b *benchFlags) measure(ctx context.Context, x *trial.Bench, v *trial.Vector, w io.Writer) error {
	n, err := x.Node(v.Node)
	if err != nil {
		return err
	}
	args, err := v.Args(ctx, n.Schema())
	if err != nil {
		return err
	}
	first := time.Now()
	if _, err := x.CallWith(ctx, n, args, v.Messages); err != nil {
		return err
	}
	took := time.Since(first)
	before, begin, calls := x.Ext.Stats(), time.Now(), int64(0)
	for time.Since(begin) < b.time || calls == 0 {
		if _, err := x.CallWith(ctx, n, args, v.Messages); err != nil {
			return err
		}
		calls++
	}
	spent, after := time.Since(begin), x.Ext.Stats()
	each := spent / time.Duration(calls)
	fmt.Fprintf(w, "%s\n  %s calls/s, %v each (the first took %v)\n  %s instructions a call; the host moved or computed %s for it\n", v.Name,
		grouped(int64(float64(calls)/spent.Seconds())), each.Round(10*time.Nanosecond), took.Round(10*time.Microsecond),
		grouped((after.Fuel-before.Fuel)/calls), sizeOf(int((after.HostBytes-before.HostBytes)/calls)))
	return nil
}
