//go:build unix

package cpu_test

import (
	"syscall"
	"time"
)

// cpuTime is the processor time that this process has had, which other work on the machine hardly changes.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
