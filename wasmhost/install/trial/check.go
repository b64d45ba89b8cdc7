package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// Result is what came of one vector.
type Result struct {
	Vector  Vector
	Err     error             // what was not as it should be; nil for nothing
	Fuel    int64             // instructions
	Took    time.Duration     // under the compiler
	Twice   bool              // the interpreter ran it too, and agreed
	Alone   string            // why the interpreter did not
	Outputs []json.RawMessage // as a vector keeps them
	Log     []wasmhost.Line   // what the extension wrote meanwhile, under the compiler
}

// Run runs vectors under the compiler and under the interpreter. An error is of the extension as a whole; what is wrong with
// single vectors stands in the results.
func Run(ctx context.Context, c Config, m *pack.Manifest, module []byte, vectors []Vector) (results []Result, err error) {
	return run(ctx, c, m, module, vectors, func(Result) bool { return true })
}

// run is Run as long as more wants another.
func run(ctx context.Context, c Config, m *pack.Manifest, module []byte, vectors []Vector, more func(Result) bool) (results []Result, err error) {
	fast, err := Start(ctx, c, m, module, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, fast.Close()) }()
	slow, err := Start(ctx, c, m, module, true)
	if err != nil {
		return nil, fmt.Errorf("under the interpreter: %w", err)
	}
	defer func() { err = errors.Join(err, slow.Close()) }()
	if a, b := fast.Ext.Stats().Fuel, slow.Ext.Stats().Fuel; a != b && comparable(m) {
		return nil, differ("describing itself takes %d instructions when compiled and %d when interpreted", a, b)
	}
	for _, v := range vectors {
		if err := ctx.Err(); err != nil {
			return results, err
		}
		r := both(ctx, fast, slow, m, v)
		if results = append(results, r); !more(r) {
			break
		}
	}
	return results, nil
}

// comparable reports whether two runs of an extension give the same: what knows the time or true chance does not.
func comparable(m *pack.Manifest) bool {
	return !m.Capabilities.RealClock && !m.Capabilities.SecureRandom
}

func differ(format string, args ...any) error {
	return fault.New(fault.ExtensionFailed, "the compiler and the interpreter do not agree on this module, so it is not safe to run here: "+format, args...)
}

func both(ctx context.Context, fast, slow *Bench, m *pack.Manifest, v Vector) Result {
	begin := time.Now()
	a, err := fast.run(ctx, &v)
	r := Result{Vector: v, Err: err, Fuel: a.fuel, Took: time.Since(begin), Outputs: a.kept, Log: fast.since(begin)}
	switch {
	case errors.Is(err, fault.NotFound) || a.exact == "":
		return r
	case !comparable(m):
		r.Alone = "it may know the time or true chance"
		return r
	case a.fuel > repeatFuel:
		r.Alone = "it takes too long when interpreted"
		return r
	}
	b, err := slow.run(ctx, &v)
	switch {
	case b.failed != nil && strings.Contains(b.failed.Error(), "stack overflow"): // the interpreter's own stack is shorter
		r.Alone = "its calls nest too deeply for the interpreter"
	case err != nil && r.Err == nil:
		r.Err = differ("interpreted, it fails: %v", err)
	case a.exact != b.exact:
		r.Err = differ("compiled it gives %.300s, interpreted %.300s", a.exact, b.exact)
	case a.fuel != b.fuel:
		r.Err = differ("it takes %d instructions when compiled and %d when interpreted", a.fuel, b.fuel)
	default:
		r.Twice = true
	}
	return r
}

// Check runs a package's vectors and gives the first thing that is wrong. A package without vectors is described under both
// all the same. The packages of others do not get more than a bounded amount of work: what comes behind is not tested.
func Check(ctx context.Context, c Config, p *pack.Package) error {
	vectors, err := Vectors(p)
	if err != nil {
		return err
	}
	module, err := p.Module()
	if err != nil {
		return err
	}
	begin, spent := time.Now(), int64(0)
	results, err := run(ctx, c, p.Manifest, module, vectors, func(r Result) bool {
		spent += r.Fuel
		return r.Err == nil && spent < mostFuel && time.Since(begin) < checkTime
	})
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return fault.Wrap(r.Err, fault.ExtensionFailed, "its own test %q fails here", r.Vector.Name)
		}
	}
	return nil
}
