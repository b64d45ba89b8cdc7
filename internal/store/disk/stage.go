package disk

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// stageDir holds files while they are written. It lies inside the folder so that a rename stays on one disk.
const stageDir = ".cocoon-unfinished"

// stage is where a folder's files are written before they get their name. It is made at the first write.
type stage struct {
	root  *os.Root
	quota *quota // nil for none

	mu   sync.Mutex
	lock *os.File // held while the process lives, so that another does not clear the stage under it
}

// open makes the stage and, unless another process is using it, clears it.
func (g *stage) open() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lock != nil {
		return nil
	}
	if err := g.root.MkdirAll(stageDir, 0o755); err != nil {
		return err
	}
	lock, err := g.root.OpenFile(filepath.Join(stageDir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	if lockAlone(lock) {
		g.clear()
	}
	lockShared(lock)
	g.lock = lock
	return nil
}

func (g *stage) clear() {
	d, err := g.root.Open(stageDir)
	if err != nil {
		return
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	for _, n := range names {
		if n != "lock" {
			g.root.Remove(filepath.Join(stageDir, n))
		}
	}
}

func (g *stage) close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lock == nil {
		return nil
	}
	err := g.lock.Close()
	g.lock = nil
	g.root.Remove(filepath.Join(stageDir, "lock"))
	g.root.Remove(stageDir) // stays when another process still writes there
	return err
}

// write lets fill write a new file and syncs it. It returns the file's name in the root, which the caller renames or removes, and
// what to call then.
func (g *stage) write(fill func(io.Writer) error) (tmp string, placed func(), err error) {
	if err := g.open(); err != nil {
		return "", nil, err
	}
	name := filepath.Join(stageDir, fmt.Sprintf("%d-%016x", os.Getpid(), rand.Uint64()))
	f, err := g.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return "", nil, err
	}
	m := metered{w: f, q: g.quota}
	if err = g.quota.take(perEntry); err == nil {
		m.taken = perEntry
		g.quota.stage(perEntry)
		err = fill(m.writer())
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		g.root.Remove(name)
		g.quota.stage(-m.taken)
		g.quota.give(m.taken)
		return "", nil, err
	}
	return name, func() { g.quota.stage(-m.taken) }, nil
}

// Put writes a file under a name, in the place of one that is there only if replace says so; then the error is
// fault.Conflict. Missing folders are made.
func (s *Store) Put(k Kind, name string, replace bool, fill func(io.Writer) error) error {
	f, err := s.at(k, name)
	if err != nil {
		return err
	}
	if err := s.MkdirAll(k, path.Dir(name)); err != nil {
		return err
	}
	tmp, placed, err := f.stage.write(fill)
	if err != nil {
		return wrap(err, "write %q to the %s folder", name, k)
	}
	defer placed()
	target := filepath.FromSlash(name)
	if err := s.place(f, tmp, target, replace); err != nil {
		return wrap(err, "write %q to the %s folder", name, k)
	}
	return syncDir(f.root, filepath.Dir(target))
}

// place gives a written file its name.
func (s *Store) place(f *folder, tmp, target string, replace bool) (err error) {
	s.names.Lock()
	defer s.names.Unlock()
	size, old := f.sizeOf(tmp), f.sizeOf(target)
	if replace {
		err = f.root.Rename(tmp, target)
	} else {
		err = f.root.Link(tmp, target)
	}
	if err != nil || !replace {
		f.root.Remove(tmp)
	}
	switch {
	case err != nil:
		s.quota.give(size)
	case replace:
		s.quota.give(old)
	}
	return err
}

// Rename moves a file, in the place of one that is there only if replace says so; then the error is fault.Conflict. Missing
// folders are made.
func (s *Store) Rename(k Kind, from, to string, replace bool) error {
	f, err := s.at(k, from)
	if err != nil {
		return err
	}
	if _, err := s.at(k, to); err != nil {
		return err
	}
	if err := s.MkdirAll(k, path.Dir(to)); err != nil {
		return err
	}
	source, target := filepath.FromSlash(from), filepath.FromSlash(to)
	s.names.Lock()
	defer s.names.Unlock()
	if replace {
		old := f.sizeOf(target)
		if err = f.root.Rename(source, target); err == nil && source != target {
			s.quota.give(old)
		}
	} else if err = f.root.Link(source, target); err == nil {
		err = f.root.Remove(source)
	}
	if err != nil {
		return wrap(err, "move %q to %q in the %s folder", from, to, k)
	}
	return syncDir(f.root, filepath.Dir(target))
}

// syncDir makes a rename in dir survive a power cut, where the system can.
func syncDir(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	_ = d.Sync() // not every file system syncs folders; the file itself is safe
	return nil
}
