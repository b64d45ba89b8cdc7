package egress

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

// global is where addresses of the public internet of version 6 are.
var global = netip.MustParsePrefix("2000::/3")

// reserved are addresses that look public and are not, or that lead to others: tunnels to addresses of version 4, and a cloud's
// own service at 168.63.129.16.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("168.63.129.16/32"),
	netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("3fff::/20"),
}

// Public reports whether an address is one of the public internet, to which extensions' requests may go. One with a zone is not.
func Public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.Is6() && !global.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Outside is Public for addresses that are none of this machine's: from here they lead past whatever stands before it.
func Outside(a netip.Addr) bool {
	own, err := net.InterfaceAddrs()
	return err == nil && outside(a, own)
}

func outside(a netip.Addr, own []net.Addr) bool {
	a = a.Unmap()
	return Public(a) && !slices.ContainsFunc(own, func(x net.Addr) bool {
		p, err := netip.ParsePrefix(x.String())
		return err != nil || p.Addr().Unmap() == a
	})
}

// NewHTTP is a client that looks at the address it is about to dial, after names were resolved, so that no name can lead
// inside. It follows no redirects, knows no proxy and keeps no cookies. Calls are what is bounded, not connections to a host:
// tenants would take them from each other.
func NewHTTP(vetted func(netip.Addr) bool) *http.Client { return newHTTP(vetted, nil) }

func newHTTP(vetted func(netip.Addr) bool, names *net.Resolver) *http.Client {
	d := &net.Dialer{Timeout: 10 * time.Second, Resolver: names, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !vetted(a.Addr()) {
			return fault.New(fault.Forbidden, "%s is no public address", address)
		}
		return nil
	}}
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DialContext: d.DialContext, TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: maxTime,
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConns: 64, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
	}
}
