package wasmhost

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/tensor"
	"github.com/cocoonhq/cocoon/wasmhost/abifuzz"
	"github.com/cocoonhq/cocoon/wasmhost/slot"
)

// outcomes counts how calls of host functions end: well, or by an errno or a trap.
type outcomes struct {
	mu        sync.Mutex
	well, ill map[string]int
}

// counted wraps host functions.
func (o *outcomes) counted(funcs []slot.Func) []slot.Func {
	o.well, o.ill = map[string]int{}, map[string]int{}
	for i := range funcs {
		f := funcs[i]
		wasi := strings.HasPrefix(f.Module, "wasi")
		funcs[i].Call = func(ctx context.Context, s []uint64) {
			good := false
			defer func() { o.count(f.Name, good) }()
			f.Call(ctx, s)
			switch f.Results {
			case "i":
				good = int32(s[0]) == 0 || int32(s[0]) > 0 && !wasi
			case "l":
				good = int64(s[0]) >= 0
			default:
				good = true
			}
		}
	}
	return funcs
}

func (o *outcomes) count(name string, good bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if good {
		o.well[name]++
	} else {
		o.ill[name]++
	}
}

// smallPicture is a picture file.
func smallPicture() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// ask sends a program to the guest's route, with a body that is too long to come along.
func (a *abiHost) ask(t *testing.T, program []byte) {
	t.Helper()
	r := httptest.NewRequestWithContext(tenant.With(t.Context(), "t"), "POST", "/ext/test.fuzz"+abifuzz.Route+"?p="+url.QueryEscape(abifuzz.Text(program, nil)), bytes.NewReader(make([]byte, 2*mib)))
	r.Header.Set("Content-Type", "application/octet-stream")
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler {
			panic(p)
		}
	}()
	a.h.ServeHTTP(httptest.NewRecorder(), r)
}

// TestEachFunctionEndsBothWays: the programs that fuzzing starts from make every call of the contract with success, and with an
// errno or a trap.
func TestEachFunctionEndsBothWays(t *testing.T) {
	o := &outcomes{}
	a := newABIHost(t, o)
	t.Cleanup(a.close)
	a.e.limits.Execute.Parked, a.e.limits.Route.Parked = time.Second, time.Second
	for name, p := range abifuzz.Seeds() {
		if strings.HasPrefix(name, "route") {
			a.ask(t, p)
			continue
		}
		if name != "waits" {
			_ = a.run(t, p, nil, 0)
		}
	}
	// these have nothing that could be wrong, but for the count of calls and the call's end
	always := []string{"progress", "progress_state", "now_ms", "fuel_left", "deadline_ms", "feature", "args_sizes_get", "environ_sizes_get", "clock_res_get", "sleep_ms"}
	never := []string{"proc_exit", "path_open", "fd_read"}
	for _, f := range abifuzz.Functions() {
		if o.well[f.Name] == 0 && !slices.Contains(never, f.Name) {
			t.Errorf("%s never succeeds", f.Name)
		}
		if o.ill[f.Name] == 0 && !slices.Contains(always, f.Name) {
			t.Errorf("%s never fails", f.Name)
		}
	}
}

// TestEachKindIsRefused: an op of a graph that lacks its arguments is an errno, whatever its kind; the conformance kit's rows
// compute each of them.
func TestEachKindIsRefused(t *testing.T) {
	inCall(t, 0, func(c *call) {
		for _, k := range tensor.Kinds() {
			b := oneOp(uint16(k), nil, tensor.Attr{I: []int{-1}, F: nil}, nil)
			copy(c.bytes(8192, uint32(len(b))), b)
			if n := c.tGraph(8192, uint32(len(b)), 4096, 64); n >= 0 {
				t.Errorf("%v of nothing gives %d", k, n)
			}
		}
	})
}
