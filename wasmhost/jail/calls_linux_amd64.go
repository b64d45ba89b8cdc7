package jail

import "golang.org/x/sys/unix"

func archCalls() []uint32 {
	return []uint32{unix.SYS_NEWFSTATAT, unix.SYS_RENAMEAT, unix.SYS_ARCH_PRCTL}
}
