//go:build unix

package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// onReload has a channel told when this process is asked to start anew. stop ends that.
func onReload(c chan<- os.Signal) (stop func()) {
	signal.Notify(c, syscall.SIGHUP)
	return func() { signal.Stop(c) }
}

// kept are copies of listening sockets: while they are open, clients that connect wait instead of being refused.
type kept []*os.File

func keep(all []net.Listener) (k kept, err error) {
	for _, l := range all {
		c, ok := l.(interface{ File() (*os.File, error) })
		if !ok {
			return k, errors.Join(fmt.Errorf("the socket %v cannot be handed over", l.Addr()), k.Close())
		}
		f, err := c.File()
		if err != nil {
			return nil, errors.Join(err, k.Close())
		}
		k = append(k, f)
	}
	return k, nil
}

// Close gives the copies back.
func (k kept) Close() error {
	var errs []error
	for _, f := range k {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// again puts the program of the same name in the place of this process, with the same arguments and sockets. It returns only
// when that fails.
func (k kept) again() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	var numbers []string
	for _, f := range k {
		fd := f.Fd()
		if _, _, errno := syscall.Syscall(syscall.SYS_FCNTL, fd, syscall.F_SETFD, 0); errno != 0 {
			return errno
		}
		numbers = append(numbers, strconv.Itoa(int(fd)))
	}
	env := append(os.Environ(), inheritedVar+"="+strings.Join(numbers, ","))
	return fmt.Errorf("start anew: %w", syscall.Exec(exe, os.Args, env))
}
