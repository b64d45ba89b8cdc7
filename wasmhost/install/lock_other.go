//go:build !unix && !windows

package install

import "os"

// tryLock has no lock to take on this system: one process at a time must change the extensions.
func tryLock(*os.File) bool { return true }
