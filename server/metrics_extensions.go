package server

import (
	"fmt"
	"strings"
)

// ExtensionUse is what an extension has used since it was loaded. Tenant is "" for one that all share.
type ExtensionUse struct {
	Tenant, ID                       string
	Calls, Failures, Fuel, HostBytes int64
}

// extensionUser is an ExtensionShelf that can tell what the extensions of all tenants use.
type extensionUser interface{ ExtensionUse() []ExtensionUse }

// writeExtensions writes the metrics of extensions, if there are any.
func (s *Server) writeExtensions(b *strings.Builder, head func(name, kind, help string)) {
	shelf, ok := s.c.Shelf.(extensionUser)
	if !ok {
		return
	}
	all := shelf.ExtensionUse()
	if len(all) == 0 {
		return
	}
	for _, m := range []struct {
		name, help string
		of         func(u *ExtensionUse) int64
	}{
		{"cocoon_extension_calls_total", "Calls of an extension since it was loaded.", func(u *ExtensionUse) int64 { return u.Calls }},
		{"cocoon_extension_failures_total", "Calls of an extension that failed.", func(u *ExtensionUse) int64 { return u.Failures }},
		{"cocoon_extension_instructions_total", "Instructions that an extension executed.", func(u *ExtensionUse) int64 { return u.Fuel }},
		{"cocoon_extension_host_bytes_total", "Bytes that the server moved or computed for an extension.", func(u *ExtensionUse) int64 { return u.HostBytes }},
	} {
		head(m.name, "counter", m.help)
		for i := range all {
			fmt.Fprintf(b, "%s{extension=%q,tenant=%q} %d\n", m.name, all[i].ID, all[i].Tenant, m.of(&all[i]))
		}
	}
}
