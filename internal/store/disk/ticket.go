package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// A ticket says which file a job was about to name: kind, name, and what the file is known by. Another file that got the
// name meanwhile is known by something else, and stays.
const ticketSep = "\x1f"

// claim tells fn the ticket of a staged file that is to get a name.
func (s *Store) claim(k Kind, staged, name string, fn func(string) error) error {
	info, err := s.folders[k].root.Stat(staged)
	if err != nil {
		return wrap(err, "look at %q in the %s folder", name, k)
	}
	return fn(strings.Join([]string{k, path.Join(s.prefix, name), identity(info)}, ticketSep))
}

func identity(info fs.FileInfo) string {
	return fmt.Sprintf("%d-%d-%d", info.ModTime().UnixNano(), info.Size(), inode(info))
}

// Discard deletes the file of a ticket, if it is there and still the same. Tickets come from Save.
func (s *Store) Discard(ticket string) error {
	part := strings.Split(ticket, ticketSep)
	if len(part) != 3 {
		return fault.New(fault.BadRequest, "%q is no ticket of a file", ticket)
	}
	f, err := s.at(part[0], part[1])
	if err != nil {
		return err
	}
	name := filepath.FromSlash(part[1])
	info, err := f.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrap(err, "look at %q in the %s folder", part[1], part[0])
	}
	if identity(info) != part[2] {
		return nil
	}
	return wrapIf(f.root.Remove(name), "delete %q in the %s folder", part[1], part[0])
}
