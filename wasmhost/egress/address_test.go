package egress

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"93.184.216.34": true, "1.1.1.1": true, "2606:2800:220:1::1": true, "::ffff:93.184.216.34": true, "2a00::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "100.64.0.1": false, "100.127.255.254": false, "127.0.0.1": false, "127.255.255.255": false,
		"169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "192.0.0.192": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.1.1": false,
		"198.18.0.1": false, "198.19.255.255": false, "198.51.100.1": false, "203.0.113.1": false, "224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false,
		"255.255.255.255": false, "100.100.100.200": false, "168.63.129.16": false,
		"::": false, "::1": false, "fe80::1": false, "febf::1": false, "fc00::1": false, "fd00:ec2::254": false, "fec0::1": false, "ff02::1": false, "ff0e::1": false,
		"::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::7f00:1": false, "::ffff:0:7f00:1": false, // mapped, compatible, translated
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b:1::7f00:1": false, "64:ff9b::5db8:d822": false, // NAT64
		"2002:7f00:1::": false, "2002:5db8:d822::1": false, "2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false, // 6to4, Teredo
		"2001:db8::1": false, "3fff::1": false, "100::1": false, "5f00::1": false, "4000::1": false,
		"fe80::1%eth0": false, "2606:2800:220:1::1%1": false, "64:ff9b::7f00:1%lo": false,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// TestOutside: this machine's own addresses are not outside, though they are public.
func TestOutside(t *testing.T) {
	prefix := func(s string) net.Addr {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		n.IP = ip
		return n
	}
	own := []net.Addr{prefix("127.0.0.1/8"), prefix("93.184.216.34/24"), prefix("2606:2800:220:1::1/64"), prefix("::1/128")}
	for address, want := range map[string]bool{
		"93.184.216.34": false, "::ffff:93.184.216.34": false, "2606:2800:220:1::1": false, "93.184.216.35": true, "2606:2800:220:1::2": true, "127.0.0.1": false, "10.0.0.1": false,
	} {
		if got := outside(netip.MustParseAddr(address), own); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if Outside(netip.MustParseAddr("127.0.0.1")) || !Outside(netip.MustParseAddr("1.1.1.1")) {
		t.Error("what is outside of this machine")
	}
	if outside(netip.MustParseAddr("1.1.1.1"), []net.Addr{&net.UnixAddr{Name: "no address"}}) {
		t.Error("with an address that cannot be read everything may be its own")
	}
}

// names answers each question for an address of version 4 with the next of its addresses.
type names struct {
	mu   sync.Mutex
	next []string
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		go n.serve(there)
		return here, nil
	}}
}

// serve speaks DNS as over TCP, until the resolver hangs up.
func (n *names) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	for {
		var size [2]byte
		if _, err := io.ReadFull(c, size[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		end := 12
		for q[end] != 0 {
			end += int(q[end]) + 1
		}
		kind := binary.BigEndian.Uint16(q[end+1:])
		a := append([]byte{q[0], q[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, q[12:end+5]...)
		if n.mu.Lock(); kind == 1 && len(n.next) > 0 {
			ip := netip.MustParseAddr(n.next[0]).As4()
			n.next = n.next[1:]
			a[7] = 1
			a = append(append(a, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), ip[:]...)
		}
		n.mu.Unlock()
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(a))), a...)); err != nil {
			return
		}
	}
}

// counting is a server on this machine that counts its requests.
func counting(t *testing.T) (port string, asked func() int) {
	var mu sync.Mutex
	n := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		n++
		mu.Unlock()
		w.Header().Set("Connection", "close")
	}))
	t.Cleanup(s.Close)
	return s.URL[strings.LastIndex(s.URL, ":"):], func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func get(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		return err
	}
	res, err := c.Do(r)
	if err == nil {
		err = res.Body.Close()
	}
	return err
}

// TestRebinding: what counts is the address that is dialed, each time, whatever a name led to before.
func TestRebinding(t *testing.T) {
	port, asked := counting(t)
	n := &names{next: []string{"127.0.0.1", "10.0.0.1", "127.0.0.1"}}
	c := newHTTP(netip.Addr.IsLoopback, n.resolver())
	for i, want := range []bool{true, false, true} {
		err := get(t, c, "http://rebind.example"+port)
		if (err == nil) != want || err != nil && !errors.Is(err, fault.Forbidden) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if asked() != 2 {
		t.Errorf("%d requests came", asked())
	}
}

// TestNothingInside: no name and no spelling leads to this machine.
func TestNothingInside(t *testing.T) {
	port, asked := counting(t)
	t.Setenv("HTTP_PROXY", "http://127.0.0.1"+port)
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1"+port)
	t.Setenv("ALL_PROXY", "http://127.0.0.1"+port)
	n := &names{}
	c := newHTTP(Public, n.resolver())
	for _, host := range []string{
		"127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0", "127.0.0.1.", "localhost", "localhost.", "LOCALHOST",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]",
		"１２７.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "ⓛocalhost", "inside.example", "proxied.example",
	} {
		n.mu.Lock()
		n.next = []string{"127.0.0.1"} // to whatever is asked
		n.mu.Unlock()
		if err := get(t, c, "http://"+host+port); err == nil {
			t.Errorf("%s answers", host)
		}
	}
	if asked() != 0 {
		t.Errorf("%d requests came", asked())
	}
}

// FuzzPublic: no address that stands for one of version 4 inside is public.
func FuzzPublic(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, []byte{0x20, 0x02})
	f.Add([]byte{10, 0, 0, 1}, []byte{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, inner, prefix []byte) {
		v4, ok := netip.AddrFromSlice(inner)
		if !ok || !v4.Is4() || Public(v4) {
			return
		}
		a := v4.As4()
		for _, six := range [][16]byte{
			{10: 0xff, 11: 0xff, 12: a[0], 13: a[1], 14: a[2], 15: a[3]},
			{12: a[0], 13: a[1], 14: a[2], 15: a[3]},
			{8: 0xff, 9: 0xff, 12: a[0], 13: a[1], 14: a[2], 15: a[3]},
			{1: 0x64, 2: 0xff, 3: 0x9b, 12: a[0], 13: a[1], 14: a[2], 15: a[3]},
			{0: 0x20, 1: 0x02, 2: a[0], 3: a[1], 4: a[2], 5: a[3]},
		} {
			if x := netip.AddrFrom16(six); Public(x) {
				t.Errorf("%s is public, and %s is not", x, v4)
			}
		}
		if x, ok := netip.AddrFromSlice(append(prefix[:min(len(prefix), 16)], make([]byte, max(0, 16-len(prefix)))...)); ok && x.Is6() && !x.Is4In6() && Public(x) && x.As16()[0]>>5 != 1 {
			t.Errorf("%s is public", x)
		}
	})
}
