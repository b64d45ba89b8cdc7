package install

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/wasmhost"
	"github.com/cocoonhq/cocoon/wasmhost/kv"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

// following is a server that follows, and a manager of another process on the same folder.
func following(t *testing.T) (cli, srv *Manager, h *wasmhost.Host, wait func(what string, ok func() bool)) {
	t.Helper()
	changes := make(chan struct{}, 64)
	srv, h, dir := server(t, func(c *Config) {
		c.Changed = func(context.Context) { changes <- struct{}{} }
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		srv.Follow(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	cli = open(t, Config{Dir: dir, AllowUnsigned: true, Erase: func(ctx context.Context, who tenant.ID, id string, keep []tenant.ID) error {
		return kv.Erase(ctx, dir, who, id, keep)
	}})
	wait = func(what string, ok func() bool) {
		t.Helper()
		tooLong := time.After(30 * time.Second)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for !ok() {
			select {
			case <-changes:
			case <-tick.C:
			case <-tooLong:
				t.Fatalf("never: %s; %+v", what, srv.List(""))
			}
		}
	}
	return cli, srv, h, wait
}

func TestFollowOtherProcesses(t *testing.T) {
	cli, srv, h, wait := following(t)
	has := func(class string) func() bool { return func() bool { return runs(t, h, "a", class) == 7 } }
	hasNot := func(class string) func() bool { return func() bool { return runs(t, h, "a", class) == 0 } }
	s := must(t)(cli.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	if s.State != Installed {
		t.Errorf("%+v", s)
	}
	wait("installed", has("One"))
	must(t)(cli.Install(t.Context(), "", packed(t, "2.0.0", nil, guest(t, "Two"), 1), Consent{}))
	wait("updated", has("Two"))

	// a version that does not load leaves the one before, and says why
	must(t)(cli.Install(t.Context(), "", packed(t, "3.0.0", nil, []byte("no module"), 1), Consent{}))
	wait("failed", func() bool {
		s, err := srv.Get("", "test.one")
		return err == nil && s.State == Failed && s.Reason != ""
	})
	if !has("Two")() {
		t.Error("the version before is gone")
	}

	// development in place of what is installed
	dev := packed(t, "0.0.1", asksKV, guest(t, "Dev", kvGet()))
	must(t)(cli.Dev(t.Context(), "", dev))
	wait("in development", has("Dev"))
	if s, err := srv.Get("a", "test.one"); err != nil || !s.Dev || s.Version != "0.0.1" || !s.Granted.Has("kv") {
		t.Errorf("%+v, %v", s, err)
	}
	must(t)(cli.Install(t.Context(), "", packed(t, "4.0.0", nil, guest(t, "Four"), 1), Consent{}))
	if err := cli.EndDev(t.Context(), "", "test.one"); err != nil {
		t.Fatal(err)
	}
	wait("development has ended", has("Four"))

	stopAndStart(t, cli, srv, wait, has("Four"), hasNot("Four"))
	if err := cli.Remove(t.Context(), "", "test.one", true); err != nil {
		t.Fatal(err)
	}
	wait("removed", hasNot("Four"))
}

// stopAndStart bars what runs, which stops at once, and takes that back.
func stopAndStart(t *testing.T, cli, srv *Manager, wait func(what string, ok func() bool), runs, gone func() bool) {
	for _, what := range []string{"test.one@4.0.0", "test.one@*", keyOf(1), "sha256-" + mustGet(t, cli).Hash} {
		if err := cli.Revoke(t.Context(), what, "a # hole"); err != nil {
			t.Fatal(err)
		}
		wait("revoked "+what, gone)
		if s, err := srv.Get("", "test.one"); err != nil || s.State != Revoked || s.Reason == "" {
			t.Errorf("%+v, %v", s, err)
		}
		o, err := cli.Inspect(t.Context(), "b", packed(t, "4.0.0", nil, guest(t, "Four"), 1))
		if err != nil || o.Verdict != Refuse {
			t.Errorf("%s: %+v, %v", what, o, err)
		}
		if err := cli.Unrevoke(t.Context(), what); err != nil {
			t.Fatal(err)
		}
		wait("not revoked "+what, runs)
	}
}

// TestTheListCountsForWhatIsInstalled too: a key that is taken off it runs no more.
func TestTheListCountsForWhatIsInstalled(t *testing.T) {
	list := write(t, filepath.Join(t.TempDir(), "keys"), keyOf(1)+"\n")
	m, h, dir := server(t, func(c *Config) { c.TrustFile = list })
	cli := open(t, Config{Dir: dir, AllowUnsigned: true})
	must(t)(cli.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	other := packed(t, "1.0.0", func(m *pack.Manifest) { m.ID = "test.two" }, guest(t, "Two"))
	must(t)(cli.Install(t.Context(), "", other, Consent{Unsigned: true}))
	if err := m.Reconcile(t.Context()); err != nil || runs(t, h, "", "One") != 7 || runs(t, h, "", "Two") != 0 {
		t.Errorf("%v, %+v", err, m.List(""))
	}
	write(t, list, keyOf(2)+"\n")
	if err := m.Reconcile(t.Context()); err != nil || runs(t, h, "", "One") != 0 {
		t.Errorf("%v, %+v", err, m.List(""))
	}
	if s := mustGet(t, m); s.State != Revoked || s.Reason == "" {
		t.Errorf("%+v", s)
	}
	must(t)(cli.Dev(t.Context(), "", packed(t, "2.0.0", nil, guest(t, "Dev"))))
	if err := m.Reconcile(t.Context()); err != nil || runs(t, h, "", "Dev") != 7 {
		t.Errorf("in development: %v, %+v", err, m.List(""))
	}
}

func mustGet(t testing.TB, m *Manager) Status {
	t.Helper()
	return must(t)(m.Get("", "test.one"))
}

// TestSwapsLetCallsEnd replaces, removes and bars an extension while a node of it runs.
func TestSwapsLetCallsEnd(t *testing.T) {
	slow := packed(t, "1.0.0", nil, guest(t, "Slow", logLine(), sleep()), 1)
	for name, swap := range map[string]func(m *Manager) error{
		"updated": func(m *Manager) error {
			_, err := m.Install(t.Context(), "", packed(t, "2.0.0", nil, guest(t, "Next"), 1), Consent{})
			return err
		},
		"in development": func(m *Manager) error {
			_, err := m.Dev(t.Context(), "", packed(t, "2.0.0", nil, guest(t, "Next")))
			return err
		},
		"removed": func(m *Manager) error { return m.Remove(t.Context(), "", "test.one", false) },
		"barred":  func(m *Manager) error { return m.Revoke(t.Context(), "test.one@1.0.0", "") },
	} {
		t.Run(name, func(t *testing.T) {
			m, h, _ := server(t, nil)
			must(t)(m.Install(t.Context(), "", slow, Consent{AcceptKey: keyOf(1)}))
			got := make(chan int64, 1)
			go func() { got <- runs(t, h, "", "Slow") }()
			for len(m.Log("", "test.one")) == 0 {
				runtime.Gosched()
			}
			if err := swap(m); err != nil {
				t.Error(err)
			}
			if runs(t, h, "", "Slow") != 0 {
				t.Error("it can still be called")
			}
			if n := <-got; n != 7 {
				t.Errorf("the call gives %d", n)
			}
		})
	}
}

// TestWhatWasTamperedWithDoesNotLoad changes a package in the folder.
func TestWhatWasTamperedWithDoesNotLoad(t *testing.T) {
	dir := t.TempDir()
	cli := open(t, Config{Dir: dir})
	s := must(t)(cli.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{AcceptKey: keyOf(1)}))
	name := filepath.Join(dir, "packages", s.Hash+pack.Suffix)
	other := packed(t, "1.0.0", nil, guest(t, "Evil"), 1)
	write(t, name, string(other))
	h := newHost(t, "")
	m := open(t, Config{Dir: dir, Loader: h})
	if err := m.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := m.Get("", "test.one"); err != nil || s.State != Failed || runs(t, h, "", "Evil") != 0 {
		t.Errorf("%+v, %v", s, err)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	must(t)(cli.Install(t.Context(), "", packed(t, "1.0.0", nil, guest(t, "One"), 1), Consent{}))
	m2 := open(t, Config{Dir: dir, Loader: h})
	if err := m2.Reconcile(t.Context()); err != nil || runs(t, h, "", "One") != 7 {
		t.Errorf("installed again: %v", err)
	}
}

// TestManyProcesses lets managers of one folder change it at the same time.
func TestManyProcesses(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	const n = 8
	module := guest(t, "One")
	for i := range n {
		m := open(t, Config{Dir: dir})
		b := packed(t, "1.0.0", func(m *pack.Manifest) { m.ID = "test.n" + strconv.Itoa(i) }, module, 1)
		wg.Go(func() {
			for range 4 {
				if _, err := m.Install(t.Context(), "", b, Consent{AcceptKey: keyOf(1)}); err != nil {
					t.Error(err)
				}
				m.List("")
			}
		})
	}
	wg.Wait()
	if got := len(open(t, Config{Dir: dir}).List("")); got != n {
		t.Errorf("%d of %d are there", got, n)
	}
}

func TestLockWaitsForItsTurn(t *testing.T) {
	dir := t.TempDir()
	release, err := hold(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hold(ctx, dir); !errors.Is(err, fault.Conflict) {
		t.Errorf("taken twice: %v", err)
	}
	release()
	again, err := hold(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestWishesForLimits(t *testing.T) {
	m := open(t, Config{Dir: t.TempDir()})
	for _, row := range []struct {
		wish pack.LimitsWish
		want pack.LimitsWish
	}{
		{pack.LimitsWish{}, pack.LimitsWish{MemoryMiB: 256, FuelPerExecute: 5e9, WallMS: 30_000}},
		{pack.LimitsWish{MemoryMiB: 8, FuelPerExecute: 1e6, WallMS: 100}, pack.LimitsWish{MemoryMiB: 8, FuelPerExecute: 1e6, WallMS: 100}},
		{pack.LimitsWish{MemoryMiB: 1 << 40, FuelPerExecute: 1 << 50, WallMS: 1 << 50}, pack.LimitsWish{MemoryMiB: 1024, FuelPerExecute: 50e9, WallMS: 600_000}},
	} {
		b := packed(t, "1.0.0", func(m *pack.Manifest) { m.Limits = &row.wish }, guest(t, "One"), 1)
		o, err := m.Inspect(t.Context(), "", b)
		if err != nil || o.Limits != row.want {
			t.Errorf("%+v: %+v, %v", row.wish, o.Limits, err)
		}
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte(`{"schema":1,"tenants":{"":{"extensions":{"a":{"version":"1.0.0","package":"","grant":{},"pending":{}}},"pins":{"a":"x"}}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := parseLock(b)
		if err != nil {
			return
		}
		if _, err := copyOf(l); err != nil {
			t.Error(err)
		}
	})
}

func FuzzLists(f *testing.F) {
	f.Add([]byte(keyOf(1) + " web test.*\n"))
	f.Add([]byte("a.b@1.0.0 why\nsha256-00"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ParseTrust(b)
		_, _ = parseRevocations(b)
	})
}
