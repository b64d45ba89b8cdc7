package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// language is how extensions are written in one language.
type language struct {
	name  string
	short string // in the examples' names: ExampleGlowC, example.glow-c
	// sdk are folders and files of the SDK, and where a project has them.
	sdk map[string]string
	// local turns what an example says of the SDK's place into what a project says.
	local [][2]string
	// readme is where the SDK's own README lies in a project.
	readme string
	// mark is the file that tells the language of a project.
	mark string
	// next is what there is to do between new and build, if anything.
	next  string
	build func(b *builder) error
}

func languages() []language {
	return []language{
		{name: "c", short: "C", sdk: map[string]string{"c/cocoon.h": "cocoon.h", "c/README.md": "cocoon.md"}, readme: "cocoon.md", mark: "*.c", build: buildC},
		{name: "rust", short: "Rust", sdk: map[string]string{"rust": "cocoon-guest"}, readme: "cocoon-guest/README.md", local: [][2]string{{`"../../../rust"`, `"cocoon-guest"`}},
			mark: "Cargo.toml", build: buildRust},
		{name: "as", short: "AS", sdk: map[string]string{"as": "cocoon"}, readme: "cocoon/README.md", local: [][2]string{{"abort=../../../as/", "abort=cocoon/"}, {"../../../as/", "./cocoon/"}},
			mark: "asconfig.json", next: "npm install", build: buildAS},
		{name: "go", short: "Go", sdk: map[string]string{"guest": "cocoon/guest", "abi": "cocoon/abi"}, readme: "cocoon/guest/README.md", mark: "*.go", build: buildGo},
	}
}

func languageNames() string {
	var names []string
	for _, l := range languages() {
		names = append(names, l.name)
	}
	return strings.Join(names, ", ")
}

// languageOf tells a project's language from its files.
func languageOf(dir string) (language, error) {
	if _, err := os.Stat(dir); err != nil {
		return language{}, err
	}
	for _, l := range languages() {
		if found, _ := filepath.Glob(filepath.Join(dir, l.mark)); len(found) > 0 {
			return l, nil
		}
	}
	return language{}, fmt.Errorf("%s is no extension: it has no Cargo.toml, asconfig.json, .c or .go file; cocoon ext new makes one", dir)
}
