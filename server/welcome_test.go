package server

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWelcome(t *testing.T) {
	s := whole(t, func(c *Config) {
		c.MultiUser = true
		c.Welcome = map[string][]byte{"user.css": []byte("theirs"), "workflows/Demo.json": []byte("{}"), "subgraphs/": nil}
		c.Example = []byte("picture")
	})
	_, id := s.ask(t, "POST", "/users", `{"username":"Ada"}`)
	ada := strings.Trim(id, `"`)
	list := func(user string) (int, string) {
		res, body := s.ask(t, "GET", "/userdata?dir=workflows&recurse=true", "", "comfy-user", user)
		return res.StatusCode, body
	}
	if code, body := list(ada); code != http.StatusOK || body != `["Demo.json"]` {
		t.Errorf("a new user finds %d %s", code, body)
	}
	if res, body := s.ask(t, "GET", "/userdata?dir=subgraphs", "", "comfy-user", ada); res.StatusCode != http.StatusOK || body != "[]" {
		t.Errorf("the folder: %d %s", res.StatusCode, body)
	}
	if b, err := os.ReadFile(filepath.Join(s.base, "input", "example.png")); string(b) != "picture" {
		t.Errorf("the example is %q, %v", b, err)
	}
	if code, _ := list("nobody"); code == http.StatusOK {
		t.Error("an unknown user was welcomed")
	}
	if _, err := os.Stat(filepath.Join(s.base, "user", "nobody")); err == nil {
		t.Error("an unknown user has a folder")
	}

	// What a user deleted or changed stays so after the next start.
	at := func(name string) string { return filepath.Join(s.base, "user", ada, filepath.FromSlash(name)) }
	if err := os.Remove(at("workflows/Demo.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at("user.css"), []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.greetings.all = nil
	if _, body := list(ada); body != "[]" {
		t.Errorf("a deleted file came back: %s", body)
	}
	if b, _ := os.ReadFile(at("user.css")); string(b) != "mine" {
		t.Errorf("a file of the user became %q", b)
	}
}
