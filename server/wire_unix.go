//go:build unix

package server

import "syscall"

// writeNow writes what there is room for; 0 when there is none.
func writeNow(c syscall.RawConn, b []byte) (n int, err error) {
	failed := c.Write(func(fd uintptr) bool {
		n, err = syscall.Write(int(fd), b)
		return true // not to be called again when there is room
	})
	if failed != nil {
		return 0, failed
	}
	if err == syscall.EAGAIN || err == syscall.EINTR {
		return 0, nil
	}
	return max(n, 0), err
}
