//go:build unix

package disk

import (
	"io/fs"
	"syscall"
)

// inode is the number by which the system knows a file.
func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint64(st.Ino)
	}
	return 0
}
