//go:build unix

package disk

import (
	"os"
	"syscall"
)

// lockAlone reports whether no other process holds f, and takes it.
func lockAlone(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}

// lockShared holds f together with others.
func lockShared(f *os.File) { _ = syscall.Flock(int(f.Fd()), syscall.LOCK_SH) }
