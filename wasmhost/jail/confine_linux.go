package jail

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Confine gives up, for good, what is not in the box, and names what this system cannot take away.
func Confine(b Box) (missing []string) {
	cpu := uint64(unix.RLIM_INFINITY)
	if b.Seconds > 0 {
		cpu = uint64(b.Seconds)
	}
	for _, r := range []struct {
		what  int
		limit uint64
	}{
		{unix.RLIMIT_CPU, cpu}, {unix.RLIMIT_DATA, b.Memory}, {unix.RLIMIT_FSIZE, b.FileBytes}, {unix.RLIMIT_CORE, 0}, {unix.RLIMIT_NOFILE, b.Files},
	} {
		if err := unix.Setrlimit(r.what, &unix.Rlimit{Cur: r.limit, Max: r.limit}); err != nil {
			missing = append(missing, "rlimits")
			break
		}
	}
	if _, _, e := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0); e != 0 {
		return append(missing, "no_new_privs", "Landlock", "seccomp")
	}
	if !landlock(b.Dir) {
		missing = append(missing, "Landlock")
	}
	if !seccomp(b.Messages) {
		missing = append(missing, "seccomp")
	}
	return missing
}

// landlock leaves the staging folder as the only part of the file system that can be opened.
func landlock(stage string) bool {
	const all = 1<<13 - 1 // the accesses of the first version
	attr := unix.LandlockRulesetAttr{Handled_access_fs: all}
	fd, _, e := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), 8, 0)
	if e != 0 {
		return false
	}
	defer unix.Close(int(fd))
	dir, err := unix.Open(stage, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(dir)
	beneath := unix.LandlockPathBeneathAttr{Allowed_access: all, Parent_fd: int32(dir)}
	if _, _, e = syscall.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&beneath)), 0, 0, 0); e != 0 {
		return false
	}
	_, _, e = syscall.AllThreadsSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	return e == 0
}

// The values of seccomp and its filters.
const (
	setModeFilter = 1
	flagTSync     = 1
	retAllow      = 0x7fff0000
	retErrno      = 0x00050000
	loadWord      = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
	jumpEqual     = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
	jumpSet       = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
	giveBack      = unix.BPF_RET | unix.BPF_K
	offsetArch    = 4
	offsetArg0    = 16
)

var auditArch = map[string]uint32{"amd64": 0xc000003e, "arm64": 0xc00000b7}

// seccomp refuses, with EPERM, every system call that is not on the list; new processes too, while threads may start.
func seccomp(messages bool) bool {
	arch, ok := auditArch[runtime.GOARCH]
	if !ok {
		return false
	}
	allowed := calls()
	if messages {
		allowed = append(allowed, unix.SYS_SENDMSG, unix.SYS_RECVMSG, unix.SYS_GETSOCKOPT, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_SHUTDOWN)
	}
	f := []unix.SockFilter{
		{Code: loadWord, K: offsetArch}, {Code: jumpEqual, K: arch, Jt: 1}, {Code: giveBack, K: retErrno | uint32(unix.EPERM)},
		{Code: loadWord, K: 0},
		{Code: jumpEqual, K: unix.SYS_CLONE, Jf: 4}, // clone only with CLONE_THREAD
		{Code: loadWord, K: offsetArg0}, {Code: jumpSet, K: unix.CLONE_THREAD, Jt: 1},
		{Code: giveBack, K: retErrno | uint32(unix.EPERM)}, {Code: giveBack, K: retAllow},
		{Code: jumpEqual, K: unix.SYS_CLONE3, Jf: 1}, {Code: giveBack, K: retErrno | uint32(unix.ENOSYS)},
	}
	for _, c := range checkedCalls(uint32(os.Getpid())) {
		f = append(f, c.filter()...)
	}
	for i, n := range allowed {
		f = append(f, unix.SockFilter{Code: jumpEqual, K: n, Jt: uint8(len(allowed) - i)})
	}
	f = append(f, unix.SockFilter{Code: giveBack, K: retErrno | uint32(unix.EPERM)}, unix.SockFilter{Code: giveBack, K: retAllow})
	prog := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	_, _, e := syscall.Syscall(unix.SYS_SECCOMP, setModeFilter, flagTSync, uintptr(unsafe.Pointer(&prog)))
	return e == 0
}

// checked is a system call that is allowed with some values of an argument only: in its lower half, which is what the kernel looks at.
type checked struct {
	call uint32
	arg  uint32
	ok   []uint32
}

// checkedCalls are those with which a process could end another of the same user's, or take its memory and files away, where it has no
// namespace of its own: by a signal, by limits, or by a file that sends signals to whom it is told.
func checkedCalls(self uint32) []checked {
	return []checked{
		{unix.SYS_TGKILL, 0, []uint32{self}},
		{unix.SYS_PRLIMIT64, 0, []uint32{0}},
		{unix.SYS_FCNTL, 1, []uint32{unix.F_DUPFD, unix.F_DUPFD_CLOEXEC, unix.F_GETFD, unix.F_SETFD, unix.F_GETFL, unix.F_SETFL, unix.F_ADD_SEALS, unix.F_GET_SEALS}},
	}
}

// filter decides for the call, and falls through for others with their number still loaded.
func (c checked) filter() []unix.SockFilter {
	n := uint8(len(c.ok))
	f := []unix.SockFilter{{Code: jumpEqual, K: c.call, Jf: n + 3}, {Code: loadWord, K: offsetArg0 + 8*c.arg}}
	for i, v := range c.ok {
		f = append(f, unix.SockFilter{Code: jumpEqual, K: v, Jt: n - uint8(i)})
	}
	return append(f, unix.SockFilter{Code: giveBack, K: retErrno | uint32(unix.EPERM)}, unix.SockFilter{Code: giveBack, K: retAllow})
}

// calls are what a Go program needs that computes, reads its input and writes files.
func calls() []uint32 {
	return append([]uint32{
		unix.SYS_READ, unix.SYS_WRITE, unix.SYS_OPENAT, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_LSEEK, unix.SYS_PREAD64, unix.SYS_PWRITE64,
		unix.SYS_MMAP, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MADVISE, unix.SYS_BRK, unix.SYS_FUTEX, unix.SYS_SIGALTSTACK,
		unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
		unix.SYS_CLOCK_GETTIME, unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY,
		unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_EPOLL_CREATE1, unix.SYS_EPOLL_CTL, unix.SYS_EPOLL_PWAIT, unix.SYS_EVENTFD2,
		unix.SYS_MKDIRAT, unix.SYS_UNLINKAT, unix.SYS_FSYNC, unix.SYS_GETDENTS64, unix.SYS_GETRANDOM,
		unix.SYS_UNAME, unix.SYS_RESTART_SYSCALL, unix.SYS_RSEQ, unix.SYS_SET_ROBUST_LIST, unix.SYS_FCHMOD,
		unix.SYS_TIMER_CREATE, unix.SYS_TIMER_SETTIME, unix.SYS_TIMER_DELETE, unix.SYS_SETITIMER, unix.SYS_RENAMEAT2,
	}, archCalls()...)
}
