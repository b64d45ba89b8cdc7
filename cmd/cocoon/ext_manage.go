package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/cocoonhq/cocoon/wasmhost/install"
)

// extList is "cocoon ext list".
func extList(ctx context.Context, args []string, std streams) error {
	var p extPlace
	f := newFlags("ext list", `cocoon ext list lists what is installed, what of it waits for consent, and what must not run.

  cocoon ext list
  cocoon ext list --json`, std)
	p.add(f)
	asJSON := f.Bool("json", false, "print everything there is to know, as JSON")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) > 0 {
		f.Usage()
		return exitCode(2)
	}
	return p.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		all := m.List(p.tenant())
		if *asJSON {
			e := json.NewEncoder(std.out)
			e.SetIndent("", "  ")
			return e.Encode(all)
		}
		return printInstalled(std.out, all, m.Revocations())
	})
}

func printInstalled(w io.Writer, all []install.Status, revoked map[string]string) error {
	if len(all) == 0 {
		fmt.Fprintln(w, "no extensions; to install one: cocoon ext install FILE.cocoon")
	} else {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "ID\tVERSION\tSTATE\tPUBLISHER\tMAY")
		for _, s := range all {
			state := string(s.State)
			switch {
			case s.Dev:
				state = "in development"
			case s.Pending != nil && s.State != install.Waiting:
				state += "; " + s.Pending.Version + " waits for consent (cocoon ext grant " + s.ID + ")"
			}
			publisher := s.Publisher
			if publisher == "" {
				publisher = "unsigned"
			}
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", s.ID, s.Version, state, publisher, orNothing(granted(s.Asks)))
		}
		if err := t.Flush(); err != nil {
			return err
		}
		for _, s := range all {
			if s.State == install.Failed || s.State == install.Revoked {
				fmt.Fprintf(w, "%s %s does not run: %s\n", s.ID, s.Version, s.Reason)
			}
		}
	}
	for _, what := range slices.Sorted(maps.Keys(revoked)) {
		fmt.Fprintf(w, "barred: %s %s\n", what, revoked[what])
	}
	return nil
}

// granted names the capabilities of which something is granted.
func granted(asks []install.Ask) []string {
	var out []string
	for _, a := range asks {
		if a.Granted && !slices.Contains(out, a.Capability) {
			out = append(out, a.Capability)
		}
	}
	return out
}

// extGrant is "cocoon ext grant".
func extGrant(ctx context.Context, args []string, std streams) error {
	var p extPlace
	f := newFlags("ext grant", `cocoon ext grant shows what an extension asks for and what it was granted, or grants more of it. An update that waits for consent is
taken on with it.

  cocoon ext grant acme.lens
  cocoon ext grant acme.lens kv "http:GET https://api.acme.dev/v1/*"
  cocoon ext grant acme.lens --all`, std)
	p.add(f)
	everything := f.Bool("all", false, "all that it asks for")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) == 0 {
		f.Usage()
		return exitCode(2)
	}
	id, more := plain[0], plain[1:]
	return p.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		s, err := m.Get(p.tenant(), id)
		if err != nil {
			return err
		}
		asks := asksNow(s)
		if len(more) == 0 && !*everything {
			showGrants(std.out, s)
			return nil
		}
		keys, err := pick(asks, more, *everything)
		if err != nil {
			return err
		}
		for _, a := range asks {
			if a.Granted {
				keys = append(keys, a.Key)
			}
		}
		return setGrant(ctx, m, &p, id, keys, std.out)
	})
}

// asksNow are the asks of the version that waits for consent, else of the one that is installed.
func asksNow(s install.Status) []install.Ask {
	if s.Pending != nil {
		return s.Pending.Asks
	}
	return s.Asks
}

func showGrants(w io.Writer, s install.Status) {
	if s.Pending != nil {
		fmt.Fprintf(w, "%s %s waits for your consent.\n", s.ID, s.Pending.Version)
	} else {
		fmt.Fprintf(w, "%s %s\n", s.ID, s.Version)
	}
	printAsks(w, asksNow(s), true)
	fmt.Fprintf(w, "\nTo grant: cocoon ext grant %s --all, or what of it. To take back: cocoon ext revoke %s WHAT\n", s.ID, s.ID)
}

// pick finds what somebody named: asks by their key, or all of a capability.
func pick(asks []install.Ask, names []string, everything bool) ([]string, error) {
	var keys []string
	for _, a := range asks {
		if everything || slices.Contains(names, a.Key) || slices.Contains(names, a.Capability) {
			keys = append(keys, a.Key)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(asks, func(a install.Ask) bool { return a.Key == n || a.Capability == n }) {
			var all []string
			for _, a := range asks {
				all = append(all, a.Key)
			}
			return nil, fmt.Errorf("it does not ask for %q; it asks for %s", n, strings.Join(all, ", "))
		}
	}
	return keys, nil
}

func setGrant(ctx context.Context, m *install.Manager, p *extPlace, id string, keys []string, w io.Writer) error {
	s, err := m.GrantKeys(ctx, p.tenant(), id, keys)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s %s\n", s.ID, s.Version)
	printAsks(w, s.Asks, true)
	return nil
}

// extRevoke is "cocoon ext revoke".
func extRevoke(ctx context.Context, args []string, std streams) error {
	var p extPlace
	f := newFlags("ext revoke", `cocoon ext revoke takes back what an extension may do. Or it bars a publisher's key, a package by its sum, or a version: what is barred
stops at once, and is not installed again.

  cocoon ext revoke acme.lens kv
  cocoon ext revoke ed25519:… --reason "the key was stolen"
  cocoon ext revoke acme.lens@1.4.1 --reason "leaks notes"     acme.lens@* bars all versions
  cocoon ext revoke sha256-…
  cocoon ext revoke acme.lens@1.4.1 --undo`, std)
	p.add(f)
	reason := f.String("reason", "", "`words` for who asks why it does not run")
	undo := f.Bool("undo", false, "bar it no longer")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if len(plain) == 0 {
		f.Usage()
		return exitCode(2)
	}
	return p.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		what := plain[0]
		if install.CheckRevocation(what) == nil {
			if len(plain) > 1 {
				return fmt.Errorf("what about %q? bar one thing at a time", plain[1])
			}
			return setBarred(ctx, m, what, *reason, *undo, std.out)
		}
		return takeBack(ctx, m, &p, what, plain[1:], std.out)
	})
}

// takeBack withdraws what an extension was granted.
func takeBack(ctx context.Context, m *install.Manager, p *extPlace, id string, names []string, w io.Writer) error {
	s, err := m.Get(p.tenant(), id)
	if err != nil {
		return errors.Join(err, install.CheckRevocation(id))
	}
	if len(names) == 0 {
		showGrants(w, s)
		return nil
	}
	gone, err := pick(s.Asks, names, false)
	if err != nil {
		return err
	}
	var keys []string
	for _, a := range s.Asks {
		if a.Granted && !slices.Contains(gone, a.Key) {
			keys = append(keys, a.Key)
		}
	}
	return setGrant(ctx, m, p, id, keys, w)
}

func setBarred(ctx context.Context, m *install.Manager, what, reason string, undo bool, w io.Writer) error {
	if undo {
		if err := m.Unrevoke(ctx, what); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s is not barred any more\n", what)
		return nil
	}
	if err := m.Revoke(ctx, what, reason); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s is barred. To undo it: cocoon ext revoke %s --undo\n", what, what)
	return nil
}

// extRemove is "cocoon ext remove".
func extRemove(ctx context.Context, args []string, std streams) error {
	var p extPlace
	f := newFlags("ext remove", `cocoon ext remove takes an extension away. Calls of it that run go on to their end; what a prompt
would call behind them fails. What it kept stays, for when it is installed again by the same publisher, unless you say otherwise.

  cocoon ext remove acme.lens
  cocoon ext remove acme.lens --data`, std)
	p.add(f)
	data := f.Bool("data", false, "delete what it kept too, for everybody")
	id, err := oneArgument(f, args, "")
	if err != nil {
		return err
	}
	return p.withManager(ctx, install.Config{}, func(m *install.Manager) error {
		if err := m.Remove(ctx, p.tenant(), id, *data); err != nil {
			return err
		}
		fmt.Fprintf(std.out, "%s is removed", id)
		if !*data {
			fmt.Fprint(std.out, "; what it kept is still there")
		}
		fmt.Fprintln(std.out)
		return nil
	})
}
