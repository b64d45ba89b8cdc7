package assets

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cocoonhq/cocoon/internal/fault"
	"github.com/cocoonhq/cocoon/internal/tenant"
)

func open(t testing.TB) *Catalogue {
	t.Helper()
	c, err := Open(t.Context(), filepath.Join(t.TempDir(), "assets.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func hashOf(s string) string {
	h := NewHasher()
	_, _ = h.Write([]byte(s))
	return h.Hash()
}

// register takes a file into the catalogue whose content is its name.
func register(t testing.TB, c *Catalogue, owner tenant.ID, kind, name string, tags ...string) Ref {
	t.Helper()
	f := File{Kind: kind, Path: name, Loader: name, Shown: name, Tags: []string{kind}, Size: int64(len(name))}
	r, _, err := c.Register(t.Context(), owner, f, hashOf(name), Label{Name: name, Tags: tags}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHash(t *testing.T) {
	// The empty input's digest, as the algorithm's authors publish it.
	const empty = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
	if got := hashOf(""); got != empty {
		t.Errorf("hash of nothing = %s, want %s", got, empty)
	}
	got, err := HashOf(t.Context(), strings.NewReader(strings.Repeat("x", 3<<20)))
	if err != nil || got != hashOf(strings.Repeat("x", 3<<20)) {
		t.Errorf("HashOf = %s, %v", got, err)
	}
	for in, want := range map[string]bool{empty: true, " " + strings.ToUpper(empty): true, "": false, "blake3:": false, empty[:70]: false,
		empty + "0": false, "sha256:" + empty[7:]: false, "blake3:" + strings.Repeat("g", 64): false} {
		if got, err := ParseHash(in); (err == nil) != want || want && got != empty {
			t.Errorf("ParseHash(%q) = %q, %v, want fine %v", in, got, err, want)
		}
	}
}

func TestOwnersAreApart(t *testing.T) {
	c := open(t)
	a := register(t, c, "alice", "input", "a.png", "red")
	shared := register(t, c, "", Models, "m.safetensors")
	old := register(t, c, "", "input", "of-the-single-user.png")
	ctx := t.Context()
	forbidden := func(err error) bool { return errors.Is(err, fault.NotFound) || errors.Is(err, fault.Forbidden) }
	name := "mine"
	for what, err := range map[string]error{
		"Get":               second(c.Get(ctx, "bob", a.ID)),
		"Get old":           second(c.Get(ctx, "bob", old.ID)),
		"Update":            second(c.Update(ctx, "bob", a.ID, Change{Name: &name})),
		"Delete":            c.Delete(ctx, "bob", a.ID),
		"AddTags":           second(c.AddTags(ctx, "bob", a.ID, []string{"x"})),
		"RemoveTags":        second(c.RemoveTags(ctx, "bob", a.ID, []string{"red"})),
		"Link":              second(c.Link(ctx, "bob", a.Hash, Label{Name: "x"})),
		"Update model file": second(c.Update(ctx, "bob", shared.ID, Change{Name: &name})),
		"Delete model file": c.Delete(ctx, "bob", shared.ID),
	} {
		if !forbidden(err) {
			t.Errorf("%s: %v, want refused", what, err)
		}
	}
	if ok, _ := c.Holds(ctx, "bob", a.Hash); ok {
		t.Error("Holds tells bob what alice has")
	}
	if got, _ := c.Places(ctx, "bob", a.Hash); len(got) > 0 {
		t.Error("Places tells bob where alice's file is")
	}
	if got, _ := c.Previews(ctx, "bob", []string{a.ID}); len(got) > 0 {
		t.Error("Previews tells bob where alice's file is")
	}
	if tags, _, _ := c.Tags(ctx, "bob", TagQuery{Limit: 100, Zero: true}); !slices.Equal(tagNames(tags), []string{"models", "uploaded"}) {
		t.Errorf("Tags tells bob of %v", tags)
	}
	page, err := c.List(ctx, "bob", Query{Sort: "name", Limit: 100})
	if err != nil || len(page.Refs) != 1 || page.Total != 1 || page.Refs[0].ID != shared.ID {
		t.Errorf("List gives bob %v, %v, want the model file", page, err)
	}
	mine, isNew, err := c.Register(ctx, "bob", File{Kind: "input", Path: "b.png"}, a.Hash, Label{Name: "b"}, nil)
	if err != nil || !isNew || mine.File.Kind != "input" {
		t.Errorf("the same bytes from bob: %+v, new %v, %v, want a file of his own", mine, isNew, err)
	}
	bobs, err := c.Update(ctx, "bob", mine.ID, Change{PreviewID: &a.ID})
	if !errors.Is(err, fault.NotFound) {
		t.Errorf("alice's asset as bob's preview: %v, %v, want not found", bobs.PreviewID, err)
	}
	if got, err := c.Get(ctx, "alice", a.ID); err != nil || got.Name != "a.png" {
		t.Errorf("alice's asset is now %v, %v", got, err)
	}
}

func second[T any](_ T, err error) error { return err }

func tagNames(tags []TagCount) (names []string) {
	for _, t := range tags {
		names = append(names, t.Name)
	}
	slices.Sort(names)
	return names
}

func TestListFilters(t *testing.T) {
	c := open(t)
	register(t, c, "", "input", "Red Cat.png", "red", "cat")
	register(t, c, "", "output", "red_dog.png", "red", "dog")
	register(t, c, "", "input", "blue%dog.png", "blue", "dog")
	for _, row := range []struct {
		name string
		q    Query
		want string
	}{
		{"all", Query{}, "Red Cat.png blue%dog.png red_dog.png"},
		{"each tag", Query{All: []string{"red", "input"}}, "Red Cat.png"},
		{"one of the tags", Query{Any: []string{"cat", "blue"}}, "Red Cat.png blue%dog.png"},
		{"no tag", Query{None: []string{"cat", "blue"}}, "red_dog.png"},
		{"all three", Query{All: []string{"dog"}, Any: []string{"red", "blue"}, None: []string{"output"}}, "blue%dog.png"},
		{"name in any case", Query{NameContains: "RED"}, "Red Cat.png red_dog.png"},
		{"a wildcard is a letter", Query{NameContains: "d_"}, "red_dog.png"},
		{"another wildcard too", Query{NameContains: "%"}, "blue%dog.png"},
		{"hash", Query{Hash: hashOf("red_dog.png")}, "red_dog.png"},
		{"tags have a case", Query{All: []string{"Red"}}, ""},
	} {
		row.q.Sort, row.q.Ascending, row.q.Limit = "name", true, 10
		page, err := c.List(t.Context(), "", row.q)
		var names []string
		for _, r := range page.Refs {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, " "); err != nil || got != row.want || page.Total != len(names) {
			t.Errorf("%s: %q of %d, %v, want %q", row.name, got, page.Total, err, row.want)
		}
	}
	got, err := c.Refine(t.Context(), "", Query{All: []string{"dog"}, Limit: 3})
	if want := []TagCount{{"dog", 2}, {"uploaded", 2}, {"blue", 1}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("Refine = %v, %v, want %v", got, err, want)
	}
}

func TestCursors(t *testing.T) {
	c := open(t)
	tick := time.UnixMicro(1_800_000_000_000_000)
	c.now = func() time.Time { return tick }
	var all []string
	for i := range 25 {
		if i%3 == 0 { // some share a time
			tick = tick.Add(time.Microsecond)
		}
		all = append(all, register(t, c, "", "input", fmt.Sprintf("%02d%s", i, strings.Repeat("x", i%4))).ID)
	}
	for _, sort := range []string{"created_at", "updated_at", "name", "size"} {
		for _, up := range []bool{true, false} {
			var got []string
			q := Query{Sort: sort, Ascending: up, Limit: 4}
			for {
				p, err := c.List(t.Context(), "", q)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range p.Refs {
					got = append(got, r.ID)
				}
				if q.After = p.Next; q.After == "" {
					break
				}
			}
			slices.Sort(got)
			if want := slices.Sorted(slices.Values(all)); !slices.Equal(got, want) {
				t.Errorf("%s, ascending %v: %d references, want each of %d once", sort, up, len(got), len(want))
			}
		}
	}
	p, _ := c.List(t.Context(), "", Query{Sort: "name", Limit: 1})
	for name, q := range map[string]Query{
		"another order":    {Sort: "name", Ascending: true, After: p.Next},
		"another column":   {Sort: "size", After: p.Next},
		"no cursors there": {Sort: "last_access_time", After: p.Next},
		"no base64":        {Sort: "name", After: "%"},
		"no JSON":          {Sort: "name", After: "AAAA"},
		"too long":         {Sort: "name", After: strings.Repeat("A", 9000)},
		"no number":        {Sort: "size", After: cursor{"size", "x", "a", "desc"}.String()},
		"no id":            {Sort: "name", After: cursor{"name", "x", "", "desc"}.String()},
	} {
		q.Limit = 1
		if _, err := c.List(t.Context(), "", q); !errors.Is(err, fault.BadRequest) {
			t.Errorf("%s: %v, want bad_request", name, err)
		}
	}
}

func TestTags(t *testing.T) {
	c := open(t)
	r := register(t, c, "", "input", "a.png", "old")
	added, err := c.AddTags(t.Context(), "", r.ID, []string{"new", "old", "new"})
	want := Tagging{Done: []string{"new"}, Before: []string{"old"}, Protected: []string{}, Total: []string{"input", "new", "old", "uploaded"}}
	if d := cmp.Diff(want, added); err != nil || d != "" {
		t.Errorf("AddTags (-want +got): %s %v", d, err)
	}
	removed, err := c.RemoveTags(t.Context(), "", r.ID, []string{"old", "input", "none"})
	want = Tagging{Done: []string{"old"}, Before: []string{"none"}, Protected: []string{"input"}, Total: []string{"input", "new", "uploaded"}}
	if d := cmp.Diff(want, removed); err != nil || d != "" {
		t.Errorf("RemoveTags (-want +got): %s %v", d, err)
	}
	list, total, err := c.Tags(t.Context(), "", TagQuery{Limit: 2, Zero: true})
	if err != nil || total != 4 || len(list) != 2 || list[0].Count != 1 {
		t.Errorf("Tags = %v of %d, %v", list, total, err)
	}
	if list, _, _ := c.Tags(t.Context(), "", TagQuery{Limit: 10, Prefix: "o", Zero: true, ByName: true}); !slices.Equal(list, []TagCount{{"old", 0}}) {
		t.Errorf("Tags with a prefix = %v", list)
	}
	for name, tags := range map[string][]string{"too long": {strings.Repeat("x", MaxTag+1)}, "empty": {""}, "no text": {"\xff"}} {
		if _, err := c.AddTags(t.Context(), "", r.ID, tags); !errors.Is(err, fault.BadRequest) {
			t.Errorf("%s: %v, want bad_request", name, err)
		}
	}
}

func TestRegisterKnownBytes(t *testing.T) {
	c := open(t)
	file := func(i int) File { return File{Kind: "input", Path: fmt.Sprint(i), Tags: []string{"input"}, Size: 3} }
	var wg sync.WaitGroup
	news := make([]bool, 8)
	for i := range news {
		wg.Go(func() {
			var err error
			if _, news[i], err = c.Register(t.Context(), "", file(i), hashOf("abc"), Label{Name: fmt.Sprint(i)}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, b := range news {
		if b {
			n++
		}
	}
	places, err := c.Places(t.Context(), "", hashOf("abc"))
	if n != 1 || len(places) != 1 || err != nil {
		t.Errorf("%d of %d uploads of the same bytes are new, in %d places, %v; want one", n, len(news), len(places), err)
	}
	if err := c.setMissing(t.Context(), "", []string{places[0].ID}, true); err != nil {
		t.Fatal(err)
	}
	r, isNew, err := c.Register(t.Context(), "", file(9), hashOf("abc"), Label{Name: "again"}, nil)
	if err != nil || isNew || r.File.Path != "9" {
		t.Errorf("bytes whose file is gone: %+v, new %v, %v; want a place again", r.File, isNew, err)
	}
}

func TestDelete(t *testing.T) {
	c := open(t)
	r := register(t, c, "", "input", "a.png")
	link, err := c.Link(t.Context(), "", r.Hash, Label{Name: "link", User: json.RawMessage(`{"a":1}`)})
	if err != nil || link.File.Kind != "" || string(link.User) != `{"a":1}` {
		t.Fatalf("Link = %+v, %v", link, err)
	}
	for _, id := range []string{r.ID, link.ID} {
		if err := c.Delete(t.Context(), "", id); err != nil {
			t.Error(err)
		}
		if err := c.Delete(t.Context(), "", id); !errors.Is(err, fault.NotFound) {
			t.Errorf("second Delete: %v, want not found", err)
		}
	}
	if ok, _ := c.Holds(t.Context(), "", r.Hash); !ok {
		t.Error("the content is gone with its reference; the file is still there")
	}
}

func TestParseTags(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{`a, b,,a`, "a|b"}, {`["x, y", 1]`, "x, y|1"}, {`[broken`, "[broken"}, {` `, ""}, {`["a"`, `["a"`},
	} {
		if got := strings.Join(ParseTags([]string{row.in}), "|"); got != row.want {
			t.Errorf("ParseTags(%q) = %q, want %q", row.in, got, row.want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(cursor{"name", "x", "y", "desc"}.String())
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, s string) {
		for sort := range sorts {
			_, _, _ = parseCursor(s, Query{Sort: sort})
		}
	})
}

func BenchmarkList(b *testing.B) {
	c := open(b)
	for i := range 1000 {
		register(b, c, "", "input", fmt.Sprint(i), "a", "b")
	}
	for b.Loop() {
		if _, err := c.List(b.Context(), "", Query{Sort: "created_at", Limit: 20, All: []string{"a"}}); err != nil {
			b.Fatal(err)
		}
	}
}
