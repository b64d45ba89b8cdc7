package jail

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// Spawn starts what command makes, in namespaces of its own where the system allows it: users, network, processes, mounts and
// the rest. namespaces says whether it did. command is called for each try and may set SysProcAttr.
func Spawn(command func() *exec.Cmd) (cmd *exec.Cmd, namespaces bool, err error) {
	const all = unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWNS
	for _, flags := range []uintptr{all | unix.CLONE_NEWUSER, all, 0} { // as much as the system gives
		cmd = command()
		if cmd.SysProcAttr == nil {
			cmd.SysProcAttr = &syscall.SysProcAttr{}
		}
		cmd.SysProcAttr.Setpgid = true
		cmd.SysProcAttr.Cloneflags = flags
		if flags&unix.CLONE_NEWUSER != 0 {
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
		}
		if err = cmd.Start(); err == nil {
			return cmd, flags != 0, nil
		}
	}
	return nil, false, err
}
