// Package sysmem tells how much memory the machine, or the container, has free.
package sysmem

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Read gives the bytes that are available without swapping and the bytes there are, of the machine or of the
// container's control group where that is less. total is 0 where the system does not say.
func Read() (free, total int64) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return math.MaxInt64, 0
	}
	free, total = meminfo(string(text), "MemAvailable:"), meminfo(string(text), "MemTotal:")
	for _, dir := range groupDirs() {
		if f, t, ok := groupMemory(dir); ok {
			free, total = min(free, f), min(total, t)
		}
	}
	return free, total
}

// meminfo reads a field of /proc/meminfo, which is in KiB.
func meminfo(text, field string) int64 {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				return n << 10
			}
		}
	}
	return math.MaxInt64
}

// groupDirs are the folders of this process's control groups, innermost first.
func groupDirs() []string {
	const root = "/sys/fs/cgroup"
	dirs := []string{root, root + "/memory"}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return dirs
	}
	for line := range strings.Lines(string(text)) {
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 || (parts[1] != "" && parts[1] != "memory") {
			continue
		}
		for at := filepath.Clean(parts[2]); at != "/" && at != "."; at = filepath.Dir(at) {
			dirs = append(dirs, filepath.Join(root, parts[1], at))
		}
	}
	return dirs
}

// groupMemory reads the limit of a control group, version 2 or 1. Page cache counts as free: the kernel gives it up first.
func groupMemory(dir string) (free, total int64, ok bool) {
	for _, names := range [][2]string{{"memory.max", "memory.current"}, {"memory.limit_in_bytes", "memory.usage_in_bytes"}} {
		limit, err := readInt(filepath.Join(dir, names[0]))
		if err != nil {
			continue
		}
		used, err := readInt(filepath.Join(dir, names[1]))
		if err != nil {
			continue
		}
		return limit - max(used-groupCache(dir), 0), limit, true
	}
	return 0, 0, false
}

func groupCache(dir string) int64 {
	text, err := os.ReadFile(filepath.Join(dir, "memory.stat"))
	if err != nil {
		return 0
	}
	var n int64
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "inactive_file" || name == "active_file" {
			v, _ := strconv.ParseInt(value, 10, 64) // a line that is no number counts nothing
			n += v
		}
	}
	return n
}

func readInt(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" is no number: no limit
}

// Spell writes a number of bytes for people: "9.4 GB", "68 MB".
func Spell(n int64) string {
	gb := float64(n) / 1e9
	if gb < 0.95 {
		return fmt.Sprintf("%d MB", int64(math.Ceil(gb*1000)))
	}
	return fmt.Sprintf("%.1f GB", gb)
}
