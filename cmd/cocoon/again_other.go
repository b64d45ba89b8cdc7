//go:build !unix

package main

import (
	"errors"
	"net"
	"os"
)

// onReload does nothing: this system asks no process to start anew.
func onReload(chan<- os.Signal) (stop func()) { return func() {} }

// kept are no sockets.
type kept []*os.File

func keep([]net.Listener) (kept, error) {
	return nil, errors.New("sockets cannot be handed over here")
}

// Close does nothing.
func (kept) Close() error { return nil }

func (kept) again() error { return errors.New("a process cannot start anew here") }
