package assets

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/internal/tenant"
)

// asked is a Disk that asks a scanner to stop whenever a file is opened.
type asked struct {
	folder
	s       *Scanner
	stopped bool
}

// Open asks.
func (d *asked) Open(f File) (*os.File, error) {
	d.stopped = d.stopped || d.s.Cancel()
	return d.folder.Open(f)
}

// TestCancelWithoutAScan: what prunes is no scan that could be stopped.
func TestCancelWithoutAScan(t *testing.T) {
	c := open(t)
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "input"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "input", "a.png"), []byte("a"), 0o644); err != nil {
		t.Fatal(err)
	}
	f := File{Kind: "input", Path: "a.png", Loader: "a.png", Shown: "a.png"}
	if _, err := c.Produce(t.Context(), "", f, "", "", "image/png", nil); err != nil {
		t.Fatal(err)
	}
	d := &asked{folder: folder{dir}, s: c.Scanner("")}
	if n, err := d.s.Prune(t.Context(), d); n != 0 || err != nil || d.stopped {
		t.Errorf("Prune = %d, %v, stopped: %v", n, err, d.stopped)
	}
	if st := d.s.Status().State; st != Idle {
		t.Errorf("state %s", st)
	}
}

// TestScannersAtTheEnd: others may still ask for scanners while all are stopped.
func TestScannersAtTheEnd(t *testing.T) {
	c := open(t)
	d := folder{t.TempDir()}
	var asking sync.WaitGroup
	for i := range 4 {
		asking.Go(func() {
			for k := range 50 {
				s := c.Scanner(tenant.ID(fmt.Sprintf("%d-%d", i, k)))
				s.Start(Scan{Disk: d, Kinds: []string{"input"}})
				_, _ = s.Cancel(), s.Status()
			}
		})
	}
	c.StopScans()
	asking.Wait()
	c.StopScans()
}
