package install

import (
	"os"

	"golang.org/x/sys/windows"
)

// tryLock takes the lock of a file if nobody has it. The system gives it back when the file is closed or the process dies.
func tryLock(f *os.File) bool {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	return windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped)) == nil
}
