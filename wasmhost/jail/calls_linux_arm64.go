package jail

import "golang.org/x/sys/unix"

func archCalls() []uint32 { return []uint32{unix.SYS_FSTATAT, unix.SYS_RENAMEAT} }
