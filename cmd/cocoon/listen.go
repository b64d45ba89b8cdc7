package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// inheritedVar names the sockets, as numbers with commas between, that a server which starts anew is given.
const inheritedVar = "COCOON_LISTENERS"

// open listens on every address, or takes the sockets that are handed to this process: by itself before it started anew, or by
// systemd.
func (s *serveFlags) open() ([]net.Listener, error) {
	if all, err := inherited(); err != nil || len(all) > 0 {
		return all, err
	}
	var all []net.Listener
	for addr := range strings.SplitSeq(s.listen, ",") {
		l, err := net.Listen("tcp", net.JoinHostPort(strings.TrimSpace(addr), strconv.Itoa(s.port)))
		if err != nil {
			for _, l := range all {
				l.Close()
			}
			return nil, fmt.Errorf("cannot listen on port %d; is another server running? Choose another by --port: %w", s.port, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// inherited takes the sockets that this process was given, and hides them from processes that it starts.
func inherited() ([]net.Listener, error) {
	numbers := handedOver()
	for _, name := range []string{inheritedVar, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	var all []net.Listener
	for _, n := range numbers {
		f := os.NewFile(uintptr(n), "socket")
		if f == nil {
			return nil, fmt.Errorf("%d is no socket", n)
		}
		l, err := net.FileListener(f)
		if err := errors.Join(err, f.Close()); err != nil { // the listener has a copy
			return nil, fmt.Errorf("the socket %d that was handed over cannot be used: %w", n, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// handedOver are the numbers of sockets that the environment names. Source: sd_listen_fds(3) for the systemd's.
func handedOver() (numbers []int) {
	for n := range strings.SplitSeq(os.Getenv(inheritedVar), ",") {
		if fd, err := strconv.Atoi(n); err == nil && fd > 2 {
			numbers = append(numbers, fd)
		}
	}
	const first, most = 3, 64
	if n, err := strconv.Atoi(os.Getenv("LISTEN_FDS")); err == nil && os.Getenv("LISTEN_PID") == strconv.Itoa(os.Getpid()) {
		for i := range min(max(n, 0), most) {
			numbers = append(numbers, first+i)
		}
	}
	return numbers
}
