//go:build unix

package sqlite

import (
	"os"
	"syscall"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// lockFile takes the lock that one process at a time may have. The system gives it back when the process dies.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.Wrap(err, fault.ReadOnly, "the job store cannot be opened: make its folder writable")
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fault.Wrap(err, fault.Conflict, "the job store is in use by another process")
	}
	return f, nil
}
