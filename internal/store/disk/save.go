package disk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// Resolve replaces %width%, %height% and the parts of the time in a save node's prefix and splits it into a folder and the
// start of a name. It fails with fault.Forbidden when the folder would lie outside.
//
// Compat: ComfyUI's save path rules.
func (s *Store) Resolve(prefix string, width, height int) (subfolder, stem string, err error) {
	return resolve(prefix, width, height, time.Now())
}

func resolve(prefix string, width, height int, now time.Time) (subfolder, stem string, err error) {
	if strings.Contains(prefix, "%") {
		prefix = strings.NewReplacer(
			"%width%", strconv.Itoa(width), "%height%", strconv.Itoa(height), "%year%", strconv.Itoa(now.Year()),
			"%month%", now.Format("01"), "%day%", now.Format("02"), "%hour%", now.Format("15"),
			"%minute%", now.Format("04"), "%second%", now.Format("05")).Replace(prefix)
	}
	full := path.Clean("./" + prefix)
	if strings.HasPrefix(prefix, "/") || full == ".." || strings.HasPrefix(full, "../") || strings.ContainsAny(prefix, "\x00\\") {
		return "", "", fault.New(fault.Forbidden,
			"**** ERROR: Saving image outside the output folder is not allowed. The file name prefix %q leads out of it; use a plain name or a sub-folder", prefix)
	}
	dir, stem := path.Split(full) // Compat: an empty prefix makes the stem "."
	if dir = path.Clean(dir); dir == "." {
		dir = ""
	}
	return dir, stem, nil
}

// Save writes a file of the next free number after a stem, "stem_00001_.png", and returns its name in the subfolder.
// %batch_num% in the stem becomes batch. Two callers, in this process or another, never get one number. claim, if not nil,
// is told a ticket for Discard before the file gets its name; its error ends the saving.
func (s *Store) Save(k Kind, subfolder, stem, ext string, batch int, claim func(ticket string) error, fill func(io.Writer) error) (string, error) {
	if err := s.MkdirAll(k, subfolder); err != nil {
		return "", err
	}
	f := s.folders[k]
	tmp, placed, err := f.stage.write(fill)
	if err != nil {
		return "", wrap(err, "write a file %q to the %s folder", stem, k)
	}
	defer placed()
	defer f.root.Remove(tmp)
	saved, size := false, f.sizeOf(tmp)
	defer func() {
		if !saved {
			s.quota.give(size)
		}
	}()
	n, err := s.lastNumber(k, subfolder, stem)
	if err != nil {
		return "", err
	}
	if strings.Contains(stem, "%batch_num%") {
		n += batch // Compat: the numbers of a batch go on although each of its files has another stem
	}
	for {
		n++
		name := fmt.Sprintf("%s_%05d_%s", strings.ReplaceAll(stem, "%batch_num%", strconv.Itoa(batch)), n, ext)
		full := path.Join(subfolder, name)
		if claim != nil {
			if err := s.claim(k, tmp, full, claim); err != nil {
				return "", err
			}
		}
		err = f.root.Link(tmp, filepath.FromSlash(full))
		if errors.Is(err, fs.ErrExist) {
			continue // somebody was faster
		}
		if err != nil {
			return "", wrap(err, "write %q to the %s folder", name, k)
		}
		saved = true
		return name, syncDir(f.root, filepath.FromSlash(subfolder))
	}
}

// lastNumber is the highest number after a stem on disk.
func (s *Store) lastNumber(k Kind, subfolder, stem string) (int, error) {
	dir := path.Clean(subfolder)
	entries, err := fs.ReadDir(s.FS(k), dir)
	if err != nil {
		return 0, wrap(err, "list %q in the %s folder", dir, k)
	}
	n := 0
	for _, e := range entries {
		n = max(n, number(e.Name(), stem))
	}
	return n, nil
}

// number is the counter of a file "stem_00012_.png", 0 for any other name. Compat: the digits end at the next "_" or ".".
func number(name, stem string) int {
	rest, ok := strings.CutPrefix(name, stem+"_")
	if !ok {
		return 0
	}
	if i := strings.IndexAny(rest, "_."); i >= 0 {
		rest = rest[:i]
	}
	n, err := strconv.Atoi(rest)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
