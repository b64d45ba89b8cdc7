package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cocoonhq/cocoon/server"
	v2 "github.com/cocoonhq/cocoon/server/v2"
)

// A second server on the same folders ends before it touches anything, and says what to do.
func TestSecondServer(t *testing.T) {
	o := &options{base: t.TempDir(), previewMethod: "none", previewSize: 512, verbose: "CRITICAL"}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	if err := ensureDir(o.user); err != nil {
		t.Fatal(err)
	}
	none := buses{server.NewHub(), v2.NewFeed()}
	database := filepath.Join(o.user, "cocoon.db")
	first, err := newApp(t.Context(), o, none, database)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(o.temp, "kept.png")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newApp(t.Context(), o, none, database); err == nil || !strings.Contains(err.Error(), "stop it, or choose another folder by --base-directory") {
		t.Error(err)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("what the first server made is gone: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := newApp(t.Context(), o, none, database)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
