package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/wasmhost/install"
	"github.com/cocoonhq/cocoon/wasmhost/install/trial"
	"github.com/cocoonhq/cocoon/wasmhost/pack"
)

type installFlags struct {
	extPlace
	yes, force, untested bool
	without              []string
}

// extInstall is "cocoon ext install".
func extInstall(ctx context.Context, args []string, std streams) error {
	var i installFlags
	f := newFlags("ext install", `cocoon ext install installs a package, or updates it. It says who signed it and what it asks for, and asks for your consent; an update
that asks for no more than before needs none, and one that asks for more waits where nobody can be asked. A server that runs on the same folder takes it on at once.

  cocoon ext install acme.lens-1.4.2.cocoon
  cocoon ext install --yes --without ws --without "http:GET https://api.acme.dev/v1/*" acme.lens-1.4.2.cocoon
  cocoon ext install --allow-unsigned my-own-0.1.0.cocoon`, std)
	i.add(f)
	f.StringVar(&i.keys, "extension-keys", "", "`file` of the keys whose extensions may be installed (default: any, if you consent)")
	f.BoolVar(&i.allowUnsigned, "allow-unsigned", false, "also take a package that nobody signed")
	f.BoolVar(&i.yes, "yes", false, "consent to what it asks for and to its publisher's key, without being asked")
	f.BoolVar(&i.force, "force", false, "also an older version than is installed, or other contents under the same version")
	f.BoolVar(&i.untested, "skip-tests", false, "do not run the package's own tests first")
	f.Func("without", "grant all but this `thing`, as cocoon ext inspect names it; may be given several times", func(s string) error {
		i.without = append(i.without, s)
		return nil
	})
	name, err := oneArgument(f, args, "")
	if err != nil {
		return err
	}
	b, err := readPackage(name)
	if err != nil {
		return err
	}
	c := install.Config{SelfTest: func(ctx context.Context, p *pack.Package) error {
		module, err := p.Module()
		if err == nil {
			err = checkModule(p.Manifest, module)
		}
		if err != nil || i.untested {
			return err
		}
		return withSelftest(i.code(), func(c trial.Config) error { return trial.Check(ctx, c, p) })
	}}
	return i.withManager(ctx, c, func(m *install.Manager) error {
		err := i.install(ctx, m, b, std)
		if errors.Is(err, fault.BadFile) {
			err = fmt.Errorf("%s: %w. If it was downloaded, fetch it once more", name, err)
		}
		return err
	})
}

func (i *installFlags) install(ctx context.Context, m *install.Manager, b []byte, std streams) error {
	o, err := m.Inspect(ctx, i.tenant(), b)
	if err != nil {
		return err
	}
	printOffer(std.out, o)
	if o.Verdict == install.Refuse {
		return fmt.Errorf("not installed: %s", o.Reason)
	}
	if slices.Contains(o.Consent, "force") && !i.force {
		return fmt.Errorf("not installed: %s. --force installs it all the same", o.Reason)
	}
	c := install.Consent{AcceptKey: o.Publisher, Unsigned: i.allowUnsigned, Force: i.force}
	if len(o.Consent) > 0 || len(i.without) > 0 {
		grant, err := i.grant(o)
		if err != nil {
			return err
		}
		c.Grant = &grant
		if !i.yes {
			err := agreed(std)
			if waits := o.Verdict == install.Update && slices.Equal(o.Consent, []string{"grant"}); waits && errors.Is(err, errNobody) {
				c.Grant, err = nil, nil // it waits for somebody
			}
			if err != nil {
				return err
			}
		}
	}
	s, err := m.Install(ctx, i.tenant(), b, c)
	if err != nil {
		return err
	}
	tellInstalled(std.out, &s)
	return nil
}

// tellInstalled says what came of an installation.
func tellInstalled(w io.Writer, s *install.Status) {
	if s.Pending != nil {
		fmt.Fprintf(w, "\n%s %s waits for consent to what it asks for; %s goes on. To consent: the client, under Extensions, or cocoon ext grant %s --all\n", s.ID, s.Pending.Version, s.Version, s.ID)
		return
	}
	fmt.Fprintf(w, "\n%s %s is installed. A server that runs takes it on now.\n", s.ID, s.Version)
	for _, a := range s.Asks {
		if !a.Granted {
			fmt.Fprintf(w, "Not granted: %s. To grant it: cocoon ext grant %s %q\n", a.Key, s.ID, a.Key)
		}
	}
	fmt.Fprintf(w, "To see whether it runs: cocoon ext list. To take back what it may do: cocoon ext revoke %s WHAT\n", s.ID)
}

// grant is everything that a package asks for but what is to be withheld.
func (i *installFlags) grant(o *install.Offer) (pack.Grant, error) {
	var keys []string
	for _, a := range o.Asks {
		if !slices.Contains(i.without, a.Key) && !slices.Contains(i.without, a.Capability) {
			keys = append(keys, a.Key)
		}
	}
	for _, w := range i.without {
		if !slices.ContainsFunc(o.Asks, func(a install.Ask) bool { return a.Key == w || a.Capability == w }) {
			return pack.Grant{}, fmt.Errorf("--without %q: it does not ask for that", w)
		}
	}
	return o.Manifest.Capabilities.Select(keys), nil
}

// errNobody is that consent is needed where nobody can be asked.
var errNobody = errors.New("not installed: it needs your consent, and there is nobody to ask; --yes gives it")

// agreed asks whoever sits at the terminal.
func agreed(std streams) error {
	if info, err := os.Stdin.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return errNobody
	}
	fmt.Fprint(std.out, "\nInstall it, and let it do this? [y/N] ")
	line, err := bufio.NewReader(io.LimitReader(os.Stdin, 100)).ReadString('\n')
	switch answer := strings.ToLower(strings.TrimSpace(line)); {
	case err != nil:
		fmt.Fprintln(std.out)
		return errNobody
	case answer == "y" || answer == "yes":
		return nil
	}
	return errors.New("not installed")
}

// printOffer says what a package is and what installing it would do.
func printOffer(w io.Writer, o *install.Offer) {
	fmt.Fprintf(w, "%s (%s) %s, %s", o.Name, o.ID, o.Version, sizeOf(int(o.Bytes)))
	if o.Author != "" {
		fmt.Fprintf(w, ", by %s", o.Author)
	}
	if o.License != "" {
		fmt.Fprintf(w, ", %s", o.License)
	}
	fmt.Fprintln(w)
	if o.Description != "" {
		fmt.Fprintln(w, o.Description)
	}
	switch o.Verdict {
	case install.Update, install.Downgrade, install.Rewrite:
		fmt.Fprintf(w, "It replaces version %s.\n", o.Installed)
	case install.Reinstall:
		fmt.Fprintln(w, "This very package is installed.")
	}
	fmt.Fprintln(w, standing(o))
	fmt.Fprintln(w)
	printAsks(w, o.Asks, false)
}

func standing(o *install.Offer) string {
	switch o.Standing {
	case install.Pinned:
		return "Signed by " + o.Publisher + ", who published the version before."
	case install.Listed:
		return "Signed by " + o.Publisher + ", who is on the list of trusted keys."
	case install.PassedOn:
		return "Signed by " + o.Publisher + ", a new key that the key before vouches for."
	case install.Unsigned:
		return "Nobody signed it: whoever gave it to you may have changed it."
	case install.New:
		return "Signed by " + o.Publisher + ", who is new here. Compare this key with what the author tells, or its fingerprint, " + fingerprint(o.Publisher) + "."
	}
	if o.Installed != "" && o.Publisher != "" {
		return "Signed by " + o.Publisher + ", who is not who published the version before."
	}
	return "Its publisher is not trusted here: " + whom(o.Publisher)
}

func whom(key string) string {
	if key == "" {
		return "nobody signed it"
	}
	return key
}
