package kv

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var plenty = Quota{Bytes: 1 << 20, Keys: 10_000}

// each runs a test against the store in memory and on disk, in a folder whose name an address would take apart.
func each(t *testing.T, test func(t *testing.T, s *Store, c *clock)) {
	for name, dir := range map[string]string{"memory": "", "disk": filepath.Join(t.TempDir(), "a b?c#d%41")} {
		t.Run(name, func(t *testing.T) {
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			c := &clock{time.UnixMilli(1_700_000_000_000)}
			s.now = c.now
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, s, c)
			counted(t, s)
		})
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got is a value as text, or the error's code.
func got(s *Store, at Space, key string) string {
	v, err := s.Get(context.Background(), at, key)
	if err != nil {
		return "!" + string(fault.CodeOf(err))
	}
	return string(v)
}

func list(t *testing.T, s *Store, at Space, prefix string) []string {
	t.Helper()
	keys, err := s.List(t.Context(), at, prefix)
	ok(t, err)
	return keys
}

// TestSpaces: what one tenant, extension or scope keeps no other one sees, lists, swaps or deletes.
func TestSpaces(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		ctx := t.Context()
		spaces := []Space{{"", "x", ""}, {"a", "x", ""}, {"b", "x", ""}, {"a", "y", ""}, {"a", "x", Prompt("p")}, {"a", "x", Prompt("q")}, {"a", "x", "prompt"}}
		for i, at := range spaces {
			ok(t, s.Put(ctx, at, plenty, "k", fmt.Append(nil, i), 0))
		}
		for i, at := range spaces {
			if g := got(s, at, "k"); g != fmt.Sprint(i) {
				t.Errorf("%v: %q", at, g)
			}
		}
		ok(t, s.Delete(ctx, spaces[1], "k"))
		ok(t, s.Delete(ctx, spaces[1], "k"))
		for i, at := range spaces {
			want := []string{"k"}
			if i == 1 {
				want = []string{}
			}
			if d := cmp.Diff(want, list(t, s, at, "")); d != "" {
				t.Errorf("%v: %s", at, d)
			}
		}
	})
}

// TestTime: what is over is not read, listed, compared with or counted, from the very millisecond on.
func TestTime(t *testing.T) {
	each(t, func(t *testing.T, s *Store, c *clock) {
		ctx, at := t.Context(), Space{Tenant: "a", Extension: "x"}
		one := Quota{Bytes: 100, Keys: 1}
		ok(t, s.Put(ctx, at, one, "k", []byte("v"), time.Second))
		c.at = c.at.Add(time.Second - time.Millisecond)
		if g := got(s, at, "k"); g != "v" {
			t.Errorf("before its end: %q", g)
		}
		if err := s.Put(ctx, at, one, "other", nil, 0); !errors.Is(err, fault.DiskFull) {
			t.Errorf("a second key: %v", err)
		}
		c.at = c.at.Add(time.Millisecond)
		if g := got(s, at, "k"); g != "!not_found" {
			t.Errorf("at its end: %q", g)
		}
		if keys := list(t, s, at, ""); len(keys) != 0 {
			t.Errorf("listed: %q", keys)
		}
		if err := s.Swap(ctx, at, one, "k", []byte("v"), []byte("w")); !errors.Is(err, fault.Conflict) {
			t.Errorf("swapped what is over: %v", err)
		}
		ok(t, s.Put(ctx, at, one, "other", nil, 0)) // the room is free again
		ok(t, s.Delete(ctx, at, "other"))
		ok(t, s.Swap(ctx, at, one, "k", nil, []byte("w")))
		c.at = c.at.Add(100 * 365 * 24 * time.Hour)
		if g := got(s, at, "k"); g != "w" {
			t.Errorf("a swapped value has no end: %q", g)
		}
		ok(t, s.Put(ctx, at, one, "k", []byte("z"), 1<<62)) // as long as can be
		if g := got(s, at, "k"); g != "z" {
			t.Errorf("a long time to live: %q", g)
		}
	})
}

func TestSwap(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		ctx, at := t.Context(), Space{Tenant: "a", Extension: "x"}
		for i, x := range []struct {
			old, value string
			code       fault.Code
			left       string
		}{
			{"v", "1", fault.Conflict, "!not_found"},
			{"", "1", "", "1"},
			{"", "2", fault.Conflict, "1"},
			{"1", "", "", ""},
			{"", "3", "", "3"}, // an empty value is as an absent one
			{"3\x00", "4", fault.Conflict, "3"},
			{"3", strings.Repeat("x", 50), fault.DiskFull, "3"},
		} {
			err := s.Swap(ctx, at, Quota{Bytes: 20, Keys: 1}, "k", []byte(x.old), []byte(x.value))
			if err == nil && x.code != "" || err != nil && fault.CodeOf(err) != x.code {
				t.Errorf("%d: %v", i, err)
			}
			if g := got(s, at, "k"); g != x.left {
				t.Errorf("%d: %q is left", i, g)
			}
		}
	})
}

// TestQuota: all scopes count together, in bytes, and a value that is replaced does not count.
func TestQuota(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		ctx, at, run := t.Context(), Space{Tenant: "a", Extension: "x"}, Space{"a", "x", Prompt("p")}
		q := Quota{Bytes: 10, Keys: 2}
		for i, x := range []struct {
			at         Space
			key, value string
			fits       bool
		}{
			{at, "k", "123456789", true},
			{at, "k", "1234567890", false},
			{at, "k", "987654321", true},
			{run, "k", "", false},
			{at, "k", "1", true},
			{run, "ü", "123456", true},
			{run, "ü", "1234567", false},
			{run, "\x00é", "12345", false}, // a third key
			{at, "q", "", false},
			{Space{"b", "x", ""}, "k", "123456789", true},
			{Space{"a", "y", ""}, "k", "123456789", true},
		} {
			if err := s.Put(ctx, x.at, q, x.key, []byte(x.value), 0); (err == nil) != x.fits || err != nil && !errors.Is(err, fault.DiskFull) {
				t.Errorf("%d: %v", i, err)
			}
		}
		ok(t, s.Delete(ctx, run, "ü"))
		ok(t, s.Put(ctx, run, q, "\x00234567", []byte("9"), 0))
		if err := s.Put(ctx, at, q, "k", []byte("12"), 0); !errors.Is(err, fault.DiskFull) {
			t.Errorf("a key with a zero counts up to it only: %v", err)
		}
		if err := s.Put(ctx, Space{"c", "x", ""}, Quota{}, "k", nil, 0); !errors.Is(err, fault.DiskFull) {
			t.Errorf("no quota: %v", err)
		}
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		ctx, at := t.Context(), Space{Tenant: "a", Extension: "x"}
		for _, k := range []string{"b", "a%", "a_", "aa", "a", "A", "a\x00b", "é", "\xf4\x8f\xbf\xbf", "_"} {
			ok(t, s.Put(ctx, at, plenty, k, nil, 0))
		}
		for prefix, want := range map[string][]string{
			"":                 {"A", "_", "a", "a\x00b", "a%", "a_", "aa", "b", "é", "\xf4\x8f\xbf\xbf"},
			"a":                {"a", "a\x00b", "a%", "a_", "aa"},
			"a\x00":            {"a\x00b"},
			"a%":               {"a%"},
			"_":                {"_"},
			"\xf4\x8f\xbf\xbf": {"\xf4\x8f\xbf\xbf"},
			"z":                {},
		} {
			if d := cmp.Diff(want, list(t, s, at, prefix)); d != "" {
				t.Errorf("%q: %s", prefix, d)
			}
		}
		many := Space{Tenant: "a", Extension: "many"}
		_, err := s.db.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n LIMIT ?)
			INSERT INTO kv SELECT 'a', 'many', '', printf('%05d', i), '', 0 FROM n`, ListMost+5)
		ok(t, err)
		if keys := list(t, s, many, "0"); len(keys) != ListMost || keys[ListMost-1] != "00999" {
			t.Errorf("%d keys", len(keys))
		}
	})
}

// TestErase: an extension's data goes with all its scopes, and nobody else's does.
func TestErase(t *testing.T) {
	for _, x := range []struct {
		name   string
		tenant tenant.ID
		keep   []tenant.ID
		left   []string
	}{
		{"one tenant's", "a", nil, []string{"/x/", "/y/", "a/y/", "b/x/", "c/x/"}},
		{"shared", "", nil, []string{"/y/", "a/y/"}},
		{"shared, but others have their own", "", []tenant.ID{"b", "c"}, []string{"/y/", "a/y/", "b/x/", "c/x/"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			each(t, func(t *testing.T, s *Store, _ *clock) {
				all := []Space{{"", "x", ""}, {"", "y", ""}, {"a", "x", ""}, {"a", "x", Prompt("p")}, {"a", "y", ""}, {"b", "x", ""}, {"c", "x", ""}}
				for _, at := range all {
					ok(t, s.Put(t.Context(), at, plenty, "k", nil, 0))
				}
				ok(t, s.Erase(t.Context(), x.tenant, "x", x.keep))
				var left []string
				for _, at := range all {
					if len(list(t, s, at, "")) > 0 {
						left = append(left, string(at.Tenant)+"/"+at.Extension+"/"+at.Scope)
					}
				}
				slices.Sort(left)
				if d := cmp.Diff(x.left, left); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestDropScope: a prompt's values go when it ends, those of all extensions, and no other tenant's.
func TestDropScope(t *testing.T) {
	each(t, func(t *testing.T, s *Store, _ *clock) {
		p := Prompt("p")
		gone := []Space{{"a", "x", p}, {"a", "y", p}}
		stay := []Space{{"b", "x", p}, {"a", "x", Prompt("q")}, {"a", "x", ""}}
		for _, at := range slices.Concat(gone, stay) {
			ok(t, s.Put(t.Context(), at, plenty, "k", nil, 0))
		}
		ok(t, s.DropScope(t.Context(), "a", p))
		for _, at := range gone {
			if g := got(s, at, "k"); g != "!not_found" {
				t.Errorf("%v: %q", at, g)
			}
		}
		for _, at := range stay {
			if g := got(s, at, "k"); g != "" {
				t.Errorf("%v: %q", at, g)
			}
		}
	})
}

// TestStays: what is on disk is there when the store opens again, for two at once, and Erase reaches it from outside.
func TestStays(t *testing.T) {
	dir, at := t.TempDir(), Space{Tenant: "a", Extension: "x"}
	open := func() *Store {
		s, err := Open(dir)
		ok(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	one := open()
	ok(t, one.Put(t.Context(), at, plenty, "k", []byte("v"), 0))
	two := open()
	if g := got(two, at, "k"); g != "v" {
		t.Errorf("%q", g)
	}
	ok(t, Erase(t.Context(), dir, "a", "x", nil))
	if g := got(one, at, "k"); g != "!not_found" {
		t.Errorf("%q", g)
	}
}

// TestFormerStore: a store that did not count is counted when it opens, and what is counted is what is there.
func TestFormerStore(t *testing.T) {
	dir, at := t.TempDir(), Space{Tenant: "a", Extension: "x"}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "kv.sqlite"))
	ok(t, err)
	_, err = db.Exec(`CREATE TABLE kv (tenant TEXT NOT NULL, extension TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL,
		value BLOB NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (tenant, extension, scope, key)) WITHOUT ROWID;
		INSERT INTO kv VALUES ('a', 'x', '', 'k', x'010203', 0), ('a', 'x', 'prompt:p', 'é', x'01', 0), ('b', 'x', '', 'k', x'', 0)`)
	ok(t, err)
	ok(t, db.Close())
	for range 2 {
		s, err := Open(dir)
		ok(t, err)
		if err := s.Put(t.Context(), at, Quota{Bytes: 7, Keys: 3}, "l", nil, 0); !errors.Is(err, fault.DiskFull) {
			t.Errorf("bytes: %v", err)
		}
		if err := s.Put(t.Context(), at, Quota{Bytes: 8, Keys: 2}, "l", nil, 0); !errors.Is(err, fault.DiskFull) {
			t.Errorf("keys: %v", err)
		}
		ok(t, s.Put(t.Context(), at, Quota{Bytes: 8, Keys: 3}, "l", nil, 0))
		ok(t, s.Delete(t.Context(), at, "l"))
		counted(t, s)
		ok(t, s.Close())
	}
}

// counted checks that what is counted is what is there.
func counted(t *testing.T, s *Store) {
	t.Helper()
	const there = `SELECT tenant, extension, count(*), sum(length(CAST(key AS BLOB))+length(value)) FROM kv GROUP BY tenant, extension`
	var wrong int
	ok(t, s.db.QueryRow(`SELECT count(*) FROM (SELECT * FROM (`+there+` EXCEPT SELECT * FROM used) UNION ALL SELECT * FROM (SELECT * FROM used EXCEPT `+there+`))`).Scan(&wrong))
	if wrong != 0 {
		t.Errorf("%d counts are wrong", wrong)
	}
}
