package pack

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// plainHost reports whether an address names its host and port in their usual form, the one that everybody reads alike: a name
// in ASCII (xn--… for others) or an IP address as it is written. Numbers that some systems take for an IP address, zones and dots
// at the end are not; nor are addresses of version 4 in the clothes of version 6.
func plainHost(u *url.URL) bool {
	host, port := u.Hostname(), u.Port()
	if n, err := strconv.ParseUint(port, 10, 16); strings.HasSuffix(u.Host, ":") || port != "" && (err != nil || n == 0 || strconv.FormatUint(n, 10) != port) {
		return false
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == "" && !a.Is4In6() && a.String() == strings.ToLower(host)
	}
	if len(host) > 253 || strings.HasPrefix(u.Host, "[") {
		return false
	}
	labels := strings.Split(host, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.HasPrefix(l, "-") || strings.HasSuffix(l, "-") || strings.ContainsFunc(l, func(c rune) bool {
			return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_')
		}) {
			return false
		}
	}
	return !number(labels[len(labels)-1])
}

// number reports whether a label is a decimal, octal or hexadecimal number: a name that ends in one is read as an IP address.
func number(label string) bool {
	rest, hex := strings.CutPrefix(strings.ToLower(label), "0x")
	return !strings.ContainsFunc(rest, func(c rune) bool { return !(c >= '0' && c <= '9' || hex && c >= 'a' && c <= 'f') })
}
