package main

import (
	"errors"
	"strconv"
	"time"

	"github.com/cocoonhq/cocoon/sdk-wasm/abi"
	"github.com/cocoonhq/cocoon/sdk-wasm/guest"
)

// seconds reads a time in seconds.
func seconds(in guest.Args, name string) time.Duration {
	return time.Duration(in.Float(name) * float64(time.Second))
}

// tick is how often waiting nodes tell how far they are.
const tick = 10 * time.Millisecond

// waitTelling waits and calls tell now and then with the part of the time that has gone by.
func waitTelling(d time.Duration, tell func(gone time.Duration)) error {
	start := guest.Now()
	for {
		gone := guest.Now().Sub(start)
		if gone >= d {
			return nil
		}
		tell(gone)
		if err := guest.Sleep(max(time.Millisecond, min(tick, d-gone))); err != nil {
			return err
		}
	}
}

// sleep waits; the host counts whole milliseconds.
func sleep(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	return guest.Sleep(max(d, time.Millisecond))
}

func value() decl { return in("value", "*", options{}) }

// same hands the value on once wait is over.
func same(wait func(in guest.Args) error) func(in guest.Args) (guest.Reply, error) {
	return func(in guest.Args) (guest.Reply, error) {
		if err := wait(in); err != nil {
			return guest.Reply{}, err
		}
		return guest.Outputs(in["value"])
	}
}

func sleepNodes() []guest.Dynamic {
	step := func(name string) decl {
		return in(name, "FLOAT", options{"default": 0.5, "min": 0.0, "max": 10.0, "step": 0.01})
	}
	return []guest.Dynamic{
		simple(waits(traits("TestSleep", "Test Sleep", catSleep)), ports(args(value(),
			in("seconds", "FLOAT", options{"default": 1.0, "min": 0.0, "max": 9999.0, "step": 0.01, "tooltip": "How long to sleep."})), out("*"), itself),
			same(func(in guest.Args) error {
				d := seconds(in, "seconds")
				return waitTelling(d, func(gone time.Duration) { guest.Progress(gone.Seconds(), d.Seconds()) })
			})),
		simple(expands(outputNode(traits("TestParallelSleep", "Test Parallel Sleep", catSleep))), ports(args(in("image1", "IMAGE", nil), in("image2", "IMAGE", nil),
			in("image3", "IMAGE", nil), step("sleep1"), step("sleep2"), step("sleep3")), out("IMAGE"), itself),
			func(in guest.Args) (guest.Reply, error) {
				g := &guest.Graph{}
				var inputs []guest.Input
				for i := 1; i <= 3; i++ {
					n := strconv.Itoa(i)
					inputs = append(inputs, port("input"+n, first(g.New("TestSleep", port("value", in["image"+n]), port("seconds", in["sleep"+n])))))
				}
				blend := g.New("TestVariadicAverage", inputs...)
				return guest.Reply{Outputs: []any{first(blend)}, Expand: g}, nil
			}),
		simple(outputNode(traits("TestOutputNodeWithSocketOutput", "Test Output Node With Socket Output", catSleep)), ports(args(in("image", "IMAGE", nil),
			in("value", "FLOAT", limits(1.0, 0.0, 10.0))), out("IMAGE")), times("image", "value")),
	}
}

func asyncNodes() []guest.Dynamic {
	return []guest.Dynamic{
		asyncCheck("TestAsyncValidation", "Test Async Validation", "threshold", "Value ", " exceeds threshold ", func(v, _ float64) float64 { return v / 10 }),
		simple(waits(traits("TestAsyncError", "Test Async Error", catAsync)), ports(args(value(), in("error_after", "FLOAT", limits(0.1, 0.0, 10.0))), out("*")),
			same(func(in guest.Args) error {
				if err := sleep(seconds(in, "error_after")); err != nil {
					return err
				}
				return guest.Raise("RuntimeError", "Intentional async execution error for testing")
			})),
		asyncCheck("TestAsyncValidationError", "Test Async Validation Error", "max_value", "Async validation failed: ", " > ", func(v, m float64) float64 { return v / m }),
		simple(waits(traits("TestAsyncTimeout", "Test Async Timeout", catAsync)), ports(args(value(), in("timeout", "FLOAT", limits(1.0, 0.1, 10.0)),
			in("operation_time", "FLOAT", limits(2.0, 0.1, 10.0))), out("*")),
			same(func(in guest.Args) error {
				limit, needs := seconds(in, "timeout"), seconds(in, "operation_time")
				if err := sleep(min(limit, needs)); err != nil || needs <= limit {
					return err
				}
				return guest.Raise("RuntimeError", "Operation timed out after "+float(in.Float("timeout"))+" seconds")
			})),
		simple(traits("TestSyncError", "Test Sync Error", catAsync), ports(args(value()), out("*")),
			same(func(guest.Args) error {
				return guest.Raise("RuntimeError", "Intentional sync execution error for testing")
			})),
		asyncLazy(), asyncGeneration(), resourceUser(), batchProcessing(), concurrentLimit(),
		progressNode("TestAsyncProgressUpdate", "Async Progress Update Test Node", true),
		progressNode("TestSyncProgressUpdate", "Sync Progress Update Test Node", false),
	}
}

// asyncCheck is a node whose check takes a moment and refuses values over a limit.
func asyncCheck(id, name, limit, before, between string, brightness func(v, limit float64) float64) guest.Dynamic {
	d := simple(traits(id, name, catAsync), ports(args(in("value", "FLOAT", options{"default": 5.0}), in(limit, "FLOAT", options{"default": 10.0})), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			m, err := square(brightness(in.Float("value"), in.Float(limit)))
			return guest.Reply{Outputs: []any{m}}, err
		})
	d.Checked = []string{"value", limit}
	d.Check = func(in guest.Args) error {
		if err := sleep(50 * time.Millisecond); err != nil {
			return err
		}
		v, okV := in["value"].(float64)
		l, okL := in[limit].(float64)
		if !okV || !okL {
			return guest.Raise("TypeError", "'>' not supported between instances of 'NoneType' and 'float'")
		}
		if v > l {
			return &guest.Refusal{Reason: before + float(v) + between + float(l)}
		}
		return nil
	}
	return d
}

func asyncLazy() guest.Dynamic {
	late := options{"lazy": true}
	d := simple(traits("TestAsyncLazyCheck", "Test Async Lazy Check", catAsync), ports(args(in("input1", "*", late), in("input2", "*", late),
		in("condition", "BOOLEAN", options{"default": true})), out("IMAGE")),
		func(guest.Args) (guest.Reply, error) {
			m, err := square(1)
			return guest.Reply{Outputs: []any{m}}, err
		})
	d.Need = func(in guest.Args) ([]string, error) {
		if err := sleep(50 * time.Millisecond); err != nil {
			return nil, err
		}
		name := "input2"
		if in.Bool("condition") {
			name = "input1"
		}
		if in[name] == nil {
			return []string{name}, nil
		}
		return nil, nil
	}
	return d
}

func asyncGeneration() guest.Dynamic {
	return simple(expands(traits("TestDynamicAsyncGeneration", "Test Dynamic Async Generation", catAsync)), ports(args(in("image1", "IMAGE", nil), in("image2", "IMAGE", nil),
		in("num_async_nodes", "INT", limits(3, 1, 10)), in("sleep_duration", "FLOAT", limits(0.2, 0.1, 1.0))), out("IMAGE")),
		func(in guest.Args) (guest.Reply, error) {
			g := &guest.Graph{}
			var inputs []guest.Input
			for i := range in.Int("num_async_nodes") {
				id := g.New("TestSleep", port("value", in["image"+strconv.Itoa(1+i%2)]), port("seconds", in["sleep_duration"]))
				inputs = append(inputs, port("input"+strconv.Itoa(i+1), first(id)))
			}
			if len(inputs) == 1 {
				return guest.Reply{Outputs: []any{inputs[0].Value}, Expand: g}, nil
			}
			return guest.Reply{Outputs: []any{first(g.New("TestVariadicAverage", inputs...))}, Expand: g}, nil
		})
}

// taken holds a key of the prompt's store while wait runs. No call sees another's memory: what they share is the store.
func taken(key string, wait func() error) error {
	if err := guest.Prompt.Swap(key, nil, []byte("taken")); err != nil {
		return err
	}
	err := wait()
	return errors.Join(err, guest.Prompt.Delete(key))
}

func resourceUser() guest.Dynamic {
	return simple(waits(traits("TestAsyncResourceUser", "Test Async Resource User", catAsync)), ports(args(value(),
		in("resource_id", "STRING", options{"default": "resource_0"}), in("duration", "FLOAT", limits(0.1, 0.0, 1.0))), out("*")),
		same(func(in guest.Args) error {
			id := in.Text("resource_id")
			err := taken("resource "+id, func() error { return sleep(seconds(in, "duration")) })
			if errors.Is(err, guest.Error(abi.ECONFLICT)) {
				return guest.Raise("RuntimeError", "Resource "+id+" is already in use!")
			}
			return err
		}))
}

func batchProcessing() guest.Dynamic {
	return simple(waits(traits("TestAsyncBatchProcessing", "Test Async Batch Processing", catAsync)), ports(args(in("images", "IMAGE", nil),
		in("process_time_per_item", "FLOAT", limits(0.1, 0.01, 1.0))), out("IMAGE"), itself),
		func(in guest.Args) (guest.Reply, error) {
			m, ok := in.Image("images")
			if !ok {
				return guest.Reply{}, errMissing
			}
			n := m.Info().Shape[0]
			for i := range n {
				if err := sleep(seconds(in, "process_time_per_item")); err != nil {
					return guest.Reply{}, err
				}
				guest.Progress(float64(i+1), float64(n))
			}
			negative, err := computed(func(r *guest.Recorder) guest.Ref { return r.Affine(r.Input(m.Tensor), -1, 1) })
			return guest.Reply{Outputs: []any{negative}}, err
		})
}

func concurrentLimit() guest.Dynamic {
	const atOnce = 2
	return simple(waits(traits("TestAsyncConcurrentLimit", "Test Async Concurrent Limit", catAsync)), ports(args(value(), in("duration", "FLOAT", limits(0.5, 0.1, 2.0)),
		in("node_id", "INT", options{"default": 0})), out("*")),
		same(func(in guest.Args) error {
			for i := 0; ; i++ {
				err := taken("place "+strconv.Itoa(i%atOnce), func() error { return sleep(seconds(in, "duration")) })
				if !errors.Is(err, guest.Error(abi.ECONFLICT)) {
					return err
				}
				if err := sleep(tick); err != nil {
					return err
				}
			}
		}))
}

func progressNode(id, name string, async bool) guest.Dynamic {
	t := traits(id, name, catAsync)
	t.Async = async
	return simple(t, ports(args(value(), in("sleep_seconds", "FLOAT", options{"default": 1.0})), out("*")),
		same(func(in guest.Args) error {
			d := seconds(in, "sleep_seconds")
			return waitTelling(d, func(gone time.Duration) { guest.ProgressState(gone.Seconds()/d.Seconds(), 1) })
		}))
}
