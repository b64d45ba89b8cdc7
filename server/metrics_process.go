package server

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// writeProcess writes what Prometheus's own clients tell of a process, under their names. What the system does not tell is left out.
func writeProcess(b *strings.Builder, head func(name, kind, help string)) {
	one := func(name, help string, v any) {
		head(name, "gauge", help)
		fmt.Fprintf(b, "%s %v\n", name, v)
	}
	one("process_start_time_seconds", "When the process began, in seconds since 1970.", began.Unix())
	one("go_goroutines", "Goroutines that there are.", runtime.NumGoroutine())
	if n, ok := resident(); ok {
		one("process_resident_memory_bytes", "Memory that the process holds.", n)
	}
	if entries, err := os.ReadDir("/proc/self/fd"); err == nil {
		one("process_open_fds", "Files and connections that are open.", len(entries)-1) // without that of the folder itself
	}
}

// resident is the memory in bytes that the process holds; ok is false where the system does not say.
func resident() (n uint64, ok bool) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}
