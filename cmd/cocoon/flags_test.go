package main

import (
	"path/filepath"
	"testing"
)

// Folders are absolute, however the flags name them: clients and the catalogue of assets are told of them.
func TestFoldersAreAbsolute(t *testing.T) {
	t.Chdir(t.TempDir())
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	o := &options{base: "data", output: "../out", temp: ".", previewMethod: "auto"}
	if err := o.check(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, got, want string }{
		{"base", o.base, filepath.Join(here, "data")},
		{"models", o.models, filepath.Join(here, "data", "models")},
		{"input", o.input, filepath.Join(here, "data", "input")},
		{"output", o.output, filepath.Join(filepath.Dir(here), "out")},
		{"temp", o.temp, filepath.Join(here, "temp")},
	} {
		if row.got != row.want {
			t.Errorf("%s is %q, want %q", row.name, row.got, row.want)
		}
	}
}
