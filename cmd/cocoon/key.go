package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/cocoonhq/cocoon/internal/keys"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

const keyUsage = `cocoon key makes and revokes the API keys of a server that is started with --auth. A tenant is whoever has keys of one name: its
files, jobs and extensions are its own.

  cocoon key new NAME                 makes a key for the tenant NAME, and shows it this once
  cocoon key new --role admin NAME    one that may also see /metrics and share extensions with all tenants
  cocoon key list                     lists the keys, without their secrets
  cocoon key revoke ID ...            makes keys worthless at once, also on a server that runs`

type keyFlags struct {
	options
	tenant, role, name string
	expires            time.Duration
}

// keyCommand is "cocoon key".
func keyCommand(ctx context.Context, args []string, std streams) error {
	var k keyFlags
	f := newFlags("key", keyUsage, std)
	k.add(f)
	f.StringVar(&k.tenant, "tenant", "", "the same as NAME: a `name` of lower-case letters, digits and dashes")
	f.StringVar(&k.role, "role", "user", "what it allows: `read`, user or admin")
	f.StringVar(&k.name, "name", "", "what it is for, in your `words`")
	f.DurationVar(&k.expires, "expires", 0, "`time` until it is worthless, such as 720h; 0 for never")
	plain, err := parse(f, args)
	if err != nil {
		return err
	}
	if err := k.check(); err != nil {
		return err
	}
	if len(plain) == 0 {
		f.Usage()
		return exitCode(2)
	}
	if err := ensureDir(k.user); err != nil {
		return err
	}
	s, err := keys.Open(ctx, filepath.Join(k.user, keysFile))
	if err != nil {
		return err
	}
	return errors.Join(k.do(ctx, s, plain, std.out), s.Close())
}

func (k *keyFlags) do(ctx context.Context, s *keys.Store, plain []string, w io.Writer) error {
	switch verb, ids := plain[0], plain[1:]; {
	case verb == "new" && len(ids) == 1 && k.tenant == "":
		k.tenant = ids[0]
		return k.make(ctx, s, w)
	case verb == "new" && len(ids) > 0:
		return fmt.Errorf("one tenant at a time: what about %q?", ids[len(ids)-1])
	case verb == "new":
		return k.make(ctx, s, w)
	case verb == "list" && len(ids) == 0:
		return listKeys(ctx, s, w)
	case verb == "revoke" && len(ids) == 0:
		return errors.New("which key? cocoon key revoke ID; cocoon key list shows the ids")
	case verb == "revoke":
		for _, id := range ids {
			if err := s.Revoke(ctx, id); err != nil {
				return err
			}
			fmt.Fprintf(w, "%s is revoked\n", id)
		}
		return nil
	}
	return fmt.Errorf("there is no key command %q; it is new, list or revoke", plain[0])
}

func (k *keyFlags) make(ctx context.Context, s *keys.Store, w io.Writer) error {
	if k.tenant == "" {
		return errors.New("whose key? cocoon key new NAME")
	}
	var expires time.Time
	if k.expires != 0 {
		expires = time.Now().Add(k.expires)
	}
	token, key, err := s.New(ctx, tenant.ID(k.tenant), tenant.Role(k.role), k.name, expires)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n\nThis key of %s (%s) is shown this once. Send it as Authorization: Bearer KEY or X-API-Key: KEY.\n"+
		"To make it worthless: cocoon key revoke %s\n", token, key.Tenant, key.Role, key.ID)
	return err
}

func listKeys(ctx context.Context, s *keys.Store, w io.Writer) error {
	all, err := s.List(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(w, "no keys; make one by: cocoon key new NAME")
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tTENANT\tROLE\tMADE\tSTATE\tNAME")
	for i := range all {
		k := &all[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%q\n", k.ID, k.Tenant, k.Role, k.Created.UTC().Format(time.DateOnly), keyState(k, time.Now()), k.Name)
	}
	return t.Flush()
}

func keyState(k *tenant.Key, now time.Time) string {
	switch {
	case !k.Revoked.IsZero():
		return "revoked " + k.Revoked.UTC().Format(time.DateOnly)
	case !k.Valid(now):
		return "expired"
	case !k.Expires.IsZero():
		return "until " + k.Expires.UTC().Format(time.DateOnly)
	}
	return "good"
}
