package pack

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/cocoonhq/cocoon/internal/fault"
)

const (
	maxAsks  = 256 // of one capability
	maxWords = 256 // bytes of one thing asked for
)

var secretForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,63}$`)

// kindForm is the form of a message's kind, which stands behind "ext.<id>.".
var kindForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// check looks whether what is asked for can be shown to people and granted one by one.
func (c *Capabilities) check() error {
	if err := c.checkHTTP(); err != nil {
		return err
	}
	for _, r := range c.Routes {
		if _, _, err := SplitRoute(r); err != nil {
			return err
		}
	}
	if err := c.WS.check(); err != nil {
		return err
	}
	if err := checkLegacy(c.Legacy); err != nil {
		return err
	}
	if err := checkBytes("route_bytes", c.RouteBytes); err != nil {
		return err
	}
	if c.KV != nil && (c.KV.Bytes < 0 || c.KV.Keys < 0) {
		return fault.New(fault.BadFile, "kv asks for less than nothing")
	}
	if c.Asset != nil {
		for _, dir := range c.Asset.Read {
			if !slices.Contains([]string{"input", "output", "temp", "chosen"}, dir) {
				return fault.New(fault.BadFile, "asset reads %.80q; it is input, output, temp or chosen", dir)
			}
		}
	}
	if !slices.Contains([]string{"", WebSandboxed, WebTrusted}, c.Web) {
		return fault.New(fault.BadFile, "web is %.80q; it is %s or %s", c.Web, WebSandboxed, WebTrusted)
	}
	for _, name := range c.Optional {
		if !slices.ContainsFunc(c.Asks(), func(a Ask) bool { return a.Capability == name }) {
			return fault.New(fault.BadFile, "the capability %.80q is optional, and not asked for", name)
		}
	}
	return c.checkLists()
}

func (c *Capabilities) checkHTTP() error {
	for _, r := range c.HTTP {
		if _, err := parseRule(r.Rule); err != nil {
			return err
		}
		if err := checkBytes("http", r.Bytes); err != nil {
			return err
		}
		for _, s := range r.Secrets {
			if !secretForm.MatchString(s) {
				return fault.New(fault.BadFile, "%.80q is no name of a secret: capital letters, digits and _", s)
			}
		}
	}
	return nil
}

func (c *Capabilities) checkLists() error {
	lists := map[string][]string{"routes": c.Routes, "legacy": c.Legacy, "ws": c.WS.Send, "ws receive": c.WS.Receive, "optional": c.Optional, "http": nil, "node": nil, "asset": nil}
	for _, r := range c.HTTP {
		lists["http"] = append(lists["http"], r.Rule)
	}
	if c.Node != nil {
		lists["node"] = c.Node.Classes
	}
	if c.Asset != nil {
		lists["asset"] = c.Asset.Read
	}
	for name, list := range lists {
		seen := map[string]bool{}
		for _, text := range list {
			switch {
			case text == "" || len(text) > maxWords || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }):
				return fault.New(fault.BadFile, "%s asks for %.80q, which is not 1 to %d bytes that can be seen", name, text, maxWords)
			case seen[text]:
				return fault.New(fault.BadFile, "%s asks for %.80q twice", name, text)
			}
			seen[text] = true
		}
		if len(list) > maxAsks {
			return fault.New(fault.TooLarge, "%s asks for %d things, more than %d", name, len(list), maxAsks)
		}
	}
	return nil
}
