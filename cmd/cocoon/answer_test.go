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
