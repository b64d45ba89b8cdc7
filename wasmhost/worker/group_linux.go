package worker

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// groups numbers the control groups of this process.
var groups atomic.Int64

// newGroup makes a control group (version 2) for one worker below the one of this process, with a bound on its memory and its
// processes. The path is "" where the system gives none.
func newGroup(memory int64) (path string, fd int) {
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", -1
	}
	name, ok := strings.CutPrefix(strings.TrimSpace(string(own)), "0::")
	if !ok || strings.Contains(name, "\n") {
		return "", -1
	}
	if memory == 0 {
		memory = 4 << 30
	}
	path = filepath.Join("/sys/fs/cgroup", name, fmt.Sprintf("cocoon-%d-%d", os.Getpid(), groups.Add(1)))
	if os.Mkdir(path, 0o755) != nil {
		return "", -1
	}
	for file, value := range map[string]string{"memory.max": strconv.FormatInt(memory, 10), "memory.swap.max": "0", "pids.max": "256"} {
		if err := os.WriteFile(filepath.Join(path, file), []byte(value), 0); err != nil && file != "memory.swap.max" {
			_ = os.Remove(path)
			return "", -1
		}
	}
	if fd, err = unix.Open(path, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
		_ = os.Remove(path)
		return "", -1
	}
	return path, fd
}

func dropGroup(path string) {
	if path != "" {
		_ = os.Remove(path)
	}
}
