//go:build !unix

package cpu_test

import "time"

var begun = time.Now()

// cpuTime is the time that has passed, where the system's clock of processor time is not asked.
func cpuTime() time.Duration { return time.Since(begun) }
