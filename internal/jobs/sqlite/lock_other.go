//go:build !unix

package sqlite

import (
	"os"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// lockFile opens the lock file. Systems without locks of this kind refuse to delete a file that is open.
func lockFile(path string) (*os.File, error) {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fault.Wrap(err, fault.Conflict, "the job store is in use by another process")
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the job store cannot be opened: make its folder writable")
	}
	return f, nil
}
