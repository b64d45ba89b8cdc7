package server

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"github.com/cocoonhq/cocoon/engine/node"
	"github.com/cocoonhq/cocoon/internal/tenant"
	"github.com/cocoonhq/cocoon/internal/testpack"
)

// filesNode lists the files of the tenant that ctx acts for.
func filesNode(files map[tenant.ID][]string) node.Node {
	type in struct{ Name string }
	return node.Def[in, struct{}]{
		ID: "Files", OutputNode: true,
		Ports: func(p *node.Ports, in *in, _ *struct{}) {
			node.Files(p, "name", &in.Name, func(ctx context.Context) []string { return files[tenant.Of(ctx)] })
		},
		Do: func(context.Context, in) (struct{}, error) { return struct{}{}, nil },
	}.Node()
}

func TestClassesOfTenants(t *testing.T) {
	files := map[tenant.ID][]string{"a": {"of-a.png"}, "b": {"of-b.png"}, "c": {"of-a.png"}}
	reg, err := node.NewRegistry(append(testpack.Fill(20), filesNode(files))...)
	if err != nil {
		t.Fatal(err)
	}
	var c classes
	of := func(id tenant.ID) *classView { return c.of(tenant.With(t.Context(), id), reg) }
	a, b := of("a"), of("b")
	if !bytes.Contains(a.text, []byte("of-a.png")) || bytes.Contains(a.text, []byte("of-b.png")) || a.tag == b.tag {
		t.Error("tenants see the same files")
	}
	if want := node.ObjectInfo(tenant.With(t.Context(), "b"), reg); !bytes.Equal(b.text, want) {
		t.Errorf("got %s\nwant %s", b.text, want)
	}
	if of("a") != a || of("b") != b {
		t.Error("tenants take each other's place")
	}
	if third := of("c"); third.tag != a.tag || third.parts[0] != b.parts[0] {
		t.Error("what is alike is not shared")
	}
	files["a"] = []string{"new.png"}
	if now := of("a"); now == a || !bytes.Contains(now.text, []byte("new.png")) || of("b") != b {
		t.Error("a new file does not show, or with others too")
	}
	reg.Remove("GoldenFill3")
	if now := of("b"); bytes.Contains(now.text, []byte(`"GoldenFill3"`)) || !bytes.Equal(now.text, node.ObjectInfo(tenant.With(t.Context(), "b"), reg)) {
		t.Error("a class that went is still there")
	}
	for i := range 3 * maxTenants {
		of(tenant.ID(string(rune('A' + i))))
	}
	if len(c.tenants.all) > maxTenants {
		t.Errorf("%d tenants are kept, want up to %d", len(c.tenants.all), maxTenants)
	}
}

func TestObjectInfoPacked(t *testing.T) {
	s := whole(t, func(c *Config) { c.Compress = true })
	for _, row := range []struct{ offer, want string }{{"gzip", "gzip"}, {"gzip, deflate", "deflate"}, {"identity", ""}} {
		for range 2 {
			res, body := s.ask(t, "GET", "/object_info", "", "Accept-Encoding", row.offer)
			if got := res.Header.Get("Content-Encoding"); got != row.want || res.StatusCode != http.StatusOK {
				t.Errorf("%s: coding %q, status %d", row.offer, got, res.StatusCode)
			}
			if plain := node.ObjectInfo(t.Context(), s.c.Registry); row.want != "" && len(body) >= len(plain) {
				t.Errorf("%s: %d bytes, want less than %d", row.offer, len(body), len(plain))
			}
		}
	}
}

func BenchmarkClasses(b *testing.B) {
	reg, err := node.NewRegistry(testpack.Fill(600)...)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("first", func(b *testing.B) {
		for b.Loop() {
			var c classes
			c.of(b.Context(), reg)
		}
	})
	b.Run("again", func(b *testing.B) {
		var c classes
		for b.Loop() {
			c.of(b.Context(), reg)
		}
	})
}
