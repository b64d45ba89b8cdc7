package tenant

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cocoonhq/cocoon/internal/fault"
)

func mint(b byte) (string, Key) {
	var random [MintSize]byte
	for i := range random {
		random[i] = b + byte(i)
	}
	token, id, hash := Mint(random)
	return token, Key{ID: id, Tenant: "alice", Role: User, Hash: hash}
}

func TestAdmit(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	token, key := mint(1)
	other, _ := mint(2)
	id, secret, ok := Split(token)
	if !ok || id != key.ID {
		t.Fatalf("Split(%q) = %q, %v", token, id, ok)
	}
	_, otherSecret, _ := Split(other)
	with := func(change func(*Key)) Key {
		k := key
		change(&k)
		return k
	}
	for _, row := range []struct {
		name   string
		key    Key
		secret string
		want   bool
	}{
		{"right", key, secret, true},
		{"another's secret", key, otherSecret, false},
		{"no secret", key, "", false},
		{"half of it", key, secret[:20], false},
		{"with more behind", key, secret + "A", false},
		{"expires later", with(func(k *Key) { k.Expires = now.Add(time.Second) }), secret, true},
		{"expires now", with(func(k *Key) { k.Expires = now }), secret, false},
		{"revoked", with(func(k *Key) { k.Revoked = now.Add(-time.Second) }), secret, false},
		{"revoked in the future's clock", with(func(k *Key) { k.Revoked = now.Add(time.Hour) }), secret, false},
	} {
		who, err := row.key.Admit(row.secret, now)
		if (err == nil) != row.want || row.want && who != (Identity{"alice", User, key.ID}) {
			t.Errorf("%s: %v, %v, want admitted %v", row.name, who, err, row.want)
		}
		if err != nil && !errors.Is(err, fault.Forbidden) {
			t.Errorf("%s: %v, want forbidden", row.name, err)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	token, _ := mint(1)
	for _, bad := range []string{"", "cocoon_", token[:len(token)-1], token + "A", strings.Replace(token, "cocoon", "Cocoon", 1),
		strings.ToUpper(token), "cocoon_" + strings.Repeat("g", 16) + token[23:], strings.Repeat("a", 1<<16)} {
		if _, _, ok := Split(bad); ok {
			t.Errorf("Split(%.40q) takes it for a token", bad)
		}
	}
}

func TestCheckID(t *testing.T) {
	for id, want := range map[ID]bool{
		"a": true, "acme-2": true, "0": true, ID(strings.Repeat("a", 64)): true,
		"": false, "A": false, "a b": false, "..": false, "a/b": false, "-a": false, "con": false, "a.": false, "ä": false,
		ID(strings.Repeat("a", 65)): false,
	} {
		if err := CheckID(id); (err == nil) != want {
			t.Errorf("CheckID(%q) = %v, want fine %v", id, err, want)
		}
	}
}

func TestRoles(t *testing.T) {
	for _, row := range []struct {
		role Role
		want string // of reading, writing, operating
	}{{Read, "true false false"}, {User, "true true false"}, {Admin, "true true true"}, {"", "false false false"}, {"root", "false false false"}} {
		if got := fmt.Sprint(row.role.May(ToRead), row.role.May(ToWrite), row.role.May(ToOperate)); got != row.want {
			t.Errorf("%q may %s, want %s", row.role, got, row.want)
		}
	}
	if _, err := ParseRole("root"); !errors.Is(err, fault.BadRequest) {
		t.Errorf("ParseRole(root): %v", err)
	}
}

func TestRoom(t *testing.T) {
	for _, row := range []struct {
		used, more, limit int64
		want              bool
	}{{0, 1, 0, true}, {9, 1, 10, true}, {10, 0, 10, true}, {10, 1, 10, false}, {11, 0, 10, false}, {1, 1 << 62, 1 << 61, false}} {
		if got := Room(row.used, row.more, row.limit); got != row.want {
			t.Errorf("Room(%d, %d, %d) = %v, want %v", row.used, row.more, row.limit, got, row.want)
		}
	}
}

func TestFailures(t *testing.T) {
	var f Failures
	now := time.Unix(1000, 0)
	for i := range maxFailures {
		if w := f.Wait("a", now); w != 0 {
			t.Fatalf("has to wait %v after %d", w, i)
		}
		f.Add("a", now)
	}
	if w := f.Wait("a", now.Add(time.Second)); w != failWindow-time.Second {
		t.Errorf("has to wait %v, want the rest of the window", w)
	}
	if w := f.Wait("b", now); w != 0 {
		t.Errorf("another has to wait %v", w)
	}
	if w := f.Wait("a", now.Add(failWindow)); w != 0 {
		t.Errorf("has to wait %v after the window", w)
	}
	for i := range 2 * maxAskers {
		f.Add(fmt.Sprint(i), now)
	}
	if len(f.seen) > maxAskers {
		t.Errorf("%d askers are remembered, want at most %d", len(f.seen), maxAskers)
	}
}

func FuzzSplit(f *testing.F) {
	token, _ := mint(1)
	f.Add(token)
	f.Add("cocoon_")
	f.Fuzz(func(t *testing.T, s string) {
		if id, secret, ok := Split(s); ok && tokenPrefix+id+"_"+secret != s {
			t.Errorf("Split(%q) = %q, %q", s, id, secret)
		}
	})
}
