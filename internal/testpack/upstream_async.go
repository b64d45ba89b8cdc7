package testpack

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/cocoonhq/cocoon/engine/doc"
	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/value"
)

// seconds reads a time in seconds.
func seconds(a node.Args, name string) time.Duration {
	return time.Duration(float(a, name) * float64(time.Second))
}

// tick is how often waiting nodes tell how far they are.
const tick = 10 * time.Millisecond

// waitTelling waits and calls tell now and then with the part of the time that has gone by.
func waitTelling(ctx context.Context, d time.Duration, tell func(gone time.Duration)) error {
	start := time.Now()
	for time.Since(start) < d {
		tell(min(time.Since(start), d))
		if err := sleep(ctx, min(tick, d)); err != nil {
			return err
		}
	}
	return nil
}

func progress(ctx context.Context, v, total float64) {
	if r, ok := node.RunOf(ctx); ok && r.Reporter != nil {
		r.Reporter.Progress(v, total, nil)
	}
}

func state(ctx context.Context, v, total float64) {
	if r, ok := node.RunOf(ctx); ok {
		if s, ok := r.Reporter.(node.StateReporter); ok {
			s.State(v, total, nil)
		}
	}
}

func async(s *node.Schema) *node.Schema {
	s.Async = true
	return s
}

func anyIn() node.Input { return in("value", "*", opts{}) }

func limits(def, low, high float64) opts { return opts{"default": def, "min": low, "max": high} }

func sleepNodes() []node.Node {
	step := func(name string) node.Input {
		return in(name, node.Float, opts{"default": 0.5, "min": 0.0, "max": 10.0, "step": 0.01})
	}
	parallel := hides(shows(upSchema("TestParallelSleep", "Test Parallel Sleep", catSleep, args(in("image1", "IMAGE", nil), in("image2", "IMAGE", nil),
		in("image3", "IMAGE", nil), step("sleep1"), step("sleep2"), step("sleep3")), out("IMAGE"))), node.Hidden{Name: "unique_id", Kind: node.UniqueID})
	parallel.Expands = true
	return []node.Node{
		plain{hides(async(upSchema("TestSleep", "Test Sleep", catSleep, args(anyIn(),
			in("seconds", node.Float, opts{"default": 1.0, "min": 0.0, "max": 9999.0, "step": 0.01, "tooltip": "How long to sleep."})), out("*"))),
			node.Hidden{Name: "unique_id", Kind: node.UniqueID}),
			func(ctx context.Context, a node.Args) (node.Reply, error) {
				d := seconds(a, "seconds")
				err := waitTelling(ctx, d, func(gone time.Duration) { progress(ctx, gone.Seconds(), d.Seconds()) })
				return node.Reply{Outputs: []any{a["value"]}}, err
			}},
		plain{parallel, func(ctx context.Context, a node.Args) (node.Reply, error) {
			g := node.NewGraph(ctx)
			var inputs []node.Port
			for i := 1; i <= 3; i++ {
				n := strconv.Itoa(i)
				inputs = append(inputs, port("input"+n, first(g.Add("TestSleep", port("value", a["image"+n]), port("seconds", a["sleep"+n])))))
			}
			blend := g.Add("TestVariadicAverage", inputs...)
			return node.Reply{Outputs: []any{first(blend)}, Expand: g.Graph()}, nil
		}},
		plain{shows(upSchema("TestOutputNodeWithSocketOutput", "Test Output Node With Socket Output", catSleep, args(in("image", "IMAGE", nil),
			in("value", node.Float, limits(1, 0, 10))), out("IMAGE"))),
			func(_ context.Context, a node.Args) (node.Reply, error) {
				m, err := get[value.Image](a, "image")
				if err != nil || m.Tensor == nil {
					return node.Reply{}, orMissing(err)
				}
				return outputs(scaled(m, float(a, "value")))
			}},
	}
}

func asyncNodes() []node.Node {
	return []node.Node{
		asyncCheck("TestAsyncValidation", "Test Async Validation", "threshold", "Value %s exceeds threshold %s", func(v, _ float64) float64 { return v / 10 }),
		asyncError(),
		asyncCheck("TestAsyncValidationError", "Test Async Validation Error", "max_value", "Async validation failed: %s > %s", func(v, m float64) float64 { return v / m }),
		asyncTimeout(),
		plain{upSchema("TestSyncError", "Test Sync Error", catAsync, args(anyIn()), out("*")),
			func(context.Context, node.Args) (node.Reply, error) {
				return node.Reply{}, &node.Exception{Kind: "RuntimeError", Text: "Intentional sync execution error for testing"}
			}},
		asyncLazy(), asyncGeneration(), resourceUser(), batchProcessing(), concurrentLimit(),
		progressNode("TestAsyncProgressUpdate", "Async Progress Update Test Node", true),
		progressNode("TestSyncProgressUpdate", "Sync Progress Update Test Node", false),
	}
}

// asyncCheck is a node whose check takes a moment and refuses values over a limit.
func asyncCheck(id, name, limit, refusal string, brightness func(v, limit float64) float64) node.Node {
	s := upSchema(id, name, catAsync, args(in("value", node.Float, opts{"default": 5.0}), in(limit, node.Float, opts{"default": 10.0})), out("IMAGE"))
	p := plain{s, func(_ context.Context, a node.Args) (node.Reply, error) {
		return outputs(square(float32(brightness(float(a, "value"), float(a, limit)))))
	}}
	return checking{p, []string{"value", limit}, false, func(ctx context.Context, a node.Args) error {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return err
		}
		v, okV := a["value"].(float64)
		l, okL := a[limit].(float64)
		if !okV || !okL {
			return &node.Exception{Kind: "TypeError", Text: "'>' not supported between instances of 'NoneType' and 'float'"}
		}
		if v > l {
			return &node.Refusal{Reason: fmt.Sprintf(refusal, doc.Float(v), doc.Float(l))}
		}
		return nil
	}}
}

func asyncError() node.Node {
	s := async(upSchema("TestAsyncError", "Test Async Error", catAsync, args(anyIn(), in("error_after", node.Float, limits(0.1, 0, 10))), out("*")))
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		if err := sleep(ctx, seconds(a, "error_after")); err != nil {
			return node.Reply{}, err
		}
		return node.Reply{}, &node.Exception{Kind: "RuntimeError", Text: "Intentional async execution error for testing"}
	}}
}

func asyncTimeout() node.Node {
	s := async(upSchema("TestAsyncTimeout", "Test Async Timeout", catAsync, args(anyIn(), in("timeout", node.Float, limits(1, 0.1, 10)),
		in("operation_time", node.Float, limits(2, 0.1, 10))), out("*")))
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		limit, needs := seconds(a, "timeout"), seconds(a, "operation_time")
		if err := sleep(ctx, min(limit, needs)); err != nil {
			return node.Reply{}, err
		}
		if needs > limit {
			return node.Reply{}, &node.Exception{Kind: "RuntimeError",
				Text: fmt.Sprintf("Operation timed out after %s seconds", doc.Float(float(a, "timeout")))}
		}
		return outputs(a["value"])
	}}
}

func asyncLazy() node.Node {
	lazy := opts{"lazy": true}
	s := upSchema("TestAsyncLazyCheck", "Test Async Lazy Check", catAsync, args(in("input1", "*", lazy), in("input2", "*", lazy),
		in("condition", node.Boolean, opts{"default": true})), out("IMAGE"))
	p := plain{s, func(context.Context, node.Args) (node.Reply, error) { return outputs(square(1)) }}
	return needing{p, func(ctx context.Context, a node.Args) ([]string, error) {
		if err := sleep(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
		name := "input2"
		if truth(a["condition"]) {
			name = "input1"
		}
		if a[name] == nil {
			return []string{name}, nil
		}
		return nil, nil
	}}
}

func asyncGeneration() node.Node {
	s := upSchema("TestDynamicAsyncGeneration", "Test Dynamic Async Generation", catAsync, args(in("image1", "IMAGE", nil), in("image2", "IMAGE", nil),
		in("num_async_nodes", node.Int, opts{"default": int64(3), "min": int64(1), "max": int64(10)}),
		in("sleep_duration", node.Float, limits(0.2, 0.1, 1))), out("IMAGE"))
	s.Expands = true
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		g := node.NewGraph(ctx)
		var inputs []node.Port
		for i := range whole(a, "num_async_nodes") {
			image := a["image"+strconv.Itoa(1+i%2)]
			id := g.Add("TestSleep", port("value", image), port("seconds", a["sleep_duration"]))
			inputs = append(inputs, port("input"+strconv.Itoa(i+1), first(id)))
		}
		if len(inputs) == 1 {
			return node.Reply{Outputs: []any{inputs[0].Value}, Expand: g.Graph()}, nil
		}
		return node.Reply{Outputs: []any{first(g.Add("TestVariadicAverage", inputs...))}, Expand: g.Graph()}, nil
	}}
}

func resourceUser() node.Node {
	s := async(upSchema("TestAsyncResourceUser", "Test Async Resource User", catAsync, args(anyIn(),
		in("resource_id", node.String, opts{"default": "resource_0"}), in("duration", node.Float, limits(0.1, 0, 1))), out("*")))
	var used sync.Map
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		id, err := get[string](a, "resource_id")
		if err != nil {
			return node.Reply{}, err
		}
		if _, taken := used.LoadOrStore(id, true); taken {
			return node.Reply{}, &node.Exception{Kind: "RuntimeError", Text: "Resource " + id + " is already in use!"}
		}
		defer used.Delete(id)
		if err := sleep(ctx, seconds(a, "duration")); err != nil {
			return node.Reply{}, err
		}
		return outputs(a["value"])
	}}
}

func batchProcessing() node.Node {
	s := hides(async(upSchema("TestAsyncBatchProcessing", "Test Async Batch Processing", catAsync, args(in("images", "IMAGE", nil),
		in("process_time_per_item", node.Float, limits(0.1, 0.01, 1))), out("IMAGE"))), node.Hidden{Name: "unique_id", Kind: node.UniqueID})
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		m, err := get[value.Image](a, "images")
		if err != nil || m.Tensor == nil {
			return node.Reply{}, orMissing(err)
		}
		t := m.Dense().Clone()
		n := t.Dim(0)
		for i := range n {
			if err := sleep(ctx, seconds(a, "process_time_per_item")); err != nil {
				return node.Reply{}, err
			}
			progress(ctx, float64(i+1), float64(n))
		}
		for i, v := range t.F32() {
			t.F32()[i] = 1 - v
		}
		return outputs(value.Image{Tensor: t})
	}}
}

func concurrentLimit() node.Node {
	s := async(upSchema("TestAsyncConcurrentLimit", "Test Async Concurrent Limit", catAsync, args(anyIn(), in("duration", node.Float, limits(0.5, 0.1, 2)),
		in("node_id", node.Int, opts{"default": int64(0)})), out("*")))
	const atOnce = 2
	slots := make(chan struct{}, atOnce)
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return node.Reply{}, ctx.Err()
		}
		defer func() { <-slots }()
		if err := sleep(ctx, seconds(a, "duration")); err != nil {
			return node.Reply{}, err
		}
		return outputs(a["value"])
	}}
}

func progressNode(id, name string, waits bool) node.Node {
	s := upSchema(id, name, catAsync, args(anyIn(), in("sleep_seconds", node.Float, opts{"default": 1.0})), out("*"))
	s.Async = waits
	return plain{s, func(ctx context.Context, a node.Args) (node.Reply, error) {
		d := seconds(a, "sleep_seconds")
		err := waitTelling(ctx, d, func(gone time.Duration) { state(ctx, gone.Seconds()/d.Seconds(), 1) })
		return node.Reply{Outputs: []any{a["value"]}}, err
	}}
}
