//go:build unix

package install

import (
	"os"
	"syscall"
)

// tryLock takes the lock of a file if nobody has it. The system gives it back when the file is closed or the process dies.
func tryLock(f *os.File) bool {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
