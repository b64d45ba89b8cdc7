package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Clients that send their headers for ever, or without end, are let go.
func TestHeadersAreBounded(t *testing.T) {
	srv := newHTTP(http.NotFoundHandler())
	if srv.ReadHeaderTimeout <= 0 || srv.ReadHeaderTimeout > 30*time.Second || srv.IdleTimeout <= 0 {
		t.Errorf("headers may take %v, idle connections stay %v", srv.ReadHeaderTimeout, srv.IdleTimeout)
	}
	srv.ReadHeaderTimeout = 50 * time.Millisecond // as long as a test has
	live := httptest.NewUnstartedServer(nil)
	live.Config = srv
	live.Start()
	defer live.Close()
	dial := func(text string) (string, error) {
		c, err := net.Dial("tcp", live.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprint(c, text) // the server may have gone before the end
		return bufio.NewReader(c).ReadString('\n')
	}
	if line, err := dial("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "); err == nil && !strings.Contains(line, " 408 ") {
		t.Errorf("half a header: %q", line)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Error("half a header keeps its connection")
	}
	if line, err := dial("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 128<<10) + "\r\n\r\n"); err == nil && !strings.Contains(line, " 431 ") {
		t.Errorf("headers without end: %q", line)
	}
}

// A request that goes on for ever is told to end when the server does, so that nothing that it uses goes under it.
func TestRequestsAreToldToEnd(t *testing.T) {
	begun, ended := make(chan struct{}), make(chan struct{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := front{flags: &serveFlags{dontPrintHost: true}, listeners: []net.Listener{l}, http: newHTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}))}
	failed, err := f.start(t.Context(), streams{})
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if res, err := http.Get("http://" + l.Addr().String()); err == nil {
			res.Body.Close()
		}
	}()
	<-begun
	if err := f.finish(time.Millisecond, 20*time.Second); err != nil {
		t.Error(err)
	}
	<-ended
	<-answered
	if err := <-failed; err != http.ErrServerClosed {
		t.Error(err)
	}
}
